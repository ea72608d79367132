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

// asof gives each left row with the newest right row of its key that is not newer.
//
// Rows of both sides wait until the watermark has passed them, and are then gone through in the order of their times. So what a
// left row finds depends on the rows alone, and of right rows that the watermark has passed one for each key is kept, the newest,
// for as long as a left row can come that is not too far behind it. Of right rows with one key and time the one that came last
// counts, in the order of the right input, whatever the left one has brought by then.
type asof struct {
	o      *plan.Join
	sides  [2]*asofSide
	table  *state.Table
	kept   state.Fixed[int32] // by key: rows of both sides
	newest state.Fixed[int32] // by key: the newest right row that the watermark has passed, plus one
	timed  state.Fixed[bool]  // by key: a timer will look at newest
	age    *state.Timers      // of keys: when their newest row may be too old; at most one for each
	within int64              // in microseconds; negative: a right row can be of any age
	now    int64              // the watermark, in microseconds of the Unix epoch
	made   joined

	keys       []int32
	due, later []state.Timer
	pairs      pairs // of left rows with right ones, by slot; -1: none
	gone       []int32
}

// asofSide is one input of an asof join: the rows of it that are kept.
type asofSide struct {
	joinInput
	timers *state.Timers // of the rows that the watermark has not passed
}

func newAsof(n *plan.Node, o *plan.Join) (*asof, error) {
	a := &asof{o: o, now: math.MinInt64, within: -1, made: newJoined(n, o)}
	if o.Bound != nil {
		a.within = -o.Bound.Lower.Microseconds()
	}
	var types []arrow.DataType
	for _, k := range o.On {
		types = append(types, n.Inputs[0].Source().Schema.Field(k.Index[0]).Type)
	}
	var err error
	if a.table, err = state.NewTable(types...); err != nil {
		return nil, fmt.Errorf("join %s: %w", n.ID, err)
	}
	a.age = state.NewTimers(max(a.within, 0) / 16).Of(a.table)
	a.table.Attach("kept", &a.kept)
	a.table.Attach("newest", &a.newest)
	a.table.Attach("timed", &a.timed)
	for side := range a.sides {
		s := &asofSide{timers: state.NewTimers(asofBucket(n.Inputs[side].Source().Time.Delay))}
		if s.joinInput, err = newJoinInput(n, o, side); err != nil {
			return nil, fmt.Errorf("join %s: %w", n.ID, err)
		}
		s.attach(a.table)
		s.timers.Of(s.rows)
		a.sides[side] = s
	}
	a.table.Refer(&a.newest, a.sides[1].rows, 1)
	return a, nil
}

// asofBucket is the width of the buckets of rows that wait, in microseconds. What waits is what one side is ahead of the other, which
// the delay says nothing about, so they are wide enough to hold some rows of slow inputs.
func asofBucket(delay time.Duration) int64 {
	return max(sortBucket(delay), (50 * time.Millisecond).Microseconds())
}

var (
	_ op.Transform = (*asof)(nil)
	_ op.Stateful  = (*asof)(nil)
)

func (a *asof) Open(_ context.Context, rt op.Runtime) error {
	a.made.open(rt)
	for _, s := range a.sides {
		s.late.mem = rt.Allocator()
	}
	return nil
}

func (a *asof) Process(_ context.Context, port int, in *batch.Batch, out op.Emitter) error {
	s := a.sides[port]
	rows := survivorsOf(in)
	defer rows.release()
	times, err := punctual(&s.clock, &s.late, &rows, a.now, out)
	if err != nil {
		return err
	}
	if lone := s.withoutKey(rows.left); len(lone) > 0 {
		rows.take(lone)
		if err := a.made.alone(port, in, lone, out); err != nil {
			return err
		}
	}
	n := rows.left.Rows()
	if n == 0 {
		return nil
	}
	if a.keys, err = a.table.Slots(s.load(rows.left), n, a.keys); err != nil {
		return err
	}
	slots, err := s.rows.Append(in.Record, rows.left.Sel)
	if err != nil {
		return err
	}
	for i, slot := range slots {
		at, key := times[rows.left.Row(i)], a.keys[i]
		s.key.V[slot], s.time.V[slot] = key, at
		a.kept.V[key]++
		s.timers.Set(at, slot)
	}
	out.Hold(n)
	return nil
}

