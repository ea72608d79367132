package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// partName is the name of a part without its ending. Eight digits keep parts in order for longer than a century of one every
// minute.
func partName(number int) string { return fmt.Sprintf("part-%08d", number) }

var (
	shownPart  = regexp.MustCompile(`^part-([0-9]{8,18})\.`)
	hiddenPart = regexp.MustCompile(`^\.part-[0-9]{8,18}\..*\` + hiddenEnding + `$`)
)

// openParts finishes what an earlier run committed, removes what it did not commit, and goes on where it was.
func (s *sink) openParts(tokens []*token) (err error) {
	if s.lock, err = s.disk.lockDir(s.path); err != nil {
		return err
	}
	s.noted = s.readNote()
	s.fresh = true // an earlier run may have ended before the names that it gave were durable
	var open *token
	for _, t := range tokens {
		if t.dir != s.path || t.single {
			if err := s.nothingLeft(t); err != nil {
				return err
			}
			continue
		}
		if err := s.finishCommit(t); err != nil {
			return err
		}
		if s.next = max(s.next, t.next); t.open.name != "" {
			open = t
		}
		s.last = t
	}
	if open != nil {
		closed, err := s.isClosed(open)
		if err != nil {
			return err
		}
		if closed {
			open.open, open = extent{}, nil
		}
	}
	if err := s.tidy(open); err != nil {
		return err
	}
	if open == nil {
		return nil
	}
	if err := s.resume(open); err != nil {
		return err
	}
	if open.shape != s.shape {
		// Rows of another kind are not put behind these.
		if err := s.finish(); err != nil {
			return err
		}
		return s.showCovered()
	}
	s.rollIn(max(0, s.every-s.rt.Now().Sub(open.begun)))
	return nil
}

// finishCommit shows what a token of an earlier run names and does not show yet.
func (s *sink) finishCommit(t *token) error {
	for _, d := range t.done {
		if err := s.verify(hidden(filepath.Join(t.dir, d.name)), d, true); ignoreMissing(err) != nil {
			return err
		}
	}
	err := s.carryOut(t)
	if errors.Is(err, fs.ErrNotExist) {
		err = lost(err)
	}
	return err
}

// isClosed reports whether the file that was open at the last commit was finished and shown since, and if need be shows it.
func (s *sink) isClosed(t *token) (bool, error) {
	path := filepath.Join(t.dir, t.open.name)
	if _, err := s.disk.size(path); err == nil {
		return true, nil
	}
	if s.noted.id != t.id || s.noted.closed.name != t.open.name {
		return false, nil
	}
	if err := s.verify(hidden(path), s.noted.closed, true); ignoreMissing(err) != nil {
		return false, err
	}
	if err := s.show(t.dir, t.open.name, true); err != nil {
		return false, err
	}
	return true, s.settle(t.dir, t.open.name)
}

// tidy removes what a crash left in the directory, which is locked, but not the open file of the last commit, and finds the number
// behind the last part.
func (s *sink) tidy(open *token) error {
	names, err := s.disk.list(s.path)
	if err != nil {
		return err
	}
	var keep [2]string
	if open != nil {
		keep = [2]string{filepath.Base(open.file()), filepath.Base(hidden(open.open.name))} // the second is made anew from the first
	}
	var removed []string
	for _, name := range names {
		if (name == newNote || hiddenPart.MatchString(name)) && !slices.Contains(keep[:], name) {
			if err := ignoreMissing(s.disk.remove(filepath.Join(s.path, name))); err != nil {
				return err
			}
			removed = append(removed, name)
		}
		if m := shownPart.FindStringSubmatch(name); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return err
			}
			s.next = max(s.next, n+1)
		}
	}
	switch len(removed) {
	case 0:
	case 1:
		s.rt.Log().Info("removed " + removed[0] + ", which an earlier run did not finish")
	default:
		s.rt.Log().Info(fmt.Sprintf("removed %s and %d more, which an earlier run did not finish", removed[0], len(removed)-1))
	}
	return nil
}
