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
