package retry

import (
	"fmt"
	"time"
)

// Teller is where a loop says what it waits for; op.Runtime is one.
type Teller interface {
	Clock
	WarnEvery(cause, message string, args ...any)
	Status(text string)
}

// Telling gives the loop that waits by t, and says there, in the log and on the node, that it tries on: "cannot WHAT PLACE, trying on".
// place may be shown.
func (l Loop) Telling(t Teller, what, place string) Loop {
	l.Clock = t
	l.Waits = func(cause string, wait time.Duration) {
		t.WarnEvery("retry: "+cause, "cannot "+what+" "+place+", trying on", "error", cause)
		t.Status(fmt.Sprintf("%s: %s, retry in %ds", place, cause, int((wait+time.Second-1)/time.Second)))
	}
	l.Over = func() { t.Status("") }
	return l
}
