package relational

import (
	"context"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// lookupRows is where the rows of a lookup are: a file or a table of a database. Its methods are called one at a time, also by other goroutines
// than the operator's.
type lookupRows interface {
	// changed reports whether there may be other rows than those of the last load.
	changed(ctx context.Context) (bool, error)
	// load reads all rows. What is wrong with any of them is an error.
	load(ctx context.Context) (*lookupTable, error)
	// passes reports whether an error may pass by itself; cause is what it is in few different words.
	passes(err error) (cause string, yes bool)
	// patience is how long the first load is tried again.
	patience() time.Duration
	// near says that reading takes no longer than its rows need: nobody who does not answer has a part in it.
	near() bool
}

// lookupColumns are the columns that a lookup reads.
type lookupColumns struct {
	o     *plan.Lookup
	rt    op.Runtime
	reads func(i int) bool // of the columns that are taken
	// The columns that are named, whether each of them is to be built, and where those of keys and taken ones are. The others may be or
	// become anything.
	schema    *arrow.Schema
	want      []bool
	on, taken []int
}

// newLookupColumns finds the columns to read. With only, those that nobody reads are left out.
func newLookupColumns(o *plan.Lookup, rt op.Runtime, reads func(i int) bool, only bool) *lookupColumns {
	c := &lookupColumns{o: o, rt: rt, reads: reads}
	var fields []arrow.Field
	place := map[int]int{}
	add := func(of int, want bool) int {
		if only && !want {
			return -1
		}
		at, known := place[of]
		if !known {
			at = len(fields)
			place[of] = at
			fields, c.want = append(fields, o.Schema.Field(of)), append(c.want, false)
		}
		c.want[at] = c.want[at] || want
		return at
	}
	for _, k := range o.On {
		c.on = append(c.on, add(k.Of, true))
	}
	for i, t := range o.Take {
		c.taken = append(c.taken, add(t.Of, reads(i)))
	}
	c.schema = arrow.NewSchema(fields, nil)
	return c
}

// loaded ends a load, and says which rows are left out.
func (c *lookupColumns) loaded(t *lookupTable) {
	t.seal()
	what := c.o.What()
	if t.twice > 0 {
		c.rt.WarnEvery("twice", "keys stand several times in the "+what+": the last row of each holds", what, c.o.Place(), "rows_left_out", t.twice)
	}
	if t.keyless > 0 {
		c.rt.WarnEvery("keyless", "rows of the "+what+" have a null in the key: they match nothing", what, c.o.Place(), "rows_left_out", t.keyless)
	}
}
