package relational

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// top keeps the rows of each key that may be among its first, and emits them once no other can come: the groups of an event
// time when the watermark has passed that, the groups of complete results at the end of the epoch. With updates it emits
// at the end of each epoch what the first rows of the groups are that changed, and keeps them.
type top struct {
	firsts   *firstRows
	keys     arguments // only keys
	table    *state.Table
	perEpoch bool
	updates  bool
	clock    eventClock
	timers   *state.Timers // of groups; the time of one follows from its key
	late     lateRows
	now      int64 // the watermark, in microseconds of the Unix epoch

	slots  []int32
	due    []state.Timer
	closed []int32
}

func newTop(n *plan.Node, o *plan.Top) (*top, error) {
	t := &top{perEpoch: o.PerEpoch, updates: o.Updates, clock: eventClock{Clock: o.Clock}, late: lateRowsOf(n), now: math.MinInt64,
		timers: state.NewTimers(sortBucket(o.Delay))}
	var types []arrow.DataType
	for _, it := range o.By {
		types = append(types, it.Expr.P.Type())
		t.keys.by = append(t.keys.by, it.Expr.P)
	}
	var err error
	if t.table, err = state.NewTable(types...); err != nil {
		return nil, fmt.Errorf("top %s: %w", n.ID, err)
	}
	t.timers.Of(t.table)
	if t.firsts, err = newFirstRows(o, n.Inputs[0].Source().Schema, n.Output(""), t.table); err != nil {
		return nil, fmt.Errorf("top %s: %w", n.ID, err)
	}
	return t, nil
}

var (
	_ op.Transform = (*top)(nil)
	_ op.Stateful  = (*top)(nil)
)

func (t *top) Open(_ context.Context, rt op.Runtime) error {
	t.keys.open(rt)
	t.late.mem = rt.Allocator()
	t.firsts.rows.open(rt)
	return nil
}

func (t *top) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	defer t.keys.release()
	rows := survivorsOf(in)
	defer rows.release()
	times, err := punctual(&t.clock, &t.late, &rows, t.now, out)
	if err != nil {
		return err
	}
	failed, err := t.keys.eval(rows.left)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	t.keys.load()
	if t.slots, err = t.table.Slots(t.keys.keys, t.keys.n, t.slots); err != nil {
		return err
	}
	if t.waits() {
		for _, i := range t.table.Fresh() {
			t.timers.Set(times[t.keys.row(int(i))], t.slots[i])
		}
	}
	held, err := t.firsts.add(in, &t.keys, t.slots)
	out.Hold(held)
	out.Filter(t.keys.n - held)
	if t.updates {
		t.table.Mark(t.firsts.groups)
	}
	return err
}

// waits reports whether groups wait for the watermark.
func (t *top) waits() bool { return !t.perEpoch && !t.updates }

// Watermark emits the groups before it; those of its own time may not have all their rows.
func (t *top) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	if !t.waits() {
		return wm, nil
	}
	t.now = max(t.now, wm.UnixMicro())
	limit := t.now
	switch {
	case limit == math.MinInt64:
		return wm, nil
	case wm.Before(op.EndOfTime):
		limit--
	}
	t.due, t.closed = t.timers.Due(limit, t.due[:0]), t.closed[:0]
	for _, d := range t.due {
		t.closed = append(t.closed, d.Slot)
	}
	return wm, t.send(out)
}

// Barrier ends an epoch of complete results, or emits what changed in it.
func (t *top) Barrier(_ context.Context, _ uint64, out op.Emitter) error {
	if t.updates {
		defer t.table.Unmark()
		return t.firsts.send(t.table.Marked(), out)
	}
	if !t.perEpoch {
		return nil
	}
	t.closed = t.table.All(t.closed[:0])
	return t.send(out)
}

// send emits the closed groups and forgets them.
func (t *top) send(out op.Emitter) error {
	if len(t.closed) == 0 {
		return nil
	}
	if err := t.firsts.send(t.closed, out); err != nil {
		return err
	}
	t.firsts.forget()
	t.table.Remove(t.closed)
	return nil
}

// State implements op.Stateful.
func (t *top) State() (rows, bytes int64) {
	return int64(t.firsts.rows.Live()), t.firsts.rows.Bytes() + t.table.Bytes() + t.timers.Bytes()
}

func (t *top) Close() error {
	t.keys.close()
	t.firsts.rows.close()
	return nil
}
