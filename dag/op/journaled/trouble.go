package journaled

import (
	"errors"
	"fmt"
	"time"

	"flowrun/dag/journal"
)

// The time between two attempts to write.
const (
	firstWait   = 50 * time.Millisecond
	longestWait = 2 * time.Second
)

func (s *source) complain(err error) {
	s.waits, s.failing = true, true
	cause, text := "journal", "cannot write the journal: "+err.Error()
	if full := (*journal.FullError)(nil); errors.As(err, &full) {
		s.failing = false
		cause, text = "journal full", fmt.Sprintf("the journal is full (max_bytes is %d) and waits for a commit", full.Max)
		s.rt.CommitSoon()
	} else if journal.IsDiskFull(err) {
		cause, text = "disk full", "the disk of the journal is full"
	}
	s.rt.override(text)
	s.rt.WarnEvery(cause, text+"; nothing more is read until it can be written", "dir", s.o.Dir)
}

func (s *source) recovered() {
	if !s.waits {
		return
	}
	s.rt.override("")
	if s.failing {
		s.rt.Log().Info("the journal can be written again")
	}
	s.waits, s.failing = false, false
}
