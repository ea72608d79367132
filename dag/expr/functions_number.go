package expr

import (
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

func numberFunctions() []*function {
	i, f := schema.Int, schema.Float
	floats := func(name, signature, doc string, do func(float64) float64) *function {
		return &function{name: name, signature: signature, doc: doc, overloads: []overload{
			fn1(f, f, func(a any) (any, error) { return do(a.(float64)), nil }),
		}}
	}
	return []*function{
		{name: "abs", signature: "abs(x)", doc: "Without its sign: an int, float or duration. The smallest int has no positive and rejects the row.",
			overloads: []overload{
				fn1(i, i, func(a any) (any, error) { return absolute(a, a.(int64) < 0) }),
				fn1(f, f, func(a any) (any, error) { return math.Abs(a.(float64)), nil }),
				fn1(schema.Duration, schema.Duration, func(a any) (any, error) { return absolute(a, a.(micros) < 0) }),
			}},
		floats("ceil", "ceil(x)", "The next whole number upwards, as a float.", math.Ceil),
		floats("floor", "floor(x)", "The next whole number downwards, as a float.", math.Floor),
		floats("round", "round(x)", "The nearest whole number, halves away from zero, as a float.", math.Round),
		floats("sqrt", "sqrt(x)", "The square root; NaN of a negative number.", math.Sqrt),
		floats("log", "log(x)", "The natural logarithm; NaN of a negative number.", math.Log),
		floats("exp", "exp(x)", "e to the power of x.", math.Exp),
		{name: "pow", signature: "pow(x, y)", doc: "x to the power of y, as x ** y.", overloads: []overload{
			fnN(params(f, f), 0, f, func(a []any) (any, error) { return power(a[0], a[1]) }),
		}},
		{name: "max", signature: "max(x, y, ...)", doc: "The largest of the values, or of a list; null elements are skipped, and an empty list gives null.",
			special: extreme(more), least: 1, most: -1},
		{name: "min", signature: "min(x, y, ...)", doc: "The smallest of the values, or of a list; null elements are skipped, and an empty list gives null.",
			special: extreme(less), least: 1, most: -1},
		{name: "mean", signature: "mean(list)", doc: "The mean of a list or of several numbers; null elements are skipped, and an empty list gives 0.",
			special: statistic(mean), least: 1, most: -1},
		{name: "median", signature: "median(list)", doc: "The median of a list or of several numbers; null elements are skipped, and an empty list gives 0.",
			special: statistic(median), least: 1, most: -1},
	}
}

func absolute(a any, negative bool) (any, error) {
	if negative {
		return negate(a)
	}
	return a, nil
}

// extreme types min and max: of several values of one ordered type, or of the elements of lists.
func extreme(wins relation) func(c *checker, s *site) *Typed {
	pick := func(values []any) any {
		var best any
		for _, v := range values {
			if v == nil {
				continue
			}
			if best != nil {
				order, unordered := compareValues(v, best)
				if unordered || !wins.holds(order) {
					continue
				}
			}
			best = v
		}
		return best
	}
	return func(c *checker, s *site) *Typed {
		elem, ok := c.numbersOf(s, func(t arrow.DataType) bool { return isOrdered(t) }, "numbers, texts, times or lists of them")
		if !ok {
			return s.unknown(c)
		}
		lists := false
		for i, a := range s.args {
			if isList(a.Type) {
				lists = true
				s.args[i] = c.convert(a, listOf(elem))
			} else {
				s.args[i] = c.convert(a, elem)
			}
		}
		t := s.call(c, elem, strictly(func(args []any) (any, error) { return pick(spread(args)), nil }))
		t.Nullable = t.Nullable || lists
		return t
	}
}

// statistic types mean and median.
func statistic(compute func([]float64) float64) func(c *checker, s *site) *Typed {
	return func(c *checker, s *site) *Typed {
		if _, ok := c.numbersOf(s, isNumber, "numbers or lists of them"); !ok {
			return s.unknown(c)
		}
		for i, a := range s.args {
			if isList(a.Type) {
				s.args[i] = c.convert(a, listOf(schema.Float))
			} else {
				s.args[i] = c.convert(a, schema.Float)
			}
		}
		return s.call(c, schema.Float, strictly(func(args []any) (any, error) {
			var values []float64
			for _, v := range spread(args) {
				if v != nil {
					values = append(values, v.(float64))
				}
			}
			return compute(values), nil
		}))
	}
}

// numbersOf gives the common type of arguments and of the elements of arguments that are lists; what is said to be wanted
// goes into the message.
func (c *checker) numbersOf(s *site, fits func(arrow.DataType) bool, wanted string) (arrow.DataType, bool) {
	var common arrow.DataType = arrow.Null
	for i, a := range s.args {
		t := c.plain(a).Type
		s.args[i] = c.plain(a)
		if isList(t) {
			t = elemOf(t)
		}
		switch {
		case t == unknownType:
			return nil, false
		case isNullType(t):
			continue
		case !fits(t):
			c.badArgument(s, i, wanted)
			return nil, false
		}
		u, ok := commonType(common, t)
		if !ok {
			c.badArgument(s, i, article(typeWord(common))+", as the arguments before it")
			return nil, false
		}
		common = u
	}
	if isNullType(common) {
		common = schema.Float
	}
	return common, true
}

// spread lays the elements of lists among the values.
func spread(args []any) []any {
	if len(args) == 1 {
		if list, ok := args[0].([]any); ok {
			return list
		}
	}
	var out []any
	for _, a := range args {
		if list, ok := a.([]any); ok {
			out = append(out, list...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

func mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	slices.Sort(values)
	if n%2 == 1 {
		return values[n/2]
	}
	return (values[n/2-1] + values[n/2]) / 2
}
