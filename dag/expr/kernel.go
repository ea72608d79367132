package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
)

// kernel computes a column for all rows of a frame. A kernel belongs to one Evaluator and may keep scratch of its own.
type kernel interface {
	eval(f *frame) column
}

// selector is a kernel of truths that finds the true entries of a frame faster than by way of a column of truths.
// Entries of rows that failed may be among them.
type selector interface {
	selected(f *frame) []int32
}

// writer is a kernel of numbers that can write them where they are wanted, in the slice of into that has its kind, instead of
// a slice of its own. It need not do so.
type writer interface {
	evalInto(f *frame, into column) column
}

// compiled is a kernel with what its parents want to know.
type compiled struct {
	kernel
	typ arrow.DataType
	// fallible: it may reject rows, and so must not be computed for rows that do not ask for it.
	fallible bool
	// cheap: computing it for rows that do not ask for it costs less than leaving them out.
	cheap bool
}

// nullColumn is a null that stands for all rows.
func nullColumn(k kind) column {
	c := column{kind: k, one: true, nulls: []bool{true}}
	switch k {
	case kindBool:
		c.bools = []bool{false}
	case kindInt:
		c.ints = []int64{0}
	case kindFloat:
		c.floats = []float64{0}
	case kindText:
		c.text = text{start: []int32{0}, end: []int32{0}}
	}
	return c
}

// strict computes an operator or function of which a null argument gives null. Its arguments are computed first, from left to
// right.
type strict struct {
	args []*compiled
	kind kind // of the result
	// takesOne says of each argument whether the loop has a case for a single entry; the others are filled out first.
	takesOne []bool
	// loop computes all entries; out has its kind and its nulls, under which any value will do.
	loop func(f *frame, args []column, out *column)
	vals []column
}

func (k *strict) eval(f *frame) column { return k.evalInto(f, column{}) }

func (k *strict) evalInto(f *frame, into column) column {
	single, null := true, false
	for i, a := range k.args {
		k.vals[i] = a.eval(f)
		single = single && k.vals[i].one
		null = null || k.vals[i].allNull()
	}
	if null {
		return nullColumn(k.kind)
	}
	g := f
	if single {
		g = f.single()
	}
	out := column{kind: k.kind}
	if !single {
		out.ints, out.floats = into.ints, into.floats
	}
	for i := range k.vals {
		out.nulls = g.joinNulls(out.nulls, k.vals[i])
		switch {
		case single:
			k.vals[i].one = k.takesOne[i]
		case !k.takesOne[i]:
			k.vals[i] = f.full(k.vals[i])
		}
	}
	k.loop(g, k.vals, &out)
	clear(k.vals)
	out.one = single
	return out
}
