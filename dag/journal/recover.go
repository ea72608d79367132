package journal

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// recover finds the segments, and the end of the last one.
func (j *Journal) recover() error {
	names, err := j.fs.List(j.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if first, ok := parseName(name); ok {
			j.segments = append(j.segments, segment{first: first})
		}
	}
	slices.SortFunc(j.segments, func(a, b segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	for i := range j.segments {
		if err := j.header(&j.segments[i]); err != nil {
			return err
		}
	}
	if err := j.findEnd(); err != nil {
		return err
	}
	if len(j.segments) > 0 { // what stood before was trimmed
		j.trimmed = max(j.trimmed, j.segments[0].first-1)
	}
	for i, s := range j.segments {
		needed := i == len(j.segments)-1 || j.segments[i+1].first > j.trimmed+1
		if needed && s.wrong != nil {
			return s.wrong
		}
		j.bytes += s.size
	}
	return nil
}

// header reads what a segment begins with.
func (j *Journal) header(s *segment) error {
	return j.with(s.first, func(f vfs.File, size int64) error {
		s.size = size
		head, err := readAll(f, 0, min(size, headerSize))
		if err != nil {
			return err
		}
		if n := headerLength(head); n > 0 {
			if head, err = readAll(f, 0, min(size, int64(n))); err != nil {
				return err
			}
		}
		meta, trimmed, problem := parseHeader(head, s.first)
		if problem != "" {
			s.wrong = &Error{File: j.path(s.first), Problem: problem}
			return nil
		}
		s.meta, s.start = meta, int64(len(head))
		j.trimmed = max(j.trimmed, trimmed)
		return nil
	})
}

// findEnd looks for the last whole record.
func (j *Journal) findEnd() error {
	if len(j.segments) == 0 {
		return nil
	}
	s := &j.segments[len(j.segments)-1]
	if s.wrong != nil {
		return s.wrong
	}
	return j.lastSegment(s)
}

func (j *Journal) lastSegment(s *segment) error {
	j.durable = s.first - 1
	err := j.with(s.first, func(f vfs.File, size int64) error {
		in := scanner{file: f, size: size, at: s.start, seed: seed(s.first)}
		at := s.start
		for {
			rec, ok, err := in.next()
			if err != nil {
				return err
			}
			if !ok || rec.seq != j.durable+1 {
				break
			}
			j.durable, j.trimmed = rec.seq, max(j.trimmed, rec.trimmed)
			at = in.at
		}
		return j.tail(f, s, at, size)
	})
	if err != nil {
		return err
	}
	j.last = j.durable
	return j.settle(s.first)
}

// tail judges what stands behind the last whole record, at an offset.
func (j *Journal) tail(f vfs.File, s *segment, at, size int64) error {
	if at == size {
		return nil
	}
	b, err := readAll(f, at, size)
	if err != nil {
		return err
	}
	if proof(b, seed(s.first), j.durable+1) {
		return &Error{File: j.path(s.first), Offset: at, Problem: fmt.Sprintf("record %d is not whole, and records behind it are", j.durable+1)}
	}
	j.torn = &Torn{File: j.path(s.first), Offset: at, Bytes: size - at}
	return nil
}

// settle makes durable what is read as such: a process that was killed may have written it and not synced.
func (j *Journal) settle(first uint64) error {
	f, err := j.fs.OpenReadWrite(j.path(first), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	err = f.Sync()
	return errors.Join(err, f.Close())
}

// with calls do with an open segment and its size.
func (j *Journal) with(first uint64, do func(f vfs.File, size int64) error) error {
	f, err := j.fs.Open(j.path(first))
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = do(f, info.Size())
	}
	return errors.Join(err, f.Close())
}

// isLocked tells a lock that somebody holds from one that cannot be taken.
func isLocked(err error) bool {
	var open *iofs.PathError // of the file, which may not be ours
	return !errors.As(err, &open) && (errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) || err.Error() == "lock held by current process")
}
