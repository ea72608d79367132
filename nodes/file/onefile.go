package file

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"flowrun/dag/codec"
)

// openFile begins the one file, or goes on with what an earlier run left of it.
func (s *sink) openFile(tokens []*token) (err error) {
	var t *token
	for _, t = range tokens {
		if t.single && filepath.Join(t.dir, t.open.name) == s.path {
			continue
		}
		if err := s.nothingLeft(t); err != nil {
			return err
		}
		t = nil
	}
	if s.lock, err = s.disk.lockFile(hidden(s.path)); err != nil {
		return err
	}
	s.fresh = true // what locked it may have made it
	if s.last = t; t == nil {
		// Begun at once, so that what stands in the way is found before the first row; a leftover is written over.
		s.part, err = s.create(s.path)
		return err
	}
	if t.over {
		return s.finishEarlier(t)
	}
	if t.shape != s.shape {
		return s.otherShape()
	}
	if n, _ := s.disk.size(t.file()); n == 0 && t.open.size > 0 {
		return lost(fmt.Errorf("%s is missing, or empty", t.file()))
	}
	return s.resume(t)
}

func (s *sink) otherShape() error {
	return fmt.Errorf("an earlier run of this checkpoint began it with other columns, format or compression: write to another path, or start anew with --fresh")
}

// finishEarlier shows the file that an earlier run completed, if it does not show yet.
func (s *sink) finishEarlier(t *token) error {
	left, err := s.disk.size(hidden(s.path))
	if err != nil {
		return err
	}
	_, err = s.disk.size(s.path)
	switch {
	case left == 0 && t.open.size > 0, left == 0 && err == nil:
		_ = s.disk.remove(staged(s.path)) // not needed since it showed
		return nil                        // the empty one is the lock
	case s.verify(s.path, t.open, true) == nil:
		_ = s.disk.remove(staged(s.path))
		return nil // it showed; a run that went on with it left what it did not commit
	}
	if err := s.verify(hidden(s.path), t.open, true); err != nil {
		return err
	}
	if err := s.carryOut(t); err != nil {
		return err
	}
	// With the name the lock went to what shows now.
	s.lock.Close()
	s.lock, err = s.disk.lockFile(hidden(s.path))
	return err
}

// goOnBehindTheEnd begins with a copy of the file that an earlier run completed: its input has become more since. What shows stays
// until the copy with the new rows takes its place.
func (s *sink) goOnBehindTheEnd() error {
	t := s.last
	if t == nil || !t.over || s.over != goesOn {
		return fmt.Errorf("write %s: rows came after its end", s.path)
	}
	if t.shape != s.shape {
		return failed(s.path, s.otherShape())
	}
	if s.stages() {
		return failed(s.path, fmt.Errorf("an earlier run of this checkpoint completed it, and a file of %s cannot be gone on with: "+
			"write to a directory of parts, or start anew with --fresh", s.format))
	}
	p, err := s.create(s.path)
	if err != nil {
		return err
	}
	s.part = p
	err = s.verify(s.path, t.open, true)
	if missing(err) {
		s.rt.Log().Info(s.path + ", which an earlier run completed, is not there any more: it begins anew")
		return nil
	}
	if err != nil {
		return failed(s.path, fmt.Errorf("an earlier run of this checkpoint completed it, and it was changed since: move it away to begin anew (%w)", errors.Unwrap(err)))
	}
	return s.copyShown(p)
}

func (s *sink) copyShown(p *part) error {
	from, err := s.disk.open(s.path)
	if err != nil {
		return failed(s.path, err)
	}
	defer from.Close()
	n, err := io.Copy(p.file.out, from)
	if err != nil {
		return failed(s.path, err)
	}
	if e, ok := s.enc.(codec.Starter); ok && n > 0 {
		e.Resume()
	}
	return nil
}

// dropLockFile removes the file that was made to be locked, where nothing was written to it.
func (s *sink) dropLockFile() {
	if n, err := s.disk.size(hidden(s.path)); err == nil && n == 0 && s.part == nil {
		_ = s.disk.remove(hidden(s.path))
	}
}
