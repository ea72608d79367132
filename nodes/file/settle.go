package file

import (
	"fmt"
	"path/filepath"
)

// nameDurably makes durable what has changed of the names in the directory, beside what is done until the function that it gives is
// called, which waits for it.
func (s *sink) nameDurably() (wait func() error) {
	if !s.saved || !s.fresh && len(s.showing) == 0 && len(s.settling) == 0 {
		return func() error { return nil }
	}
	synced := make(chan error, 1)
	sync := func() { synced <- s.disk.syncDir(s.dir()) }
	if s.beside == nil {
		sync()
	} else {
		s.beside(sync)
	}
	return func() error {
		err := <-synced
		if err == nil {
			s.fresh = false
			s.forgetStages(s.dir(), s.showing)
			s.showing = nil
		}
		return err
	}
}

// settle makes the names of files that now show durable, and removes what was only needed before. Where more commits follow it does not
// wait for that: until it is so the last token names these files, or the next one, for which their names are durable first.
func (s *sink) settle(dir string, names ...string) error {
	if s.saved && s.opened && s.over == goesOn {
		s.showing = append(s.showing, names...)
		if !s.settles && s.beside != nil {
			s.settles = true
			s.beside(s.settleShowing)
		}
		return nil
	}
	if err := s.disk.syncDir(dir); err != nil {
		return notShown(dir, names, err)
	}
	s.forgetStages(dir, names)
	return nil
}

// settleShowing settles what shows, while the sink goes on.
func (s *sink) settleShowing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.settles, s.settling = false, nil }()
	for len(s.showing) > 0 && s.failed == nil {
		s.settling, s.showing = s.showing, nil
		s.mu.Unlock()
		err := s.disk.syncDir(s.dir())
		s.mu.Lock()
		if err != nil {
			s.failed = notShown(s.dir(), s.settling, err)
			s.rt.Log().Error(s.failed.Error())
			return
		}
		s.forgetStages(s.dir(), s.settling)
	}
}

// forgetStages removes the stages of files that show. Most have none, and one that stays is removed by the next run.
func (s *sink) forgetStages(dir string, names []string) {
	for _, name := range names {
		_ = s.disk.remove(staged(filepath.Join(dir, name)))
	}
}

func notShown(dir string, names []string, err error) error {
	return fmt.Errorf("show %s: %w", filepath.Join(dir, names[len(names)-1]), cause(err))
}
