package plan

import "flowrun/dag/diag"

// Journal is where what a source reads is written before it flows, so that it can be read again though the source itself cannot.
type Journal struct {
	Dir      string
	MaxBytes int64 // of all that is not committed; then nothing more is read
	At       diag.Span
}

// CanReplay reports whether what a run has read can be read again: the source can, or it has a journal.
func (s *Scan) CanReplay() bool { return s.Replays || s.Journal != nil }
