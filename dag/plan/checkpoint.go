package plan

import (
	"time"

	"flowrun/dag/diag"
)

// Checkpoint is where a run keeps what it needs to go on, and how often.
type Checkpoint struct {
	Dir   string
	Every time.Duration // the shortest time between commits; 0: every epoch is committed
	Flush bool          // the end of a bounded input closes everything
	At    diag.Span
}

// String is how Explain says it.
func (c *Checkpoint) String() string {
	s := "checkpoint in " + c.Dir + ", committed at most every " + c.Every.String()
	if c.Every == 0 {
		s = "checkpoint in " + c.Dir + ", every epoch committed"
	}
	if c.Flush {
		s += "; the end of the input closes all windows"
	}
	return s
}
