package relational

import (
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/state"
)

// quantile is exact: it keeps all values, 12 bytes each, and sorts those of a group when the group is emitted. Between two
// values it interpolates linearly, as Spark's percentile does. NaN is greater than every number.
type quantile struct {
	p     float64
	as    arrow.DataType
	float bool // the values are
	lists *state.Lists

	places []int32
	order  []int64
}

func newQuantile(c expr.Call, of arrow.DataType, p float64) (*quantile, error) {
	lists, err := state.NewLists(of)
	return &quantile{p: p, as: c.Type, float: of.ID() == arrow.FLOAT64, lists: lists}, err
}

func (c *quantile) attach(t *state.Table, name string) { t.Attach(name, c.lists) }

func (c *quantile) add(slots []int32, x, _ *state.Vector) error { return c.lists.Append(slots, x) }

func (c *quantile) merge(into, from []int32) error {
	c.lists.Merge(into, from)
	return nil
}

func (c *quantile) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
	values := c.lists.Values()
	for i, s := range slots {
		c.places, c.order = c.lists.Places(c.places[:0], s), c.order[:0]
		for _, place := range c.places {
			c.order = append(c.order, state.OrderOf(values.Word(place), c.float))
		}
		if nulls[i] = len(c.order) == 0; nulls[i] {
			continue
		}
		slices.Sort(c.order)
		at := c.p * float64(len(c.order)-1)
		below := int(at)
		words[i] = c.between(c.order[below], c.order[min(below+1, len(c.order)-1)], at-float64(below))
	}
	return state.ArrayOf(mem, c.as, words, nulls), nil, nil
}

// between gives the value that lies a part of the way from one to another.
func (c *quantile) between(lo, hi int64, part float64) uint64 {
	if c.as.ID() != arrow.FLOAT64 {
		return uint64(lo + int64(math.Round(part*(float64(hi)-float64(lo)))))
	}
	x, y := c.number(lo), c.number(hi)
	if part == 0 || x == y {
		return math.Float64bits(x)
	}
	return math.Float64bits((1-part)*x + part*y)
}

func (c *quantile) number(order int64) float64 {
	if c.float {
		return math.Float64frombits(state.WordOf(order, true))
	}
	return float64(order)
}
