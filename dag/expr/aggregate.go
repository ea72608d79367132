package expr

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// aggregate is an entry of the table of aggregates. Each has a form NAME_if, whose last argument is a condition.
type aggregate struct {
	name      string
	signature string
	doc       string
	args      int                                 // of count: none or one
	wants     func(t arrow.DataType) bool         // of the first argument
	wanted    string                              // the same in words
	float     bool                                // the first argument is computed as a float
	share     bool                                // the second argument is a literal from 0 to 1
	result    func(arrow.DataType) arrow.DataType // of the first argument's type
	nullable  bool                                // a group without a value that is not null gives null
}

// aggregates is the table by name.
var aggregates = map[string]*aggregate{}

func init() {
	any := func(t arrow.DataType) bool { return true }
	itself := func(t arrow.DataType) arrow.DataType { return t }
	always := func(t arrow.DataType) func(arrow.DataType) arrow.DataType {
		return func(arrow.DataType) arrow.DataType { return t }
	}
	isBool := func(t arrow.DataType) bool { return t.ID() == arrow.BOOL }
	summable := func(t arrow.DataType) bool { return isNumber(t) || t.ID() == arrow.DURATION }
	const numbers, ordered = "a number", "a number, text or time"
	for _, a := range []*aggregate{
		{name: "count", signature: "count([x])", doc: "How many rows there are, or rows where x is not null.", args: 1, wants: any, result: always(schema.Int)},
		{name: "count_distinct", signature: "count_distinct(x)", doc: "How many different values x has; null is none.", args: 1, wants: any, result: always(schema.Int)},
		{name: "count_distinct_approx", signature: "count_distinct_approx(x)", doc: "About how many different values x has: as good as exact up to 3,072, then with a standard error of 0.8% and at most 16 KiB for a group.", args: 1, wants: any, result: always(schema.Int)},
		{name: "sum", signature: "sum(x)", doc: "The sum of numbers or durations. A sum of ints that does not fit rejects the output row.", args: 1, wants: summable, wanted: "a number or a duration", result: itself, nullable: true},
		{name: "avg", signature: "avg(x)", doc: "The mean of numbers.", args: 1, wants: isNumber, wanted: numbers, float: true, result: always(schema.Float), nullable: true},
		{name: "min", signature: "min(x)", doc: "The smallest value.", args: 1, wants: isOrdered, wanted: ordered, result: itself, nullable: true},
		{name: "max", signature: "max(x)", doc: "The largest value.", args: 1, wants: isOrdered, wanted: ordered, result: itself, nullable: true},
		{name: "first", signature: "first(x)", doc: "The first value that is not null: by event time where rows have it (of equal times the one that came first), else as they come.", args: 1, wants: any, result: itself, nullable: true},
		{name: "last", signature: "last(x)", doc: "The last value that is not null: by event time where rows have it (of equal times the one that came last), else as they come.", args: 1, wants: any, result: itself, nullable: true},
		{name: "any", signature: "any(x)", doc: "Whether x is true in some row.", args: 1, wants: isBool, wanted: "a bool", result: always(schema.Bool), nullable: true},
		{name: "all", signature: "all(x)", doc: "Whether x is true in every row where it is not null.", args: 1, wants: isBool, wanted: "a bool", result: always(schema.Bool), nullable: true},
		{name: "collect", signature: "collect(x)", doc: "The list of values that are not null, in the order in which they came.", args: 1, wants: any, result: listOf},
		{name: "stddev", signature: "stddev(x)", doc: "The standard deviation of a sample.", args: 1, wants: isNumber, wanted: numbers, float: true, result: always(schema.Float), nullable: true},
		{name: "var", signature: "var(x)", doc: "The variance of a sample.", args: 1, wants: isNumber, wanted: numbers, float: true, result: always(schema.Float), nullable: true},
		{name: "median", signature: "median(x)", doc: "The median of numbers. It keeps every value.", args: 1, wants: isNumber, wanted: numbers, float: true, result: always(schema.Float), nullable: true},
		{name: "quantile", signature: "quantile(x, p)", doc: "The value below which the share p (0 to 1) of numbers lies; between two values it lies in proportion. It keeps every value.", args: 2, wants: isNumber, wanted: numbers, float: true, share: true, result: always(schema.Float), nullable: true},
		{name: "quantile_approx", signature: "quantile_approx(x, p)", doc: "The quantile to within 1% of the value, from counts in bins: 115 of 8 bytes for each power of ten that the values span.", args: 2, wants: isNumber, wanted: numbers, float: true, share: true, result: always(schema.Float), nullable: true},
		{name: "max_by", signature: "max_by(x, y)", doc: "The x of the row with the largest y.", args: 2, wants: any, result: itself, nullable: true},
		{name: "min_by", signature: "min_by(x, y)", doc: "The x of the row with the smallest y.", args: 2, wants: any, result: itself, nullable: true},
	} {
		aggregates[a.name] = a
	}
}

// aggregateNames are the names of the table, sorted.
func aggregateNames() []string {
	var names []string
	for n := range aggregates {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// aggregateOf gives the entry of a name with or without _if; nil: it names none.
func aggregateOf(name string) (a *aggregate, conditional bool) {
	if a := aggregates[name]; a != nil {
		return a, false
	}
	base, ok := strings.CutSuffix(name, "_if")
	if !ok {
		return nil, false
	}
	return aggregates[base], true
}

// isAggregateCall reports whether a call in `take` is an aggregate: min and max of several arguments are functions of one row.
func isAggregateCall(name string, args int) bool {
	a, _ := aggregateOf(name)
	return a != nil && (args < 2 || name != "min" && name != "max")
}
