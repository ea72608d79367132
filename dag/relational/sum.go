package relational

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/state"
)

// newSum makes sum or avg.
func newSum(c expr.Call, of arrow.DataType) accumulator {
	if of.ID() == arrow.FLOAT64 {
		return &floatSum{avg: c.Func == "avg", as: c.Type}
	}
	return &intSum{avg: c.Func == "avg", as: c.Type}
}

// intSum adds ints or durations in 128 bits. The sum itself cannot overflow; a result that does not fit is rejected.
type intSum struct {
	avg bool
	as  arrow.DataType
	sum state.Fixed[state.Int128]
	n   state.Fixed[int64]
}

func (c *intSum) attach(t *state.Table, name string) {
	t.Attach(name, &c.sum)
	t.Attach(name+"/n", &c.n)
}

func (c *intSum) add(slots []int32, x, _ *state.Vector) error {
	sum, n, words := c.sum.V, c.n.V, x.Words[:len(slots)]
	for i, s := range slots {
		sum[s] = sum[s].Add(int64(words[i]))
		n[s]++
	}
	return nil
}

func (c *intSum) merge(into, from []int32) error {
	sum, n := c.sum.V, c.n.V
	for i, f := range from {
		sum[into[i]] = sum[into[i]].Plus(sum[f])
		n[into[i]] += n[f]
	}
	return nil
}

func (c *intSum) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
	var failed []batch.Failure
	for i, s := range slots {
		n := c.n.V[s]
		if n == 0 {
			nulls[i] = true
			continue
		}
		if c.as.ID() == arrow.FLOAT64 {
			words[i] = math.Float64bits(c.float(s, n))
			continue
		}
		v, fits := c.whole(s, n)
		if !fits {
			nulls[i] = true
			failed = append(failed, batch.Failure{Row: int32(i), Reason: "the sum does not fit in 64 bits"})
		}
		words[i] = uint64(v)
	}
	return state.ArrayOf(mem, c.as, words, nulls), failed, nil
}

func (c *intSum) float(slot int32, n int64) float64 {
	if c.avg {
		return c.sum.V[slot].Float64() / float64(n)
	}
	return c.sum.V[slot].Float64()
}

func (c *intSum) whole(slot int32, n int64) (int64, bool) {
	if c.avg {
		return c.sum.V[slot].Div(n)
	}
	return c.sum.V[slot].Int64()
}

// floatSum adds floats in the order in which they come.
type floatSum struct {
	avg bool
	as  arrow.DataType
	sum state.Fixed[float64]
	n   state.Fixed[int64]
}

func (c *floatSum) attach(t *state.Table, name string) {
	t.Attach(name, &c.sum)
	t.Attach(name+"/n", &c.n)
}

func (c *floatSum) add(slots []int32, x, _ *state.Vector) error {
	sum, n, words := c.sum.V, c.n.V, x.Words[:len(slots)]
	for i, s := range slots {
		sum[s] += math.Float64frombits(words[i])
		n[s]++
	}
	return nil
}

func (c *floatSum) merge(into, from []int32) error {
	sum, n := c.sum.V, c.n.V
	for i, f := range from {
		sum[into[i]] += sum[f]
		n[into[i]] += n[f]
	}
	return nil
}

func (c *floatSum) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
	for i, s := range slots {
		v, n := c.sum.V[s], c.n.V[s]
		if c.avg {
			v /= float64(n)
		}
		words[i], nulls[i] = math.Float64bits(v), n == 0
	}
	return state.ArrayOf(mem, c.as, words, nulls), nil, nil
}
