package relational

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// quantileApprox is a quantile to within 1% of the value; see [state.Quantiles].
type quantileApprox struct {
	p      float64
	values state.Quantiles
}

func (c *quantileApprox) attach(t *state.Table, name string) { t.Attach(name, &c.values) }

func (c *quantileApprox) add(slots []int32, x, _ *state.Vector) error {
	c.values.Add(slots, x)
	return nil
}

func (c *quantileApprox) merge(into, from []int32) error {
	c.values.Merge(into, from)
	return nil
}

func (c *quantileApprox) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
	for i, s := range slots {
		v, ok := c.values.Quantile(s, c.p)
		words[i], nulls[i] = math.Float64bits(v), !ok
	}
	return state.ArrayOf(mem, schema.Float, words, nulls), nil, nil
}
