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

// dedupe remembers keys, each with the latest event time that it had. With a time bound a key is forgotten once the watermark
// has passed that by the bound: whatever comes later is late, or far enough away to be no duplicate, so that forgetting
// changes no result.
type dedupe struct {
	keys   arguments // only keys
	table  *state.Table
	seen   state.Fixed[bool]
	latest state.Fixed[int64] // event time, in microseconds of the Unix epoch
	within int64              // in microseconds; 0: for ever
	clock  eventClock
	timers *state.Timers
	late   lateRows
	last   *lastRows // nil: the first row of a key passes
	now    int64     // the watermark

	slots  []int32
	due    []state.Timer
	closed []int32
}

func newDedupe(n *plan.Node, o *plan.Dedupe) (*dedupe, error) {
	d := &dedupe{within: o.Within.Microseconds(), clock: eventClock{Clock: o.Clock}, late: lateRowsOf(n), now: math.MinInt64,
		timers: state.NewTimers(o.Within.Microseconds() / 16)}
	var types []arrow.DataType
	for _, it := range o.By {
		types = append(types, it.Expr.P.Type())
		d.keys.by = append(d.keys.by, it.Expr.P)
	}
	var err error
	if d.table, err = state.NewTable(types...); err != nil {
		return nil, fmt.Errorf("dedupe %s: %w", n.ID, err)
	}
	d.timers.Of(d.table)
	d.table.Attach("seen", &d.seen)
	d.table.Attach("latest", &d.latest)
	if o.Last {
		if d.last, err = newLastRows(n.Output(""), d.table); err != nil {
			return nil, fmt.Errorf("dedupe %s: %w", n.ID, err)
		}
	}
	return d, nil
}

var (
	_ op.Transform = (*dedupe)(nil)
	_ op.Stateful  = (*dedupe)(nil)
)

func (d *dedupe) Open(_ context.Context, rt op.Runtime) error {
	d.keys.open(rt)
	d.late.mem = rt.Allocator()
	if d.last != nil {
		d.last.open(rt)
	}
	return nil
}

func (d *dedupe) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	defer d.keys.release()
	rows := survivorsOf(in)
	defer rows.release()
	now := d.now
	if d.within == 0 {
		now = math.MinInt64 // nothing comes too late
	}
	times, err := punctual(&d.clock, &d.late, &rows, now, out)
	if err != nil {
		return err
	}
	failed, err := d.keys.eval(rows.left)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	d.keys.load()
	if d.slots, err = d.table.Slots(d.keys.keys, d.keys.n, d.slots); err != nil {
		return err
	}
	if d.last != nil {
		d.hold(in, times)
		out.Hold(d.keys.n)
		return nil
	}
	passed := d.first(times)
	out.Pass(len(passed))
	out.Filter(d.keys.n - len(passed))
	if len(passed) == 0 {
		return nil
	}
	return out.Emit("", in.WithSelection(passed))
}

// first gives the rows that are no duplicate of one before.
func (d *dedupe) first(times []int64) []int32 {
	passed := make([]int32, 0, d.keys.n)
	seen, latest := d.seen.V, d.latest.V
	for i, s := range d.slots {
		row := d.keys.row(i)
		at := times[row]
		switch apart := at - latest[s]; {
		case !seen[s]:
		case d.within == 0 || apart < d.within && apart > -d.within:
			continue
		case apart < 0: // an older one, too far away to be a duplicate
			passed = append(passed, row)
			continue
		}
		passed = append(passed, row)
		seen[s] = true
		d.remember(s, at)
	}
	return passed
}

// hold takes in the rows that are the last of their key so far.
func (d *dedupe) hold(in *batch.Batch, times []int64) {
	seen, latest := d.seen.V, d.latest.V
	d.last.best.Grow(d.table.Len())
	for i, s := range d.slots {
		row := d.keys.row(i)
		if at := times[row]; !seen[s] || at >= latest[s] {
			if !seen[s] || at > latest[s] {
				d.remember(s, at)
			}
			seen[s] = true
			d.last.wins(s, row)
		}
	}
	d.table.Mark(d.last.keep(in))
}

// remember notes the latest time of a key.
func (d *dedupe) remember(slot int32, at int64) {
	d.latest.V[slot] = at
	if d.within > 0 {
		d.timers.Set(at+d.within, slot)
	}
}

// Watermark forgets keys.
func (d *dedupe) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	d.now = max(d.now, wm.UnixMicro())
	d.due, d.closed = d.timers.Due(d.now, d.due[:0]), d.closed[:0]
	for _, t := range d.due {
		// Of the timers of a key only the last one tells its time; a slot that another key has by now has that one's.
		if t.At == d.latest.V[t.Slot]+d.within {
			d.closed = append(d.closed, t.Slot)
		}
	}
	if d.last != nil && len(d.closed) > 0 {
		if err := d.last.emit(d.table.MarkedOf(d.closed), out); err != nil {
			return wm, err
		}
	}
	d.table.Remove(d.closed)
	return wm, nil
}

// Barrier emits the rows that became the last of their key.
func (d *dedupe) Barrier(_ context.Context, _ uint64, out op.Emitter) error {
	if d.last == nil {
		return nil
	}
	defer d.table.Unmark()
	return d.last.emit(d.table.Marked(), out)
}

// State implements op.Stateful.
func (d *dedupe) State() (rows, bytes int64) {
	return int64(d.table.Live()), d.table.Bytes() + d.timers.Bytes()
}

func (d *dedupe) Close() error {
	d.keys.close()
	if d.last != nil {
		d.last.close()
	}
	return nil
}
