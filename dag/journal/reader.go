package journal

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Record is what was appended.
type Record struct {
	Seq     uint64
	Arrived time.Time
	Payload []byte // good until the next call of Next
}

// Reader reads records in order. It is used by one goroutine.
type Reader struct {
	j        *Journal
	segments []segment // those that are not read yet, the current one first
	next     uint64    // number of the next record
	last     uint64
	file     vfs.File // of the current segment; nil: not opened
	in       scanner
}

// Read returns a reader of the records behind the one numbered after, up to the last one that is durable now. The error is
// [ErrGone] where some of them are not there any more. What is read must not be trimmed meanwhile.
func (j *Journal) Read(after uint64) (*Reader, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := &Reader{j: j, next: after + 1, last: j.durable}
	if after == j.durable {
		return r, nil
	}
	if after > j.durable || len(j.segments) == 0 || j.segments[0].first > r.next {
		return nil, ErrGone
	}
	from := 0
	for from+1 < len(j.segments) && j.segments[from+1].first <= r.next {
		from++
	}
	r.segments = slices.Clone(j.segments[from:])
	for _, s := range r.segments {
		if s.wrong != nil {
			return nil, s.wrong
		}
	}
	return r, nil
}

// Metas gives the meta data of the segments that the reader reads, once each where the same follows itself.
func (r *Reader) Metas() [][]byte {
	var metas [][]byte
	for i, s := range r.segments {
		if s.first > r.last {
			break
		}
		if i == 0 || !slices.Equal(s.meta, metas[len(metas)-1]) {
			metas = append(metas, s.meta)
		}
	}
	return metas
}

// Left is how many records are still to be read.
func (r *Reader) Left() uint64 { return r.last + 1 - r.next }

// Next returns the next record, at the end io.EOF.
func (r *Reader) Next() (Record, error) {
	for r.next <= r.last {
		for len(r.segments) > 1 && r.segments[1].first <= r.next {
			r.leave()
			r.segments = r.segments[1:]
		}
		s := &r.segments[0]
		if r.file == nil {
			if err := r.enter(s); err != nil {
				return Record{}, err
			}
		}
		f, ok, err := r.in.next()
		switch {
		case err != nil:
			return Record{}, err
		case !ok:
			return Record{}, r.damaged("record %d is not whole", r.next)
		case f.seq < r.next:
			continue // on the way to the first one
		case f.seq > r.next:
			return Record{}, r.damaged("record %d is missing", r.next)
		}
		r.next++
		return Record{Seq: f.seq, Arrived: f.time(), Payload: f.payload}, nil
	}
	return Record{}, io.EOF
}

func (r *Reader) damaged(format string, seq uint64) error {
	return &Error{File: r.j.path(r.segments[0].first), Offset: r.in.at, Problem: fmt.Sprintf(format, seq)}
}

func (r *Reader) enter(s *segment) error {
	f, err := r.j.fs.Open(r.j.path(s.first))
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return err
	}
	r.file = f
	r.in = scanner{file: f, size: info.Size(), at: s.start, seed: seed(s.first), buf: r.in.buf[:0]}
	return nil
}

func (r *Reader) leave() {
	if r.file != nil {
		_ = r.file.Close()
		r.file = nil
	}
}

// Close gives back what the reader holds.
func (r *Reader) Close() { r.leave() }
