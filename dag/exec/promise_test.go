package exec

import (
	"testing"
	"time"
)

func TestWatermarkOfSeveralInputs(t *testing.T) {
	sec := func(n int64) time.Time { return time.Unix(n, 0) }
	w := newWatermarks(2)
	for i, step := range []struct {
		port         int
		s            standing
		want         int64 // 0: none yet
		idle         bool
		rises, turns bool
	}{
		{0, standing{at: sec(10)}, 0, false, false, false},            // the other has said nothing
		{1, standing{at: sec(5)}, 5, false, true, false},              // the least
		{1, standing{at: sec(3)}, 5, false, false, false},             // it never falls
		{1, standing{at: sec(5), idle: true}, 10, false, true, false}, // an idle input holds nothing back
		{1, standing{at: sec(7)}, 10, false, false, false},            // what it was passed by stays
		{0, standing{at: sec(20)}, 10, false, false, false},
		{1, standing{at: sec(15)}, 15, false, true, false},
		{0, standing{at: sec(20), idle: true}, 15, false, false, false},
		{1, standing{at: sec(15), idle: true}, 20, true, true, true}, // nobody is waited for
		{0, standing{at: sec(21)}, 21, false, true, true},
	} {
		got, rises, turns := w.set(step.port, step.s)
		at := got.at.Unix()
		if got.at.IsZero() {
			at = 0
		}
		if at != step.want || got.idle != step.idle || rises != step.rises || turns != step.turns {
			t.Errorf("step %d: %d, idle %v, rises %v, turns %v", i, at, got.idle, rises, turns)
		}
	}
}
