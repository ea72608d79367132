package state

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Timers come due exactly once, at the first limit that is not before them, in the order of their times and then of setting.
func TestTimersAreDueInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timers := NewTimers(rapid.SampledFrom([]int64{0, 1, 7, 100, 1_000_000}).Draw(t, "width"))
		var model []Timer
		limit := int64(math.MinInt64)
		for step := range rapid.IntRange(1, 20).Draw(t, "steps") {
			for range rapid.IntRange(0, 20).Draw(t, "set") {
				x := Timer{At: rapid.Int64Range(-300, 300).Draw(t, "at"), Slot: int32(step)}
				timers.Set(x.At, x.Slot)
				model = append(model, x)
			}
			limit = max(limit, rapid.Int64Range(-310, 310).Draw(t, "limit"))
			var due, left []Timer
			for _, x := range model {
				if x.At <= limit {
					due = append(due, x)
				} else {
					left = append(left, x)
				}
			}
			slices.SortStableFunc(due, func(a, b Timer) int { return cmp.Compare(a.At, b.At) })
			model = left
			if got := timers.Due(limit, nil); !slices.Equal(got, due) {
				t.Fatalf("due at %d: %v, want %v", limit, got, due)
			}
			if timers.Len() != len(model) {
				t.Fatalf("%d timers are left, want %d", timers.Len(), len(model))
			}
			next, ok := timers.Next()
			if ok != (len(model) > 0) || ok && next != slices.MinFunc(model, func(a, b Timer) int { return cmp.Compare(a.At, b.At) }).At {
				t.Fatalf("the next one is due at %d, %v; there are %v", next, ok, model)
			}
		}
	})
}

func TestTimersAtTheEndOfTime(t *testing.T) {
	timers := NewTimers(10)
	timers.Set(5, 1)
	timers.Set(-5, 3)
	timers.Set(math.MaxInt64-3, 2)
	if got := timers.Due(math.MaxInt64, nil); len(got) != 3 || timers.Len() != 0 {
		t.Errorf("due at the end of time: %v", got)
	}
}

func TestTimersAtTheBeginOfTime(t *testing.T) {
	timers := NewTimers(1000)
	timers.Set(5, 1)
	timers.Set(math.MinInt64+900, 2)
	timers.Set(math.MinInt64, 3)
	var slots []int32
	for _, x := range timers.Due(math.MinInt64+900, nil) {
		slots = append(slots, x.Slot)
	}
	if !slices.Equal(slots, []int32{3, 2}) {
		t.Errorf("due are %v, want [3 2]", slots)
	}
}
