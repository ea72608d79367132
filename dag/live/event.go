package live

import "time"

// Level is how much an event matters.
type Level string

// The levels. Output is not a log line but text that a console or stdout node printed.
const (
	Debug  Level = "debug"
	Info   Level = "info"
	Warn   Level = "warn"
	Error  Level = "error"
	Output Level = "output"
)

// Event is a log line or a piece of console text. Events are numbered from 1 without a gap; where some were dropped, since
// the reader was slow or came late, Dropped says how many stood before this one.
type Event struct {
	Seq     uint64    `json:"seq"`
	At      time.Time `json:"at"`
	Level   Level     `json:"level"`
	Node    string    `json:"node,omitempty"`
	Text    string    `json:"text"` // one line, of Output one or several
	Place   string    `json:"place,omitempty"`
	Dropped uint64    `json:"dropped,omitempty"`
}
