package relational

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// lookupTable is what a lookup holds of its file or table. Once it is sealed only scratch memory of it changes.
type lookupTable struct {
	of    *lookupColumns
	keys  *state.Table
	taken []*state.Values // by slot, and behind the last slot a null; nil: nobody reads the column
	texts bool            // some that are taken differ in size

	rows, twice, keyless int64 // of what was read: all, of a key that came before, without a key

	vectors []state.Vector
	vector  state.Vector
	load    []*state.Vector
	slots   []int32
}

func newLookupTable(c *lookupColumns) (*lookupTable, error) {
	s := schema.Plain(c.schema)
	t := &lookupTable{of: c, taken: make([]*state.Values, len(c.taken)), vectors: make([]state.Vector, len(c.on))}
	var types []arrow.DataType
	for i, at := range c.on {
		types = append(types, s.Field(at).Type)
		t.load = append(t.load, &t.vectors[i])
	}
	var err error
	if t.keys, err = state.NewTable(types...); err != nil {
		return nil, err
	}
	for i, at := range c.taken {
		if !c.reads(i) {
			continue
		}
		if t.taken[i], err = state.NewValues(s.Field(at).Type); err != nil {
			return nil, err
		}
		t.texts = t.texts || t.taken[i].Kind != state.Word
		t.keys.Attach("taken/"+c.o.Take[i].Name.Value, t.taken[i])
	}
	return t, nil
}

// add takes in rows, whose columns are those that the lookup reads.
func (t *lookupTable) add(rec arrow.RecordBatch) error {
	n := int(rec.NumRows())
	if t.rows += int64(n); t.rows > t.of.o.MaxRows {
		return fmt.Errorf("it has more than %d rows, and all of them would be held in memory: max_rows says how many may be", t.of.o.MaxRows)
	}
	rows := t.withKey(rec)
	if rows != nil {
		t.keyless += int64(n - len(rows))
		n = len(rows)
	}
	for i, at := range t.of.on {
		t.vectors[i].LoadKeys(rec.Column(at), rows)
	}
	before := t.keys.Len()
	var err error
	if t.slots, err = t.keys.Slots(t.load, n, t.slots); err != nil {
		return err
	}
	t.twice += int64(n - (t.keys.Len() - before))
	for i, at := range t.of.taken {
		if t.taken[i] == nil {
			continue
		}
		t.vector.Load(rec.Column(at), rows)
		for j, s := range t.slots {
			t.taken[i].Set(s, &t.vector, j)
		}
	}
	return nil
}

// withKey lists the rows of which no key is null; nil: all.
func (t *lookupTable) withKey(rec arrow.RecordBatch) []int32 {
	nulls := 0
	for _, at := range t.of.on {
		nulls += rec.Column(at).NullN()
	}
	if nulls == 0 {
		return nil
	}
	rows := make([]int32, 0, rec.NumRows())
next:
	for row := range int(rec.NumRows()) {
		for _, at := range t.of.on {
			if rec.Column(at).IsNull(row) {
				continue next
			}
		}
		rows = append(rows, int32(row))
	}
	return rows
}

// seal ends the loading.
func (t *lookupTable) seal() {
	for _, c := range t.taken {
		if c != nil {
			c.Grow(t.keys.Len() + 1)
		}
	}
	t.vectors, t.vector, t.load, t.slots = nil, state.Vector{}, nil, nil
}

// none is the slot of what was not found: its values are null.
func (t *lookupTable) none() int32 { return int32(t.keys.Len()) }

func (t *lookupTable) bytes() int64 { return t.keys.Bytes() }
