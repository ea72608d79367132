package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// truth is any or all of bools: whether one is true, or none is false.
type truth struct {
	all  bool
	seen state.Fixed[bool]
	hit  state.Fixed[bool] // any: one was true; all: one was false
}

func (c *truth) attach(t *state.Table, name string) {
	t.Attach(name+"/seen", &c.seen)
	t.Attach(name+"/hit", &c.hit)
}

func (c *truth) add(slots []int32, x, _ *state.Vector) error {
	seen, hit, words := c.seen.V, c.hit.V, x.Words[:len(slots)]
	for i, s := range slots {
		seen[s] = true
		if (words[i] != 0) != c.all {
			hit[s] = true
		}
	}
	return nil
}

func (c *truth) merge(into, from []int32) error {
	seen, hit := c.seen.V, c.hit.V
	for i, f := range from {
		seen[into[i]] = seen[into[i]] || seen[f]
		hit[into[i]] = hit[into[i]] || hit[f]
	}
	return nil
}

func (c *truth) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
	for i, s := range slots {
		if c.hit.V[s] != c.all {
			words[i] = 1
		}
		nulls[i] = !c.seen.V[s]
	}
	return state.ArrayOf(mem, schema.Bool, words, nulls), nil, nil
}
