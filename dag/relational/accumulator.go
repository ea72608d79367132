package relational

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/state"
)

// accumulator keeps what one aggregate call knows of each group, in columns of the table. Nulls never reach it, as in
// SQL: a group without any other value has the result null (a count 0, a collection no element).
type accumulator interface {
	// attach makes its columns part of the table.
	attach(t *state.Table, name string)
	// add takes the rows of a batch: slots has the group of each, x its argument (nil for count()), none of it null. Of
	// a call of two arguments x is the second, and y the first, which may be null.
	add(slots []int32, x, y *state.Vector) error
	// merge adds what was accumulated for from[i] to what was for into[i], one pair after the other, as if the rows of from[i]
	// had come behind those of into[i]. What is left at from[i] is of no use but to be removed.
	merge(into, from []int32) error
	// result makes a column of the groups at slots, which is the caller's; entries that cannot be computed fail.
	result(mem memory.Allocator, slots []int32) (arrow.Array, []batch.Failure, error)
}

// sizer is an accumulator whose results have no fixed size: it adds to sizes[i] what the result at slots[i] takes.
type sizer interface {
	addSizes(sizes []int64, slots []int32)
}

// newAccumulator makes what a call accumulates. Where it is timed, first and last take the event time as their second argument.
func newAccumulator(c expr.Call, timed bool) (accumulator, error) {
	var of []arrow.DataType
	for _, p := range c.Args {
		of = append(of, p.Type())
	}
	switch c.Func {
	case "count":
		return &count{}, nil
	case "count_distinct":
		return newDistinct(of[0])
	case "count_distinct_approx":
		return &estimate{}, nil
	case "sum", "avg":
		return newSum(c, of[0]), nil
	case "min", "max":
		return newExtremum(c.Func == "max", of[0])
	case "max_by", "min_by":
		return newExtremumBy(c.Func == "max_by", of[0], of[1])
	case "first", "last":
		if timed {
			return newPickByTime(c.Func == "last", of[0])
		}
		return newPick(c.Func == "last", of[0])
	case "any", "all":
		return &truth{all: c.Func == "all"}, nil
	case "collect":
		return newCollect(c, of[0])
	case "var", "stddev":
		return &variance{root: c.Func == "stddev", of: of[0]}, nil
	case "median":
		return newQuantile(c, of[0], 0.5)
	case "quantile":
		return newQuantile(c, of[0], c.Quantile)
	case "quantile_approx":
		return &quantileApprox{p: c.Quantile}, nil
	}
	return nil, fmt.Errorf("no aggregate %q", c.Func)
}
