package relational

import (
	"slices"

	"flowrun/dag/batch"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// joinInput is an input of a join: its rows that are kept, and how to read their keys and times.
type joinInput struct {
	port   int
	rows   *state.Rows
	clock  eventClock
	late   lateRows
	places []int // of the key columns in the input
	loaded []state.Vector
	keys   []*state.Vector

	key  state.Fixed[int32] // by row: the slot of its key
	time state.Fixed[int64] // by row, in microseconds of the Unix epoch
}

func newJoinInput(n *plan.Node, o *plan.Join, port int) (joinInput, error) {
	s := joinInput{port: port, clock: eventClock{Clock: o.Clocks[port]}, late: lateRowsBy(n, plan.LateSides[port]), loaded: make([]state.Vector, len(o.On))}
	for i, k := range o.On {
		s.places = append(s.places, k.Index[port])
		s.keys = append(s.keys, &s.loaded[i])
	}
	var err error
	s.rows, err = state.NewRows(n.Inputs[port].Source().Schema, o.Shows(n.Output(""), port))
	return s, err
}

// attach makes the store of the rows responsible for what is kept beside them; t has the keys.
func (s *joinInput) attach(t *state.Table) {
	s.rows.Refer(&s.key, t, 0)
	s.rows.Attach("key", &s.key)
	s.rows.Attach("time", &s.time)
}

// withoutKey lists the rows that have a null in their key.
func (s *joinInput) withoutKey(b *batch.Batch) []int32 {
	var lone []int32
	for k, at := range s.places {
		col := b.Record.Column(at)
		if col.NullN() == 0 {
			continue
		}
		for i := range b.Rows() {
			if row := b.Row(i); col.IsNull(row) {
				lone = append(lone, int32(row))
			}
		}
		if k > 0 {
			slices.Sort(lone)
			lone = slices.Compact(lone)
		}
	}
	return lone
}

// load loads the keys of the rows of b.
func (s *joinInput) load(b *batch.Batch) []*state.Vector {
	for k, at := range s.places {
		s.loaded[k].LoadKeys(b.Record.Column(at), b.Sel)
	}
	return s.keys
}

// joinSide is an input of a join whose kept rows stand in a chain for each key, in the order in which they came.
type joinSide struct {
	joinInput
	keep   int64 // how long after its event time a row can be matched, in microseconds
	timers *state.Timers

	first, last state.Fixed[int32] // by key: a row, plus one
	prev, next  state.Fixed[int32] // by row: its neighbours, plus one
	matched     state.Fixed[bool]  // by row: it has had a match

	found   []bool  // by row of the batch in hand: it has had a match
	settled []int32 // rows of which all is known since this batch
}

func newJoinSide(n *plan.Node, o *plan.Join, port int, t *state.Table) (*joinSide, error) {
	in, err := newJoinInput(n, o, port)
	if err != nil {
		return nil, err
	}
	s := &joinSide{joinInput: in}
	name := [2]string{"left", "right"}[port]
	t.Attach(name+"/first", &s.first)
	t.Attach(name+"/last", &s.last)
	t.Refer(&s.first, s.rows, 1)
	t.Refer(&s.last, s.rows, 1)
	s.attach(t)
	s.rows.Refer(&s.prev, s.rows, 1)
	s.rows.Refer(&s.next, s.rows, 1)
	s.rows.Attach("prev", &s.prev)
	s.rows.Attach("next", &s.next)
	s.rows.Attach("matched", &s.matched)
	return s, nil
}

// add keeps rows of a batch, keys being the slots of theirs.
func (s *joinSide) add(b *batch.Batch, rows, keys []int32, times []int64, timed bool) error {
	if len(rows) == 0 {
		return nil
	}
	slots, err := s.rows.Append(b.Record, rows)
	if err != nil {
		return err
	}
	for i, slot := range slots {
		row, key := rows[i], keys[i]
		s.key.V[slot], s.time.V[slot], s.matched.V[slot] = key, times[row], s.found[row]
		if before := s.last.V[key]; before == 0 {
			s.first.V[key] = slot + 1
		} else {
			s.prev.V[slot], s.next.V[before-1] = before, slot+1
		}
		s.last.V[key] = slot + 1
		if timed {
			s.timers.Set(times[row]+s.keep+1, slot)
		}
	}
	return nil
}

// unlink takes a row out of the chain of its key, and gives the key.
func (s *joinSide) unlink(slot int32) (key int32) {
	key = s.key.V[slot]
	prev, next := s.prev.V[slot], s.next.V[slot]
	if prev == 0 {
		s.first.V[key] = next
	} else {
		s.next.V[prev-1] = next
	}
	if next == 0 {
		s.last.V[key] = prev
	} else {
		s.prev.V[next-1] = prev
	}
	return key
}

// distinctSlots sorts slots and leaves out repetitions.
func distinctSlots(slots []int32) []int32 {
	slices.Sort(slots)
	return slices.Compact(slots)
}

// ascending gives rows in order, each once.
func ascending(rows []int32) []int32 {
	if !slices.IsSorted(rows) {
		slices.Sort(rows)
	}
	return slices.Compact(rows)
}

// zeroed gives a slice of n entries that are false.
func zeroed(s []bool, n int) []bool {
	s = resized(s, n)
	clear(s)
	return s
}
