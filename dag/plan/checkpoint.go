package plan

import (
	"fmt"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/spec"
)

// Checkpoint is where a run keeps what it needs to go on, and how often.
type Checkpoint struct {
	Dir   string
	Every time.Duration // the shortest time between commits; 0: every epoch is committed
	Flush bool          // the end of a bounded input closes everything
	// Memory is how many bytes of it state may take, before it lies on disk; 0: no limit.
	Memory int64
	// Restart says how often a run that failed goes on by itself.
	Restart Restart
	At      diag.Span
}

// Restart bounds how often a run that failed goes on from its checkpoint: Max times Within some time. Max 0: not at all.
type Restart struct {
	Max    int
	Within time.Duration
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
	if c.Memory > 0 {
		s += "; state takes at most " + spec.Size(c.Memory).String() + " of memory, and more of it lies on disk"
	}
	if c.Restart.Max > 0 {
		s += fmt.Sprintf("; a run that fails goes on from it, at most %d times within %s", c.Restart.Max, c.Restart.Within)
	}
	return s
}
