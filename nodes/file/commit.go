package file

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"flowrun/dag/op"
)

// End makes the next Prepare the last: it finishes what is open. One file it finishes only where all of its input came; after
// a stop a later run goes on with it.
func (s *sink) End(_ context.Context, whole bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over = stopped; whole {
		s.over = complete
	}
	return nil
}

// Prepare makes all rows durable. In a run with a checkpoint the open file stays open, so that there is not one for each commit.
func (s *sink) Prepare(context.Context, op.Emitter) (op.Prepared, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return nil, s.failed
	}
	if !s.saved && s.part == nil {
		return nil, nil
	}
	defer s.waits()()
	t, err := s.prepare()
	if err != nil {
		s.failed = err
		return nil, err
	}
	s.prepared = t
	return t.encode(), nil
}

func (s *sink) prepare() (*token, error) {
	if s.part != nil { // first: a write beside a sync of names would wait for that
		if err := s.part.flush(); err != nil {
			return nil, failed(s.part.path, err)
		}
	}
	named := s.nameDurably()
	t, err := s.cut()
	if e := named(); err == nil && e != nil {
		err = failed(s.path, e)
	}
	if err != nil {
		return nil, err
	}
	s.id, s.done = t.id, nil
	return t, nil
}

// cut makes the rows durable that were written, and gives the token for them.
func (s *sink) cut() (*token, error) {
	t := &token{id: s.id.following(), dir: s.dir(), format: s.format, shape: s.shape, single: s.single, next: s.next}
	last := !s.saved || s.over == complete || s.over == stopped && !s.single
	switch {
	case s.part != nil && last:
		if err := s.finish(); err != nil {
			return nil, err
		}
	case s.part != nil:
		if err := s.part.cut(); err != nil {
			return nil, err
		}
		t.open, t.staged, t.begun = s.part.kept(), s.part.stage != nil, s.part.begun
	case s.single && s.last != nil:
		t.open, t.over = s.last.open, true
	}
	if s.single && len(s.done) > 0 {
		t.open, t.over = s.done[0].extent, true
	} else {
		for _, d := range s.done {
			t.done = append(t.done, d.extent)
		}
	}
	return t, nil
}

func (s *sink) Commit(_ context.Context, p op.Prepared) error {
	if p == nil {
		return nil
	}
	t, err := parseToken(p)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if again := s.last != nil && s.last.over && t.over && s.last.open == t.open; !again {
		err = s.carryOut(t) // a file that was completed before stays as it is
	}
	if err == nil && s.prepared != nil && s.prepared.id == t.id {
		s.last, s.prepared = t, nil
		err = s.showCovered()
	}
	if err != nil {
		s.failed = err
	}
	return err
}

// carryOut shows what a commit names. Done twice it does nothing.
func (s *sink) carryOut(t *token) error {
	names := t.shown()
	if len(names) == 0 {
		return nil
	}
	again := t.id == s.noted.id
	if s.saved && !t.single && !again {
		if err := s.writeNote(t.dir, note{id: t.id}); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := s.show(t.dir, name, again); err != nil {
			return err
		}
	}
	return s.settle(t.dir, names...)
}

// shown are the names of the files that show with the commit.
func (t *token) shown() []string {
	var names []string
	for _, d := range t.done {
		names = append(names, d.name)
	}
	if t.over {
		names = append(names, t.open.name)
	}
	return names
}

// show gives a durable file its name. taken: it may have been shown before, and taken away since.
func (s *sink) show(dir, name string, taken bool) error {
	path := filepath.Join(dir, name)
	err := s.disk.rename(hidden(path), path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, there := s.disk.size(path); there == nil || taken {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("show %s, which was written to %s: %w", path, hidden(path), cause(err))
	}
	return nil
}

// showCovered shows a part that was finished with no row more than the last commit knew of it: those are committed, and for
// rows that come no more there would be no other commit to wait for.
func (s *sink) showCovered() error {
	if s.single || s.prepared != nil || s.last == nil || len(s.done) == 0 {
		return nil
	}
	d := s.done[0]
	if !d.covered || d.name != s.last.open.name {
		return nil
	}
	if err := s.nameDurably()(); err != nil {
		return failed(s.path, err)
	}
	if err := s.writeNote(s.path, note{id: s.last.id, closed: d.extent}); err != nil {
		return err
	}
	if err := s.show(s.path, d.name, false); err != nil {
		return err
	}
	s.done, s.last.open = s.done[1:], extent{}
	return s.settle(s.path, d.name)
}

var errAborted = errors.New("the commit was given up")

// Abort forgets a token. In a run with a checkpoint the one before it may name the same files, so that they stay; the next run
// begins there, and removes what it does not need.
func (s *sink) Abort(_ context.Context, p op.Prepared) error {
	if p == nil {
		return nil
	}
	t, err := parseToken(p)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved {
		s.failed = failed(s.path, errAborted)
		return nil
	}
	for _, name := range t.shown() {
		path := filepath.Join(t.dir, name)
		if err := ignoreMissing(s.disk.remove(hidden(path))); err != nil {
			return fmt.Errorf("remove the unfinished %s: %w", path, reason(err))
		}
	}
	return nil
}

func newCommitID() (id commitID) {
	rand.Read(id[:8])
	return id
}

// following is the id of the next commit of the same run.
func (id commitID) following() commitID {
	binary.BigEndian.PutUint64(id[8:], binary.BigEndian.Uint64(id[8:])+1)
	return id
}
