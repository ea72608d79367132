package expr

import (
	"bytes"
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// mapFloats applies a function to every float.
func mapFloats(do func(float64) float64) builder {
	return strictOf(func(f *frame, args []column, out *column) {
		x, y := args[0].floats, f.floatsOut(out)
		for i := range y {
			y[i] = do(x[i])
		}
	})
}

// toFloats is int used as float.
func toFloats(f *frame, args []column, out *column) {
	x, y := args[0].ints, f.floatsOut(out)
	x = x[:len(y)]
	for i := range y {
		y[i] = float64(x[i])
	}
}

var convertFloats = light(strictOf(toFloats))

func planConvert(t *Typed, args []*compiled) *compiled { return convertFloats(t, args) }

// asFloats makes the int arguments of a node that computes floats into floats.
func asFloats(b builder) builder {
	return func(t *Typed, args []*compiled) *compiled {
		for i, a := range args {
			args[i] = floated(a)
		}
		return b(t, args)
	}
}

func floated(a *compiled) *compiled {
	if kindOf(a.typ) != kindInt {
		return a
	}
	s := &strict{args: []*compiled{a}, kind: kindFloat, takesOne: []bool{false}, loop: toFloats, vals: make([]column, 1)}
	return &compiled{kernel: s, typ: schema.Float, fallible: a.fallible, cheap: a.cheap}
}

// secondOne marks the second of two arguments as one of which the loop takes a single entry.
var secondOne = []bool{false, true}

// floatLoop is a loop over two columns of floats.
func floatLoop(do func(a, b []float64, one bool, out []float64)) builder {
	return light(asFloats(strictWith(secondOne, func(f *frame, args []column, out *column) {
		do(args[0].floats, args[1].floats, args[1].one, f.floatsOut(out))
	})))
}

// intLoop is a checked loop over two columns of integers. over says of one pair whether it overflowed.
func intLoop(do func(a, b []int64, one bool, out []int64) bool, over func(x, y int64) bool, why func(x, y int64) error) builder {
	return may(light(strictWith(secondOne, func(f *frame, args []column, out *column) {
		a, b := args[0].ints, args[1].ints
		if !do(a, b, args[1].one, f.intsOut(out)) {
			return
		}
		for i := range f.n {
			if y := b[args[1].at(i)]; over(a[i], y) && (out.nulls == nil || !out.nulls[i]) {
				f.fail(i, why(a[i], y))
			}
		}
	})))
}

// modInts is int % int.
func modInts(f *frame, args []column, out *column) {
	a, b, m := args[0].ints, args[1].ints, f.intsOut(out)
	for i := range m {
		if b[i] != 0 {
			m[i] = a[i] % b[i]
			continue
		}
		m[i] = 0
		if out.nulls == nil || !out.nulls[i] {
			f.fail(i, moduloByZero(a[i]))
		}
	}
}

// negInts is -int, and abs where only negative numbers change.
func negInts(onlyNegative bool) builder {
	return may(light(strictOf(func(f *frame, args []column, out *column) {
		a, n := args[0].ints, f.intsOut(out)
		for i := range n {
			x := a[i]
			if onlyNegative && x >= 0 {
				n[i] = x
				continue
			}
			n[i] = -x
			if x == math.MinInt64 && (out.nulls == nil || !out.nulls[i]) {
				f.fail(i, negOverflow())
			}
		}
	})))
}

func negFloats(f *frame, args []column, out *column) {
	a, n := args[0].floats, f.floatsOut(out)
	for i := range n {
		n[i] = -a[i]
	}
}

// planStatistic makes mean and median of single numbers.
func planStatistic(compute func([]float64) float64) func(t *Typed) builder {
	return func(t *Typed) builder {
		for _, a := range t.Args {
			if a.Type.ID() != arrow.FLOAT64 {
				return nil
			}
		}
		return strictOf(func(f *frame, args []column, out *column) {
			x, values := f.floatsOut(out), make([]float64, len(args))
			for i := range x {
				for j := range args {
					values[j] = args[j].floats[i]
				}
				x[i] = compute(values)
			}
		})
	}
}

// planExtreme makes min (less) and max (more) of single numbers, texts, times or durations. A value that does not compare, NaN,
// never wins over those before it.
func planExtreme(wins relation) func(t *Typed) builder {
	return func(t *Typed) builder {
		for _, a := range t.Args {
			if kindOf(a.Type) != kindOf(t.Type) {
				return nil
			}
		}
		switch kindOf(t.Type) {
		case kindInt:
			return light(strictOf(func(f *frame, args []column, out *column) {
				best := f.intsOut(out)
				copy(best, args[0].ints)
				for _, a := range args[1:] {
					keepBest(best, a.ints, wins)
				}
			}))
		case kindFloat:
			return light(strictOf(func(f *frame, args []column, out *column) {
				best := f.floatsOut(out)
				copy(best, args[0].floats)
				for _, a := range args[1:] {
					keepBest(best, a.floats, wins)
				}
			}))
		case kindText:
			return strictOf(func(f *frame, args []column, out *column) { bestTexts(f, args, out, wins) })
		}
		return nil
	}
}

func bestTexts(f *frame, args []column, out *column, wins relation) {
	w := f.newText()
	for i := range f.n {
		best := args[0].text.at(i)
		for _, a := range args[1:] {
			if b := a.text.at(i); wins.holds(bytes.Compare(b, best)) {
				best = b
			}
		}
		w.put(i, best)
	}
	out.text = w.done()
}

func keepBest[T number](best, x []T, wins relation) {
	x = x[:len(best)]
	if wins == less {
		for i := range best {
			if x[i] < best[i] {
				best[i] = x[i]
			}
		}
		return
	}
	for i := range best {
		if x[i] > best[i] {
			best[i] = x[i]
		}
	}
}
