package stage

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/durable"
)

const extension = ".rows"

// Dir is the directory in which the rows of one sink wait. It may be used by one goroutine that writes and one that reads.
type Dir struct {
	fs   vfs.FS
	path string
	mem  memory.Allocator
	next uint64 // number of the next piece
}

// Open makes the directory, where it is not there yet, and those above it.
func Open(fs vfs.FS, path string, mem memory.Allocator) (*Dir, error) {
	d := &Dir{fs: fs, path: path, mem: mem}
	if err := durable.MakeDir(fs, path); err != nil {
		return nil, err
	}
	names, err := fs.List(path)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if n, ok := number(name); ok {
			d.next = max(d.next, n+1)
		}
	}
	return d, nil
}

// Keep removes every piece but those: what a run that died had not finished.
func (d *Dir) Keep(pieces ...Piece) error {
	names, err := d.fs.List(d.path)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, p := range pieces {
		keep[p.Name] = true
	}
	var all error
	for _, name := range names {
		if _, ok := number(name); ok && !keep[name] {
			all = errors.Join(all, d.fs.Remove(d.file(name)))
		}
	}
	return all
}

// Remove takes away a piece whose commit has been carried out. One that is gone already is none to it. That need not be durable: a
// piece that comes back after a crash is removed by Keep.
func (d *Dir) Remove(p Piece) error {
	if p.Name == "" {
		return nil
	}
	if err := d.fs.Remove(d.file(p.Name)); err != nil && !isGone(err) {
		return err
	}
	return nil
}

func (d *Dir) file(name string) string { return d.fs.PathJoin(d.path, name) }

// number is that of the piece which has this name.
func number(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(filepath.Base(name), extension)
	if !ok || len(digits) != 20 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return n, err == nil
}

func nameOf(n uint64) string { return fmt.Sprintf("%020d%s", n, extension) }
