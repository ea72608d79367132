package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// estimate counts the different values, about; see [state.Estimates].
type estimate struct{ sets state.Estimates }

func (c *estimate) attach(t *state.Table, name string) { t.Attach(name, &c.sets) }

func (c *estimate) add(slots []int32, x, _ *state.Vector) error {
	c.sets.Add(slots, x)
	return nil
}

func (c *estimate) merge(into, from []int32) error {
	c.sets.Merge(into, from)
	return nil
}

func (c *estimate) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words := make([]uint64, len(slots))
	for i, s := range slots {
		words[i] = uint64(c.sets.Size(s))
	}
	return state.ArrayOf(mem, schema.Int, words, nil), nil, nil
}
