package expr

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// literalList gives the elements of a list that was written out in the text, none of them null.
func literalList(t *Typed) ([]any, bool) {
	if t.Form != FormMachine || t.Name != "list" {
		return nil, false
	}
	list, ok := t.Value.([]any)
	return list, ok
}

// bounds gives the two ends of a range of integers that is asked whether it holds an integer.
func bounds(t *Typed) ([]*Typed, bool) {
	between := t.Args[1]
	ok := t.Args[0].Type.ID() == arrow.INT64 && between.Form == FormBinary && between.Name == ".."
	return between.Args, ok
}

// betweenInts is `x in from..to`, which makes no list.
func betweenInts(f *frame, args []column, out *column) {
	x, from, to, in := args[0].ints, args[1], args[2], f.boolsOut(out)
	for i := range in {
		in[i] = from.ints[from.at(i)] <= x[i] && x[i] <= to.ints[to.at(i)]
	}
}

// planIn makes `x in [1, 2, 3]` and `x in from..to`.
func planIn(t *Typed) builder {
	if _, ok := bounds(t); ok {
		return light(strictWith([]bool{false, true, true}, betweenInts))
	}
	list, ok := literalList(t.Args[1])
	if !ok {
		return planInside(t)
	}
	var find func(f *frame, c column, out []bool)
	switch kindOf(t.Args[0].Type) {
	case kindBool:
		find = findIn(list, func(v any) bool { return v.(bool) }, func(c *column) []bool { return c.bools })
	case kindInt:
		date := t.Args[0].Type.ID() == arrow.DATE32
		find = findIn(list, func(v any) int64 { return intOf(v, date) }, func(c *column) []int64 { return c.ints })
	case kindFloat:
		find = findIn(list, func(v any) float64 { return v.(float64) }, func(c *column) []float64 { return c.floats })
	case kindText:
		find = findTextIn(list)
	default:
		return nil
	}
	loop := strictOf(func(f *frame, args []column, out *column) { find(f, args[0], f.boolsOut(out)) })
	return light(func(t *Typed, args []*compiled) *compiled { return loop(t, args[:1]) })
}

// fewLiterals is up to how many elements a list is searched one by one.
const fewLiterals = 8

func findIn[T comparable](list []any, value func(any) T, entries func(*column) []T) func(*frame, column, []bool) {
	wanted := make([]T, len(list))
	set := make(map[T]struct{}, len(list))
	for i, v := range list {
		wanted[i] = value(v)
		set[wanted[i]] = struct{}{}
	}
	return func(_ *frame, c column, out []bool) {
		in := entries(&c)[:len(out)]
		if len(wanted) > fewLiterals {
			for i, x := range in {
				_, out[i] = set[x]
			}
			return
		}
		for i, x := range in {
			found := false
			for _, w := range wanted {
				found = found || x == w
			}
			out[i] = found
		}
	}
}

func findTextIn(list []any) func(*frame, column, []bool) {
	wanted := make([]string, len(list))
	set := make(map[string]struct{}, len(list))
	for i, v := range list {
		switch v := v.(type) {
		case string:
			wanted[i] = v
		case []byte:
			wanted[i] = string(v)
		}
		set[wanted[i]] = struct{}{}
	}
	var short []matcher
	for _, w := range wanted {
		if len(w) <= 8 {
			short = append(short, newMatcher([]byte(w)))
		}
	}
	return func(_ *frame, c column, out []bool) {
		if len(short) == len(wanted) && len(wanted) <= fewLiterals {
			testAny(short, c.text, out)
			return
		}
		if len(wanted) > fewLiterals {
			for i := range out {
				_, out[i] = set[string(c.text.at(i))]
			}
			return
		}
		for i := range out {
			b, found := c.text.at(i), false
			for _, w := range wanted {
				if string(b) == w {
					found = true
					break
				}
			}
			out[i] = found
		}
	}
}

// intOf is a literal as an integer column holds it.
func intOf(v any, date bool) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case time.Time:
		if date {
			return int64(dateOf(v))
		}
		return v.UnixMicro()
	case time.Duration:
		return int64(microsOf(v))
	case micros:
		return int64(v)
	}
	panic("expr: literal that is no integer")
}
