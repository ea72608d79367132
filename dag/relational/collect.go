package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// collect is the list of all values that are not null, in the order in which they came. It keeps every value; a list that is
// too long for one row of a batch ends the run.
type collect struct {
	as    *arrow.ListType
	lists *state.Lists
}

func newCollect(c expr.Call, of arrow.DataType) (*collect, error) {
	lists, err := state.NewLists(of)
	if err != nil {
		return nil, err
	}
	as, ok := c.Type.(*arrow.ListType)
	if !ok {
		as = schema.List(of).(*arrow.ListType)
	}
	return &collect{as: as, lists: lists}, nil
}

func (c *collect) attach(t *state.Table, name string) { t.Attach(name, c.lists) }

func (c *collect) add(slots []int32, x, _ *state.Vector) error { return c.lists.Append(slots, x) }

func (c *collect) merge(into, from []int32) error {
	c.lists.Merge(into, from)
	return nil
}

func (c *collect) result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error) {
	arr, err := c.lists.Build(mem, c.as, slots)
	return arr, nil, err
}

func (c *collect) addSizes(sizes []int64, slots []int32) { c.lists.AddSizes(sizes, slots) }