// Watermark goes through the rows before it; those of its own time may not have all come.
func (a *asof) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	a.now = max(a.now, wm.UnixMicro())
	limit, end := a.now, !wm.Before(op.EndOfTime)
	switch {
	case limit == math.MinInt64:
		return wm, nil
	case !end:
		limit--
	}
	a.due, a.later = a.sides[0].timers.Due(limit, a.due[:0]), a.sides[1].timers.Due(limit, a.later[:0])
	a.gone = a.gone[:0]
	a.merge()
	if err := a.emit(out); err != nil {
		return wm, err
	}
	if end {
		a.clear()
		return wm, nil
	}
	a.tooOld()
	a.remove(a.sides[0], a.pairs.rows)
	a.remove(a.sides[1], a.gone)
	return wm, nil
}

// merge goes through the rows of both sides that are due: a right row before the left ones of its time.
func (a *asof) merge() {
	p, right := &a.pairs, a.later
	p.rows, p.slots = p.rows[:0], p.slots[:0]
	key, at := a.sides[0].key.V, a.sides[1].time.V
	for _, t := range a.due {
		for len(right) > 0 && right[0].At <= t.At {
			a.pass(right[0].Slot)
			right = right[1:]
		}
		found := a.newest.V[key[t.Slot]] - 1
		if found >= 0 && a.within >= 0 && t.At-at[found] > a.within {
			found = -1
		}
		p.rows, p.slots = append(p.rows, t.Slot), append(p.slots, found)
	}
	for _, t := range right {
		a.pass(t.Slot)
	}
}

// pass makes a right row the newest of its key. The one before it is still there for the pairs that it is in.
func (a *asof) pass(slot int32) {
	key := a.sides[1].key.V[slot]
	if before := a.newest.V[key]; before > 0 {
		a.gone = append(a.gone, before-1)
	}
	a.newest.V[key] = slot + 1
	if a.within >= 0 && !a.timed.V[key] {
		a.timed.V[key] = true
		a.age.Set(a.dies(slot), key)
	}
}

// dies is the watermark at which no left row can come any more that a right row is not too old for.
func (a *asof) dies(slot int32) int64 { return a.sides[1].time.V[slot] + a.within + 1 }

// tooOld gives up right rows that nothing can find any more.
func (a *asof) tooOld() {
	a.due = a.age.Due(a.now, a.due[:0])
	for _, t := range a.due {
		newest := a.newest.V[t.Slot] - 1
		if dies := a.dies(newest); dies > a.now {
			a.age.Set(dies, t.Slot)
			continue
		}
		a.timed.V[t.Slot], a.newest.V[t.Slot] = false, 0
		a.gone = append(a.gone, newest)
	}
}

func (a *asof) emit(out op.Emitter) error {
	for lefts, rights := a.pairs.rows, a.pairs.slots; len(lefts) > 0; {
		n := a.made.cut(a.sides[0].rows, lefts, a.sides[1].rows, rights)
		if err := a.made.kept(a.sides[0].rows, lefts[:n], a.sides[1].rows, rights[:n], out); err != nil {
			return err
		}
		lefts, rights = lefts[n:], rights[n:]
	}
	return nil
}

// remove forgets rows, and keys that no row has any more.
func (a *asof) remove(s *asofSide, slots []int32) {
	if len(slots) == 0 {
		return
	}
	a.keys = a.keys[:0]
	for _, slot := range slots {
		key := s.key.V[slot]
		if a.kept.V[key]--; a.kept.V[key] == 0 {
			a.keys = append(a.keys, key)
		}
	}
	s.rows.Remove(slots)
	a.table.Remove(a.keys)
}

// clear forgets everything: nothing comes any more.
func (a *asof) clear() {
	for _, s := range a.sides {
		s.rows.Clear()
		s.timers.Clear()
	}
	a.age.Clear()
	a.table.Clear()
}

// Barrier does nothing: what comes out follows from the watermark.
func (a *asof) Barrier(context.Context, uint64, op.Emitter) error { return nil }

// State implements op.Stateful.
func (a *asof) State() (rows, bytes int64) {
	bytes = a.table.Bytes() + a.age.Bytes()
	for _, s := range a.sides {
		rows += int64(s.rows.Live())
		bytes += s.rows.Bytes() + s.timers.Bytes()
	}
	return rows, bytes
}

func (a *asof) Close() error {
	a.made.close()
	return nil
}
