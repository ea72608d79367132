package file

import (
	"errors"
	"fmt"
	"io"

	"path/filepath"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
)

// file is where the rows are that the token's open file has: in it, or in its stage.
func (t *token) file() string {
	path := filepath.Join(t.dir, t.open.name)
	if t.staged {
		return staged(path)
	}
	return hidden(path)
}

// resume goes on with the file that was open at the last commit, behind the last row that was committed.
func (s *sink) resume(t *token) error {
	if err := s.verify(t.file(), t.open, false); err != nil {
		return lost(err)
	}
	path := filepath.Join(t.dir, t.open.name)
	var err error
	if t.staged {
		err = s.remake(t, path)
	} else {
		err = s.extend(t, path)
	}
	if s.part != nil {
		s.part.begun, s.part.dirty = t.begun, false
	}
	return err
}

// extend opens the file itself.
func (s *sink) extend(t *token, path string) error {
	f, err := s.disk.extend(hidden(path), t.open.size)
	if err != nil {
		return failed(path, err)
	}
	s.part = newPart(path, s.how, f, t.open.size, t.open.sum)
	if t.shape != s.shape {
		s.enc = nothing{} // rows of another kind are not put behind these
		return nil
	}
	s.enc = s.encoder()
	if e, ok := s.enc.(codec.Starter); ok && t.open.size > 0 {
		e.Resume()
	}
	return nil
}

// nothing is the encoder of a file to which nothing is added.
type nothing struct{}

func (nothing) Append(dst []byte, _ *batch.Batch) ([]byte, []batch.Failure) { return dst, nil }

// remake makes the file anew from its stage.
func (s *sink) remake(t *token, path string) error {
	f, err := s.disk.create(hidden(path))
	if err != nil {
		return failed(path, err)
	}
	s.fresh = true
	s.part = newPart(path, plain, f, 0, 0)
	if s.enc = nil; t.shape == s.shape {
		s.enc = s.encoder()
	}
	err = s.replay(t.file(), t.open.size, func(b *batch.Batch) error {
		if s.enc == nil {
			s.enc = encoderOf(t.format, nil, b.Schema()) // the settings are others now; the rows say what they are
		}
		text, _ := s.enc.Append(s.buf[:0], b)
		s.buf = text
		return s.part.write(text)
	})
	if err != nil {
		return err
	}
	rows, err := s.disk.extend(t.file(), t.open.size)
	if err != nil {
		return failed(path, err)
	}
	s.part.stage = s.stageOn(rows, t.open.size, t.open.sum)
	return nil
}

// verify reads a hidden file and holds it against what a token says of it: of the whole file, or of how it begins.
func (s *sink) verify(path string, want extent, whole bool) error {
	f, err := s.disk.open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, reason(err))
	}
	defer f.Close()
	size, sum, err := checksum(f, want.size)
	if err == nil && size == want.size && whole {
		var more int64
		if more, err = io.Copy(io.Discard, io.LimitReader(f, 1)); more > 0 {
			return lost(fmt.Errorf("%s is longer than the %d bytes that were committed", path, want.size))
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, reason(err))
	case size < want.size:
		return lost(fmt.Errorf("%s has %d bytes of the %d that were committed", path, size, want.size))
	case sum != want.sum:
		return lost(fmt.Errorf("%s is damaged: the %d bytes that were committed have another checksum", path, want.size))
	}
	return nil
}

// lost is the error for a file without which rows are lost that were committed.
func lost(err error) error {
	if errors.As(err, new(lostError)) {
		return err
	}
	return lostError{err}
}

type lostError struct{ error }

func (e lostError) Error() string {
	return "committed rows that do not show yet are lost: " + e.error.Error() + "; bring the file back, or give them up and start anew with --fresh"
}

func (e lostError) Unwrap() error { return e.error }

// nothingLeft finds what a token of another place, from before the pipeline was changed, has not shown.
func (s *sink) nothingLeft(t *token) error {
	names := t.shown()
	if t.open.name != "" && !t.over {
		names = append(names, t.open.name)
	}
	for _, name := range names {
		path := filepath.Join(t.dir, name)
		for _, file := range []string{hidden(path), staged(path)} {
			if n, err := s.disk.size(file); err == nil && n > 0 {
				return fmt.Errorf("committed rows wait to be shown as %s, in %s, where the sink wrote before its path was changed: "+
					"run it once more with the old path, or give them up and start anew with --fresh", path, file)
			}
		}
	}
	return nil
}

// missing reports whether an error says that a file is not there.
func missing(err error) bool { return err != nil && ignoreMissing(err) == nil }
