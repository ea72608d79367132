package exec

import (
	"time"

	"flowrun/dag/plan"
)

// The times of the trigger asap: a row that comes after a quiet stretch is cut at once; else the next pause of the inputs
// cuts, after the shortest epoch; under load the longest epoch does.
const (
	shortestEpoch = 100 * time.Millisecond
	longestEpoch  = 500 * time.Millisecond
)

// trigger says when an epoch ends. It is a pure function of times.
type trigger struct {
	plan.Trigger
	lastCut time.Time // zero: none yet
}

// next says whether to cut now, given since when rows wait for a cut (zero: none do) and whether all sources pause; if
// not, when to ask again (zero: only when one of these changes).
func (t *trigger) next(now, since time.Time, pause bool) (cut bool, again time.Time) {
	var at time.Time
	switch {
	case since.IsZero() || t.Kind == plan.Once:
		return false, at
	case t.Kind == plan.Every:
		at = t.grid(since)
	case t.lastCut.IsZero() || since.Sub(t.lastCut) >= shortestEpoch:
		return true, at
	default:
		at = t.lastCut.Add(shortestEpoch)
		if !now.Before(at) && !pause {
			at = t.lastCut.Add(longestEpoch)
		}
	}
	return !now.Before(at), at
}

// grid is the first multiple of the interval, counted from the Unix epoch, after t.
func (t *trigger) grid(at time.Time) time.Time {
	past := at.UnixNano() % int64(t.Interval)
	if past < 0 {
		past += int64(t.Interval)
	}
	return at.Add(t.Interval - time.Duration(past))
}
