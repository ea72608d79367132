package state

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// Set is a column of sets of values: a table of its own, keyed by slot and value. It is attached like any column.
type Set struct {
	table  *Table
	first  []int32      // by slot: where the last value of its set stands in table, plus one
	next   Fixed[int32] // by place in table: the one before it, plus one
	gone   []int32
	slots  Vector
	keys   [2]*Vector
	places []int32
	moved  Vector // values on their way from one set to another
	into   []int32
}

// NewSet makes empty sets of values of a type.
func NewSet(dt arrow.DataType) (*Set, error) {
	t, err := NewTable(schema.Int, dt)
	if err != nil {
		return nil, err
	}
	s := &Set{table: t}
	t.Attach("next", &s.next)
	return s, nil
}

// Grow implements Column.
func (s *Set) Grow(n int) { s.first = grow(s.first, n) }

// Reset implements Column.
func (s *Set) Reset(slots []int32) {
	s.gone = s.gone[:0]
	for _, slot := range slots {
		for e := s.first[slot]; e != 0; e = s.next.V[e-1] {
			s.gone = append(s.gone, e-1)
		}
		s.first[slot] = 0
	}
	s.table.Remove(s.gone)
}

// Clear implements Column.
func (s *Set) Clear() {
	s.first = empty(s.first)
	s.table.Clear()
}

// Bytes implements Column.
func (s *Set) Bytes() int64 { return s.table.Bytes() + sizeOf(s.first) }

// Attach makes the set's table responsible for a column that has an entry for each value of a set, at [Set.Places].
func (s *Set) Attach(name string, c Column) { s.table.Attach(name, c) }

// Places are where the values stand that Add was given last. They are valid until the next call of a method that changes the set.
func (s *Set) Places() []int32 { return s.places }

// Add puts each value of v, loaded as keys, into the set of its slot, and counts in sizes, by slot, those that were new.
func (s *Set) Add(slots []int32, v *Vector, sizes []int64) error {
	s.slots.LoadSlots(slots)
	s.keys = [2]*Vector{&s.slots, v}
	places, err := s.table.Slots(s.keys[:], len(slots), s.places)
	s.places = places
	if err != nil {
		return err
	}
	for _, i := range s.table.Fresh() {
		slot, place := slots[i], places[i]
		s.next.V[place], s.first[slot] = s.first[slot], place+1
		sizes[slot]++
	}
	return nil
}

// Merge puts the values of the set of from[i] into that of into[i], and leaves an empty one, one pair after the other; sizes,
// by slot, follow. moved, nil for none, is told of each pair where its values stood and where they stand now; what is attached is
// still there at both.
func (s *Set) Merge(into, from []int32, sizes []int64, moved func(into int32, from, to []int32)) error {
	for i, f := range from {
		s.gone = s.gone[:0]
		for e := s.first[f]; e != 0; e = s.next.V[e-1] {
			s.gone = append(s.gone, e-1)
		}
		if len(s.gone) == 0 {
			continue
		}
		s.moved.loadKept(s.table.Key(1), s.gone)
		s.into = resize(s.into, len(s.gone))
		for j := range s.into {
			s.into[j] = into[i]
		}
		if err := s.Add(s.into, &s.moved, sizes); err != nil {
			return err
		}
		if moved != nil {
			moved(into[i], s.gone, s.places)
		}
		s.first[f], sizes[f] = 0, 0
		s.table.Remove(s.gone)
	}
	return nil
}
