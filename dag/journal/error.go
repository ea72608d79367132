package journal

import (
	"errors"
	"fmt"
)

// Error is damage to a journal, or something in its place that is none.
type Error struct {
	File    string
	Offset  int64
	Problem string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s is damaged at byte %d: %s", e.File, e.Offset, e.Problem)
}

// FullError says that a record would make the journal longer than it may be. It passes once [Journal.Trim] removes segments.
type FullError struct{ Bytes, Max int64 }

func (e *FullError) Error() string {
	return fmt.Sprintf("the journal is full: it holds %d of at most %d bytes", e.Bytes, e.Max)
}

var (
	// ErrInUse: another process, or another user in this one, has the journal open.
	ErrInUse = errors.New("it is in use: another run has it open")
	// ErrGone: what is to be read has been trimmed, or was never there.
	ErrGone = errors.New("it is not in the journal")

	errClosed = errors.New("the journal is closed")
)
