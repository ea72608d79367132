package main

import (
	"io"
	"testing"

	"flowrun/dag/exec"
)

// What does not even begin is the environment's; behind a restart it is a run that failed.
func TestOutcome(t *testing.T) {
	opening, reading := error(&exec.NodeError{Doing: "open", Err: io.EOF}), error(&exec.NodeError{Doing: "read", Err: io.EOF})
	for _, c := range []struct {
		err       error
		restarted bool
		want      int
	}{{nil, false, 0}, {opening, false, 3}, {opening, true, 1}, {reading, false, 1}, {reading, true, 1}} {
		if got := report(io.Discard, outcome(c.err, c.restarted)); got != c.want {
			t.Errorf("%v, restarted %v: %d, want %d", c.err, c.restarted, got, c.want)
		}
	}
}
