package retry

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// teller keeps what it is told.
type teller struct {
	wall
	said []string
}

func (t *teller) WarnEvery(cause, message string, args ...any) {
	t.said = append(t.said, fmt.Sprint(cause, " | ", message, " ", args))
}
func (t *teller) Status(text string) { t.said = append(t.said, text) }

func TestALoopTellsWhatItWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told teller
		tries := 0
		err := Loop{For: time.Minute, Pause: Backoff{Random: func() float64 { return 0 }}}.Telling(&told, "write to", "a.db").Do(t.Context(), func() error {
			if tries++; tries < 2 {
				return full()
			}
			return nil
		})
		want := []string{"retry: no space left on device | cannot write to a.db, trying on [error no space left on device]",
			"a.db: no space left on device, retry in 1s", ""}
		if err != nil || !slices.Equal(told.said, want) {
			t.Errorf("%v, said %q", err, told.said)
		}
	})
}
