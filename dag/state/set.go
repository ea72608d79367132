package state

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// Set is a column of sets of values: a table of its own, keyed by slot and value. It is attached like any column.
type Set struct {
	table  *Table
	slots  Vector
	keys   [2]*Vector
	places []int32
}

// NewSet makes empty sets of values of a type.
func NewSet(dt arrow.DataType) (*Set, error) {
	t, err := NewTable(schema.Int, dt)
	if err != nil {
		return nil, err
	}
	return &Set{table: t}, nil
}

// Grow implements Column.
func (s *Set) Grow(int) {}

// Clear implements Column.
func (s *Set) Clear() { s.table.Clear() }

// Bytes implements Column.
func (s *Set) Bytes() int64 { return s.table.Bytes() }

// Add puts each value of v, loaded as keys, into the set of its slot, and counts in sizes, by slot, those that were new.
func (s *Set) Add(slots []int32, v *Vector, sizes []int64) error {
	s.slots.LoadSlots(slots)
	s.keys = [2]*Vector{&s.slots, v}
	before := s.table.Len()
	places, err := s.table.Slots(s.keys[:], len(slots), s.places)
	s.places = places
	if err != nil {
		return err
	}
	for _, slot := range s.table.keys[0].words[before:] {
		sizes[slot]++
	}
	return nil
}
