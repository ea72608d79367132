package relational

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// variance is the sample variance, or its root the standard deviation, by Welford's method, which does not cancel. Of
// fewer than two values it is null.
type variance struct {
	root bool
	of   arrow.DataType
	n    state.Fixed[int64]
	mean state.Fixed[float64]
	m2   state.Fixed[float64] // sum of squared distances from the mean
}

func (c *variance) attach(t *state.Table, name string) {
	t.Attach(name+"/n", &c.n)
	t.Attach(name+"/mean", &c.mean)
	t.Attach(name+"/m2", &c.m2)
}

func (c *variance) add(slots []int32, x, _ *state.Vector) error {
	n, mean, m2, words := c.n.V, c.mean.V, c.m2.V, x.Words[:len(slots)]
	float := c.of.ID() == arrow.FLOAT64
	for i, s := range slots {
		v := float64(int64(words[i]))
		if float {
			v = math.Float64frombits(words[i])
		}
		n[s]++
		d := v - mean[s]
		mean[s] += d / float64(n[s])
		m2[s] += d * (v - mean[s])
	}
	return nil
}

// merge follows Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances" (1979).
func (c *variance) merge(into, from []int32) error {
	n, mean, m2 := c.n.V, c.mean.V, c.m2.V
	for i, f := range from {
		s := into[i]
		switch {
		case n[f] == 0:
		case n[s] == 0:
			n[s], mean[s], m2[s] = n[f], mean[f], m2[f]
		default:
			a, b := float64(n[s]), float64(n[f])
			d := mean[f] - mean[s]
			n[s] += n[f]
			mean[s] += d * (b / (a + b))
			m2[s] += m2[f] + d*d*(a*b/(a+b))
		}
	}
	return nil
}

func (c *variance) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	words, nulls := make([]uint64, len(slots)), make([]bool, len(slots))
	for i, s := range slots {
		v := c.m2.V[s] / float64(c.n.V[s]-1)
		if c.root {
			v = math.Sqrt(v)
		}
		words[i], nulls[i] = math.Float64bits(v), c.n.V[s] < 2
	}
	return state.ArrayOf(mem, schema.Float, words, nulls), nil, nil
}
