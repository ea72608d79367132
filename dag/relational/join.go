package relational

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// join matches each row with those of the other input that came before it, and keeps it for those that come after: a symmetric
// hash join. Both sides keep their rows in a store, chained by key; one table has the keys of both.
//
// A row is forgotten when the watermark is so far that no match can come any more; one that had none gives its own row then,
// where the join shows such. A row behind the watermark is late, since what it would have matched may be forgotten. So
// forgetting changes no result.
type join struct {
	o       *plan.Join
	sides   [2]*joinSide
	table   *state.Table
	slots   []int32
	timed   bool  // rows are forgotten by event time
	now     int64 // the watermark, in microseconds of the Unix epoch
	lower   int64 // of the right row's time less that of the left one
	upper   int64
	made    joined
	where   *expr.Evaluator // nil: there is none
	rt      op.Runtime
	pairs   pairs
	counted pairs   // of the pairs at hand those that count
	places  []int32 // 0, 1, 2...
	kept    pairs   // rows of the batch in hand that are kept, with the slots of their keys
	due     []state.Timer
	closed  []int32
	keys    []int32
	empty   []int32
}

// pairs are rows of the batch in hand, by place in its record, with rows of the other side, by slot.
type pairs struct{ rows, slots []int32 }

func newJoin(n *plan.Node, o *plan.Join) (*join, error) {
	j := &join{o: o, now: math.MinInt64, lower: math.MinInt64 / 4, upper: math.MaxInt64 / 4, timed: !o.PerEpoch && !o.Forever}
	if o.Bound != nil {
		j.lower, j.upper = o.Bound.Lower.Microseconds(), o.Bound.Upper.Microseconds()
	}
	var types []arrow.DataType
	for _, k := range o.On {
		types = append(types, n.Inputs[0].Source().Schema.Field(k.Index[0]).Type)
	}
	var err error
	if j.table, err = state.NewTable(types...); err != nil {
		return nil, fmt.Errorf("join %s: %w", n.ID, err)
	}
	for side := range j.sides {
		if j.sides[side], err = newJoinSide(n, o, side, j.table); err != nil {
			return nil, fmt.Errorf("join %s: %w", n.ID, err)
		}
	}
	// How long after its time a row can still be matched.
	j.sides[0].keep, j.sides[1].keep = j.upper, -j.lower
	if o.Bound == nil {
		j.sides[0].keep, j.sides[1].keep = o.TTL.Microseconds(), o.TTL.Microseconds()
	}
	for _, s := range j.sides {
		s.timers = state.NewTimers(max(s.keep, 0) / 16).Of(s.rows)
	}
	j.made = newJoined(n, o)
	return j, nil
}

var (
	_ op.Transform = (*join)(nil)
	_ op.Stateful  = (*join)(nil)
)

func (j *join) Open(_ context.Context, rt op.Runtime) error {
	j.rt = rt
	j.made.open(rt)
	for _, s := range j.sides {
		s.late.mem = rt.Allocator()
	}
	if p := j.o.Where.P; p != nil {
		j.where = p.Evaluator(rt.Allocator())
	}
	return nil
}

func (j *join) Process(_ context.Context, port int, in *batch.Batch, out op.Emitter) error {
	s, other := j.sides[port], j.sides[1-port]
	rows := survivorsOf(in)
	defer rows.release()
	var times []int64
	var err error
	if j.timed {
		if times, err = punctual(&s.clock, &s.late, &rows, j.now, out); err != nil {
			return err
		}
	} else {
		times, _ = s.clock.times(in)
	}
	if lone := s.withoutKey(rows.left); len(lone) > 0 {
		rows.take(lone)
		if err := j.made.alone(port, in, lone, out); err != nil {
			return err
		}
	}
	n := rows.left.Rows()
	if n == 0 {
		return nil
	}
	if j.slots, err = j.table.Slots(s.load(rows.left), n, j.slots); err != nil {
		return err
	}
	s.found = zeroed(s.found, int(in.Record.NumRows()))
	j.made.weighs(port, in)
	if err := j.match(port, rows.left, times, out); err != nil {
		return err
	}
	kept, slots := j.keepers(port, rows.left)
	out.Hold(len(slots))
	settled := n - len(slots)
	if j.o.Type == plan.AntiJoin {
		out.Filter(settled) // they have a match, which is what it leaves out
	} else {
		out.Pass(settled)
	}
	if err := s.add(in, kept, slots, times, j.timed); err != nil {
		return err
	}
	if settled > 0 { // else each key has a row
		j.forgetKeys(j.slots)
	}
	// Left rows of which all is known since this batch; only a join that gives no right columns has any.
	j.remove(other, other.settled)
	other.settled = other.settled[:0]
	return nil
}

