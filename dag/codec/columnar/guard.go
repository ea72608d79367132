package columnar

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Damage says that a file is not what its format asks for.
type Damage struct{ Why string }

func (d *Damage) Error() string { return "it is damaged, or no " + d.Why }

func damaged(format, what string, args ...any) error {
	return &Damage{format + " file: " + fmt.Sprintf(what, args...)}
}

// guard calls f, which may hand bytes of a file to a library that panics where they are wrong. Errors of the system stay as
// they are; all others blame the file.
func guard(format string, f func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
			err = blame(format, err)
		case error:
			err = blame(format, r)
		default:
			err = damaged(format, "%v", r)
		}
	}()
	return f()
}

func blame(format string, err error) error {
	var path *fs.PathError
	var d *Damage
	var p *Problem
	if err == nil || err == io.EOF || errors.As(err, &path) || errors.As(err, &d) || errors.As(err, &p) {
		return err
	}
	return damaged(format, "%v", err)
}

// maxAllocation is the largest buffer that a file may ask for. A column of texts in a batch cannot hold more.
const maxAllocation = 1 << 31

// bounded is an allocator that panics, to be caught by guard, where damaged bytes ask for an absurd amount of memory.
type bounded struct{ memory.Allocator }

func (b bounded) Allocate(size int) []byte {
	b.check(size)
	return b.Allocator.Allocate(size)
}

func (b bounded) Reallocate(size int, p []byte) []byte {
	b.check(size)
	return b.Allocator.Reallocate(size, p)
}

func (bounded) check(size int) {
	if size < 0 || size > maxAllocation {
		panic(fmt.Sprintf("a buffer of %d bytes is asked for", size))
	}
}
