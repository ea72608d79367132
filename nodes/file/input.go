package file

import (
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"
)

// input is one file that is read.
type input struct {
	slot int // in the position
	name string
	id   identity
	head head
	how  compression

	at     int64 // just behind the last whole line that was handed on
	read   int64 // just behind the last byte that was read: at, or further while the end of a line is missing
	size   int64 // when last looked at
	end    int64 // where this visit ends; -1: at the end of the file
	packed int64 // as in mark
	last   bool  // this visit is the last one: what comes behind the last end of line is a line

	files  *opener
	file   readable  // nil: closed
	unpack io.Reader // of a compressed file, while it is visited
	closes func()    // of unpack
	raw    int64     // bytes of a compressed file that were read in this visit
	count  *atomic.Uint64

	round int       // of the look that found it last
	gone  time.Time // since when no name leads to it, or it last grew after that; zero: it has its name
}

func (o *opener) input(slot int, f found, how compression) *input {
	return &input{files: o, slot: slot, name: f.path, id: identify(f.info), how: how, size: f.info.Size(), end: -1}
}

// mark is how far the file was read.
func (in *input) mark() *mark {
	return &mark{name: in.name, id: in.id, head: in.head, at: in.at, packed: in.packed}
}

// open opens the file unless it is open. False: the name leads to another file by now.
func (in *input) open() (same bool, err error) {
	if in.file != nil {
		return true, nil
	}
	f, err := in.files.openAgain(in.name)
	if err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		f.Close()
		return false, err
	}
	if identify(info) != in.id {
		f.Close()
		return false, nil
	}
	in.file = &patientFile{f, in.name, in.files}
	return true, nil
}

// begin prepares a visit that starts at at, and counts what is read from the file.
func (in *input) begin(count *atomic.Uint64) error {
	in.count = count
	in.read = in.at
	if in.how == plain {
		return nil
	}
	limit := in.end
	if limit < 0 {
		limit = math.MaxInt64
	}
	in.raw = 0
	var err error
	if in.unpack, in.closes, err = in.how.reader(&packedReader{io.NewSectionReader(in.file, 0, limit), in}); err != nil {
		in.unpack, in.closes = nil, nil
		return err
	}
	if n, err := io.CopyN(io.Discard, in.unpack, in.at); err != nil {
		if err == io.EOF {
			return fmt.Errorf("the last run read up to byte %d of what it holds, but that has only %d: it was replaced or cut", in.at, n)
		}
		return err
	}
	return nil
}

// top lends what the file begins with to read, up to where the visit goes on.
func (in *input) top(read func(io.Reader) error) error {
	raw := io.NewSectionReader(in.file, 0, math.MaxInt64)
	if in.how == plain {
		return read(io.LimitReader(raw, in.at))
	}
	unpack, closes, err := in.how.reader(raw)
	if err != nil {
		return err
	}
	err = read(io.LimitReader(unpack, in.at))
	if closes != nil {
		closes()
	}
	return err
}

// left is about how many bytes of the file are still to be read in this visit.
func (in *input) left() int64 {
	end := in.size
	if in.end >= 0 {
		end = in.end
	}
	if in.how != plain {
		return end - in.raw
	}
	return end - in.read
}

// more reads the next bytes of the visit; io.EOF is its end.
func (in *input) more(p []byte) (int, error) {
	var n int
	var err error
	if in.how == plain {
		if in.end >= 0 {
			p = p[:min(int64(len(p)), max(in.end-in.read, 0))]
		}
		if len(p) == 0 {
			return 0, io.EOF
		}
		n, err = in.file.ReadAt(p, in.read)
		in.count.Add(uint64(n))
	} else {
		n, err = in.unpack.Read(p)
		for n == 0 && err == nil {
			n, err = in.unpack.Read(p)
		}
	}
	in.read += int64(n)
	if n > 0 {
		return n, nil // an error comes again
	}
	return 0, err
}

// close closes the file and what unpacks it.
func (in *input) close() {
	if in.closes != nil {
		in.closes()
		in.unpack, in.closes = nil, nil
	}
	if in.file != nil {
		in.file.Close()
		in.file = nil
	}
}

// packedReader reads the bytes of a compressed file, and counts them.
type packedReader struct {
	r  io.Reader
	in *input
}

func (r *packedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.in.raw += int64(n)
	r.in.count.Add(uint64(n))
	return n, err
}
