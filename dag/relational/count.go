package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// count counts rows, or the values that are not null.
type count struct{ n state.Fixed[int64] }

func (c *count) attach(t *state.Table, name string) { t.Attach(name, &c.n) }

func (c *count) add(slots []int32, _, _ *state.Vector) error {
	n := c.n.V
	for _, s := range slots {
		n[s]++
	}
	return nil
}

func (c *count) merge(into, from []int32) error {
	n := c.n.V
	for i, f := range from {
		n[into[i]] += n[f]
	}
	return nil
}

func (c *count) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words := make([]uint64, len(slots))
	for i, s := range slots {
		words[i] = uint64(c.n.V[s])
	}
	return state.ArrayOf(mem, schema.Int, words, nil), nil, nil
}

// distinct counts the different values.
type distinct struct {
	count
	set *state.Set
}

func newDistinct(of arrow.DataType) (*distinct, error) {
	set, err := state.NewSet(of)
	return &distinct{set: set}, err
}

func (d *distinct) attach(t *state.Table, name string) {
	d.count.attach(t, name)
	t.Attach(name+"/values", d.set)
}

func (d *distinct) add(slots []int32, x, _ *state.Vector) error { return d.set.Add(slots, x, d.n.V) }

func (d *distinct) merge(into, from []int32) error { return d.set.Merge(into, from, d.n.V) }