// match finds the rows of the other side with the key and a time that match, and deals with the pairs, a bounded number at a time.
func (j *join) match(port int, in *batch.Batch, times []int64, out op.Emitter) error {
	other := j.sides[1-port]
	p := &j.pairs
	p.rows, p.slots = p.rows[:0], p.slots[:0]
	lower, upper := j.lower, j.upper // of the other row's time less this one's
	if port == 1 {
		lower, upper = -j.upper, -j.lower
	}
	first, next, at := other.first.V, other.next.V, other.time.V
	bounded := j.o.Bound != nil
	for i, key := range j.slots {
		row := int32(in.Row(i))
		for r := first[key]; r != 0; r = next[r-1] {
			if bounded {
				if apart := at[r-1] - times[row]; apart < lower || apart > upper {
					continue
				}
			}
			if p.rows, p.slots = append(p.rows, row), append(p.slots, r-1); len(p.rows) < j.made.maxRows {
				continue
			}
			if err := j.matchAll(port, in, out); err != nil {
				return err
			}
		}
	}
	return j.matchAll(port, in, out)
}

// matchAll deals with the pairs that have been found, in batches whose texts are bounded too.
func (j *join) matchAll(port int, in *batch.Batch, out op.Emitter) error {
	p := &j.pairs
	for rows, slots := p.rows, p.slots; len(rows) > 0; {
		n := j.made.cutPairs(j.sides[1-port].rows, pairs{rows, slots})
		if err := j.matchSome(port, in, pairs{rows[:n:n], slots[:n:n]}, out); err != nil {
			return err
		}
		rows, slots = rows[n:], slots[n:]
	}
	p.rows, p.slots = p.rows[:0], p.slots[:0]
	return nil
}

// matchSome notes which rows of pairs have a match, and emits what follows.
func (j *join) matchSome(port int, in *batch.Batch, p pairs, out op.Emitter) error {
	s, other := j.sides[port], j.sides[1-port]
	var sel []int32 // of the pairs; nil: all
	var whole [2][]arrow.Array
	if j.where != nil {
		var err error
		if whole, err = j.made.both(port, in, other, p); err != nil {
			return err
		}
		defer releaseAll(whole[0])
		defer releaseAll(whole[1])
		pair := j.made.pair(whole, len(p.rows))
		defer pair.Release()
		var failed []batch.Failure
		if sel, failed, err = j.where.Select(pair); err != nil {
			return err
		}
		if len(failed) > 0 {
			if err := out.RejectOutput(pair, failed); err != nil {
				return err
			}
		}
	}
	p, sel = j.matched(p, sel, s, other)
	if n := len(p.rows); n == 0 {
		return nil
	}
	switch j.o.Type {
	case plan.AntiJoin:
		return nil
	case plan.SemiJoin:
		if port == 0 {
			return out.Emit("", in.WithSelection(ascending(slices.Clone(p.rows))))
		}
		return j.made.own(0, other, p.slots, out)
	}
	return j.made.emit(port, in, other, p, whole, sel, out)
}

// matched notes that the rows of the pairs that count have a match, and gives those pairs and their places among p. Where the left
// rows are all that is shown each of them counts once, the first time. The result is valid until the next call.
func (j *join) matched(p pairs, sel []int32, s, other *joinSide) (pairs, []int32) {
	if sel == nil {
		j.places = resized(j.places, len(p.rows))
		for i := range j.places {
			j.places[i] = int32(i)
		}
		sel = j.places
	}
	only := j.o.Type.LeftOnly()
	if !only {
		for _, i := range sel {
			s.found[p.rows[i]], other.matched.V[p.slots[i]] = true, true
		}
		if len(sel) == len(p.rows) {
			return p, sel
		}
	}
	left := &j.counted
	left.rows, left.slots = left.rows[:0], left.slots[:0]
	for _, i := range sel {
		row, slot := p.rows[i], p.slots[i]
		if only {
			news := !s.found[row]
			if s.port == 1 {
				news = !other.matched.V[slot]
			}
			s.found[row], other.matched.V[slot] = true, true
			if !news {
				continue
			}
			if s.port == 1 {
				other.settled = append(other.settled, slot)
			}
		}
		left.rows, left.slots = append(left.rows, row), append(left.slots, slot)
	}
	return *left, sel
}

