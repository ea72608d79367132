package expr

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// chainKernel is arithmetic of one float and constants, as in temp * 9 / 5 + 32: all steps are done for a piece of the column
// that stays in the processor's nearest cache, before the next piece is touched.
type chainKernel struct {
	base  *compiled
	steps []step
}

// step is one operation with a constant.
type step struct {
	op byte // '+', '*', '/', and 's' and 'd': the constant minus, or divided by, the value
	by float64
	// Of several steps that are done at once: 'M' is * + and 'D' is / +, 'S' is * / +.
	then, last float64
}

// chainPiece is how many entries are a piece.
const chainPiece = 512

// planChain makes arithmetic of a float and a literal; nil: it is none.
func planChain(t *Typed) builder {
	if len(t.Name) != 1 || !t.numeric() || t.Type.ID() != arrow.FLOAT64 {
		return nil
	}
	of, s := 0, step{op: t.Name[0]}
	literal, ok := t.Args[1].number()
	if !ok {
		if literal, ok = t.Args[0].number(); !ok {
			return nil
		}
		of = 1
		switch s.op {
		case '-':
			s.op = 's'
		case '/':
			s.op = 'd'
		}
	}
	if s.op == '/' {
		// Division by a power of two is multiplication by its inverse, to the last bit.
		if fraction, exponent := math.Frexp(literal); (fraction == 0.5 || fraction == -0.5) && exponent > -1000 && exponent < 1000 {
			s.op, literal = '*', 1/literal
		}
	}
	if s.op == '-' { // which is to add what is negative, to the last bit
		s.op, literal = '+', -literal
	}
	s.by = literal
	return light(func(_ *Typed, args []*compiled) *compiled {
		k := &chainKernel{base: args[of], steps: []step{s}}
		if inner, ok := args[of].kernel.(*chainKernel); ok {
			k.base, k.steps = inner.base, joinSteps(append([]step{}, inner.steps...), s)
		}
		return &compiled{kernel: k}
	})
}

// joinSteps adds a step to others. Steps that are done at once need the numbers to be read and written once.
func joinSteps(steps []step, s step) []step {
	last := &steps[len(steps)-1]
	switch {
	case last.op == '*' && s.op == '+':
		*last = step{op: 'M', by: last.by, then: s.by}
	case last.op == '/' && s.op == '+' && len(steps) > 1 && steps[len(steps)-2].op == '*':
		steps = steps[:len(steps)-1]
		steps[len(steps)-1] = step{op: 'S', by: steps[len(steps)-1].by, then: last.by, last: s.by}
	case last.op == '/' && s.op == '+':
		*last = step{op: 'D', by: last.by, then: s.by}
	default:
		steps = append(steps, s)
	}
	return steps
}

// number is a literal as a float.
func (t *Typed) number() (float64, bool) {
	if t.Form != FormLiteral {
		return 0, false
	}
	switch v := t.Value.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	}
	return 0, false
}

func (k *chainKernel) eval(f *frame) column { return k.evalInto(f, column{}) }

func (k *chainKernel) evalInto(f *frame, into column) column {
	c := k.base.eval(f)
	if c.allNull() {
		return nullColumn(kindFloat)
	}
	n := f.n
	if c.one {
		n = 1
	}
	out := column{kind: kindFloat, one: c.one, nulls: c.nulls}
	if into.floats != nil && !c.one {
		out.floats = into.floats[:n]
	} else {
		out.floats = f.e.scratch.floats.get(n)
	}
	for from := 0; from < n; from += chainPiece {
		to := min(from+chainPiece, n)
		piece := out.floats[from:to]
		var in []float64
		if c.kind == kindInt {
			for i, v := range c.ints[from:to] {
				piece[i] = float64(v)
			}
			in = piece
		} else {
			in = c.floats[from:to]
		}
		for _, s := range k.steps {
			s.do(piece, in)
			in = piece
		}
	}
	return out
}

// do writes the step's results of in to out, which may be the same.
func (s step) do(out, in []float64) {
	in = in[:len(out)]
	by := s.by
	switch s.op {
	case '+':
		for i, x := range in {
			out[i] = x + by
		}
	case '*':
		for i, x := range in {
			out[i] = x * by
		}
	case '/':
		for i, x := range in {
			out[i] = x / by
		}
	case 'M': // the conversions keep the compiler from rounding once for both operations
		for i, x := range in {
			out[i] = float64(x*by) + s.then
		}
	case 'D':
		for i, x := range in {
			out[i] = x/by + s.then
		}
	case 'S':
		for i, x := range in {
			out[i] = float64(x*by)/s.then + s.last
		}
	case 's':
		for i, x := range in {
			out[i] = by - x
		}
	case 'd':
		for i, x := range in {
			out[i] = by / x
		}
	}
}
