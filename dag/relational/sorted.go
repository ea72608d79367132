package relational

import (
	"context"
	"fmt"
	"math"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// sorted keeps rows until the watermark has passed their time. The timers hold them in the order in which they leave; they
// follow from the rows, and the number that each got as it came.
type sorted struct {
	rows    stored
	arrived state.Fixed[int64]
	next    int64 // number of the next row
	clock   eventClock
	timers  *state.Timers
	late    lateRows
	now     int64 // the watermark, in microseconds of the Unix epoch

	due   []state.Timer
	slots []int32
}

func newSorted(n *plan.Node, o *plan.Sort) (*sorted, error) {
	s := &sorted{clock: eventClock{Clock: o.Clock}, late: lateRowsOf(n), now: math.MinInt64, timers: state.NewTimers(sortBucket(o.Delay))}
	in := n.Inputs[0].Source().Schema
	var err error
	if s.rows, err = newStored(in, in, n.Output("").Needs); err != nil {
		return nil, fmt.Errorf("sort %s: %w", n.ID, err)
	}
	s.rows.Attach("arrived", &s.arrived)
	return s, nil
}

// sortBucket is the width of the buckets of timers, in microseconds: of those that wait, each watermark looks through one part
// in about 256. Buckets are not so narrow that each holds one row.
func sortBucket(delay time.Duration) int64 { return max(delay/256, time.Millisecond).Microseconds() }

var (
	_ op.Transform = (*sorted)(nil)
	_ op.Stateful  = (*sorted)(nil)
)

func (s *sorted) Open(_ context.Context, rt op.Runtime) error {
	s.rows.open(rt)
	s.late.mem = rt.Allocator()
	return nil
}

func (s *sorted) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	rows := survivorsOf(in)
	defer rows.release()
	times, err := punctual(&s.clock, &s.late, &rows, s.now, out)
	if err != nil {
		return err
	}
	slots, err := s.rows.Append(in.Record, rows.left.Sel)
	if err != nil {
		return err
	}
	for i, slot := range slots {
		s.arrived.V[slot] = s.next
		s.next++
		s.timers.Set(times[rows.left.Row(i)], slot)
	}
	out.Hold(len(slots))
	return nil
}

// Watermark sends the rows before it; those of its own time may not have all come.
func (s *sorted) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	s.now = max(s.now, wm.UnixMicro())
	limit := s.now
	switch {
	case limit == math.MinInt64:
		return wm, nil
	case wm.Before(op.EndOfTime):
		limit--
	}
	s.due, s.slots = s.timers.Due(limit, s.due[:0]), s.slots[:0]
	for _, t := range s.due {
		s.slots = append(s.slots, t.Slot)
	}
	if err := s.rows.emit(s.slots, nil, out); err != nil {
		return wm, err
	}
	s.rows.Remove(s.slots)
	return wm, nil
}

func (s *sorted) Barrier(context.Context, uint64, op.Emitter) error { return nil }

// State implements op.Stateful.
func (s *sorted) State() (rows, bytes int64) {
	return int64(s.rows.Live()), s.rows.Bytes() + s.timers.Bytes()
}

func (s *sorted) Close() error {
	s.rows.close()
	return nil
}
