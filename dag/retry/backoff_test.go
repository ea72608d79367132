package retry

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	var draw float64
	b := Backoff{Random: func() float64 { return draw }}
	for i, want := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000} {
		if got := b.Next(); got != want*time.Millisecond {
			t.Errorf("step %d: %v, want %v ms", i, got, int64(want))
		}
	}
	draw = 0.5
	if got := b.Next(); got != 3750*time.Millisecond {
		t.Errorf("half the jitter gives %v", got)
	}
	b.Reset()
	if got := b.Next(); got != 75*time.Millisecond {
		t.Errorf("after a reset: %v", got)
	}
}
