package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// pick is the first or the last value that is not null, in the order in which rows come.
type pick struct {
	last   bool
	values *state.Values
}

func newPick(last bool, of arrow.DataType) (*pick, error) {
	v, err := state.NewValues(of)
	return &pick{last: last, values: v}, err
}

// newPickByTime makes the value that is not null of the row with the earliest or the latest event time; of equal times the one that
// came first or last.
func newPickByTime(last bool, of arrow.DataType) (*extremumBy, error) {
	c, err := newExtremumBy(last, of, schema.Timestamp)
	if err == nil {
		c.by.latest = last
	}
	return c, err
}

func (c *pick) attach(t *state.Table, name string) { t.Attach(name, c.values) }

func (c *pick) add(slots []int32, x, _ *state.Vector) error {
	v := c.values
	for i, s := range slots {
		if c.last || v.Null(s) {
			v.Set(s, x, i)
		}
	}
	return nil
}

func (c *pick) merge(into, from []int32) error {
	v := c.values
	for i, f := range from {
		if s := into[i]; c.last && !v.Null(f) || !c.last && v.Null(s) {
			v.Move(s, f)
		}
	}
	return nil
}

func (c *pick) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	arr, err := c.values.Build(mem, slots)
	return arr, nil, err
}

func (c *pick) addSizes(sizes []int64, slots []int32) { c.values.AddSizes(sizes, slots) }