// keepers gives the rows that are kept for what comes, with the slots of their keys: all, but a left row of which only is to be
// known whether it has a match, and it has. The result is valid until the next call.
func (j *join) keepers(port int, in *batch.Batch) (rows, slots []int32) {
	s := j.sides[port]
	settled := port == 0 && j.o.Type.LeftOnly()
	if !settled && in.Sel != nil {
		return in.Sel, j.slots
	}
	j.kept.rows, j.kept.slots = j.kept.rows[:0], j.kept.slots[:0]
	for i, slot := range j.slots {
		if row := int32(in.Row(i)); !settled || !s.found[row] {
			j.kept.rows, j.kept.slots = append(j.kept.rows, row), append(j.kept.slots, slot)
		}
	}
	return j.kept.rows, j.kept.slots
}

// Watermark forgets rows that no match can come for.
func (j *join) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	if !j.timed {
		if j.o.Forever && wm.Equal(op.EndOfTime) {
			return wm, j.all(out)
		}
		return wm, nil
	}
	j.now = max(j.now, wm.UnixMicro())
	for port, s := range j.sides {
		j.due, j.closed = s.timers.Due(j.now, j.due[:0]), j.closed[:0]
		for _, t := range j.due {
			// A row that was settled before has left its slot, perhaps to another one with a time of its own.
			if s.rows.Used(t.Slot) && s.time.V[t.Slot]+s.keep+1 == t.At {
				j.closed = append(j.closed, t.Slot)
			}
		}
		j.closed = distinctSlots(j.closed)
		if err := j.unmatched(port, j.closed, out); err != nil {
			return wm, err
		}
		j.remove(s, j.closed)
	}
	return wm.Add(-j.holdsBack()), nil
}

// holdsBack is how far behind the watermark a row that is still kept may lie when it is emitted.
func (j *join) holdsBack() time.Duration {
	var back int64
	if j.o.Type.KeepsLeft() || j.o.Type == plan.SemiJoin {
		back = max(back, j.sides[0].keep)
	}
	if j.o.Type.KeepsRight() {
		back = max(back, j.sides[1].keep)
	}
	return time.Duration(back) * time.Microsecond
}

// unmatched emits those of the rows of a side that have had no match, where the join shows them.
func (j *join) unmatched(port int, slots []int32, out op.Emitter) error {
	if !j.o.Type.Keeps(port) {
		return nil
	}
	s := j.sides[port]
	var lone []int32
	for _, slot := range slots {
		if !s.matched.V[slot] {
			lone = append(lone, slot)
		}
	}
	return j.made.own(port, s, lone, out)
}

// remove forgets rows, and keys that no row has any more.
func (j *join) remove(s *joinSide, slots []int32) {
	if len(slots) == 0 {
		return
	}
	j.keys = j.keys[:0]
	for _, slot := range slots {
		j.keys = append(j.keys, s.unlink(slot))
	}
	s.rows.Remove(slots)
	j.forgetKeys(j.keys)
}

// forgetKeys removes those of keys that no row has.
func (j *join) forgetKeys(keys []int32) {
	empty := j.empty[:0]
	for _, k := range keys {
		if j.sides[0].first.V[k] == 0 && j.sides[1].first.V[k] == 0 {
			empty = append(empty, k)
		}
	}
	j.empty = distinctSlots(empty)
	j.table.Remove(j.empty)
}

// Barrier ends the epoch: of complete results nothing stays.
func (j *join) Barrier(_ context.Context, _ uint64, out op.Emitter) error {
	if !j.o.PerEpoch {
		return nil
	}
	return j.all(out)
}

// all emits what had no match and forgets everything.
func (j *join) all(out op.Emitter) error {
	for port, s := range j.sides {
		j.closed = s.rows.All(j.closed[:0])
		if err := j.unmatched(port, j.closed, out); err != nil {
			return err
		}
		s.rows.Clear()
	}
	j.table.Clear()
	return nil
}

// State implements op.Stateful.
func (j *join) State() (rows, bytes int64) {
	bytes = j.table.Bytes()
	for _, s := range j.sides {
		rows += int64(s.rows.Live())
		bytes += s.rows.Bytes() + s.timers.Bytes()
	}
	return rows, bytes
}

func (j *join) Close() error {
	if j.where != nil {
		j.where.Close()
	}
	j.made.close()
	return nil
}
