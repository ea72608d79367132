package expr

import (
	"math"
	"math/bits"
)

// The loops of arithmetic. All write to every entry; integers that do not fit go to overflowed, which tells a row that failed
// from one whose value does not matter because it is null.

func (f *frame) intsOut(out *column) []int64 {
	if out.ints == nil {
		out.ints = f.e.scratch.ints.get(f.n)
	}
	return out.ints
}

func (f *frame) floatsOut(out *column) []float64 {
	if out.floats == nil {
		out.floats = f.e.scratch.floats.get(f.n)
	}
	return out.floats
}

func (f *frame) boolsOut(out *column) []bool {
	out.bools = f.e.scratch.bools.get(f.n)
	return out.bools
}

// addInts leaves the sums in out and reports whether some entry overflowed, null or not. one: b has a single entry.
func addInts(a, b []int64, one bool, out []int64) (overflow bool) {
	a = a[:len(out)]
	var bad int64
	if one {
		y := b[0]
		for i, x := range a {
			s := x + y
			bad |= (x ^ s) & (y ^ s)
			out[i] = s
		}
		return bad < 0
	}
	b = b[:len(out)]
	for i, x := range a {
		y := b[i]
		s := x + y
		bad |= (x ^ s) & (y ^ s)
		out[i] = s
	}
	return bad < 0
}

func addsOver(x, y int64) bool { s := x + y; return (x^s)&(y^s) < 0 }

func subInts(a, b []int64, one bool, out []int64) (overflow bool) {
	a = a[:len(out)]
	var bad int64
	if one {
		y := b[0]
		for i, x := range a {
			s := x - y
			bad |= (x ^ y) & (x ^ s)
			out[i] = s
		}
		return bad < 0
	}
	b = b[:len(out)]
	for i, x := range a {
		y := b[i]
		s := x - y
		bad |= (x ^ y) & (x ^ s)
		out[i] = s
	}
	return bad < 0
}

func subsOver(x, y int64) bool { s := x - y; return (x^y)&(x^s) < 0 }

func mulInts(a, b []int64, one bool, out []int64) (overflow bool) {
	a = a[:len(out)]
	var bad uint64
	if one {
		y := b[0]
		for i, x := range a {
			p, over := multiplied(x, y)
			bad |= over
			out[i] = p
		}
		return bad != 0
	}
	b = b[:len(out)]
	for i, x := range a {
		p, over := multiplied(x, b[i])
		bad |= over
		out[i] = p
	}
	return bad != 0
}

// multiplied gives the low half of a product, and what is not zero where the product is more than that.
func multiplied(x, y int64) (product int64, over uint64) {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x)
	// The high half of the signed product has to be the sign of the low one.
	return int64(lo), hi ^ uint64(int64(lo)>>63)
}

func mulsOver(x, y int64) bool { _, over := multiplied(x, y); return over != 0 }

func addFloats(a, b []float64, one bool, out []float64) {
	a = a[:len(out)]
	if one {
		y := b[0]
		for i, x := range a {
			out[i] = x + y
		}
		return
	}
	b = b[:len(out)]
	for i := range out {
		out[i] = a[i] + b[i]
	}
}

func subFloats(a, b []float64, one bool, out []float64) {
	a = a[:len(out)]
	if one {
		y := b[0]
		for i, x := range a {
			out[i] = x - y
		}
		return
	}
	b = b[:len(out)]
	for i := range out {
		out[i] = a[i] - b[i]
	}
}

func mulFloats(a, b []float64, one bool, out []float64) {
	a = a[:len(out)]
	if one {
		y := b[0]
		for i, x := range a {
			out[i] = x * y
		}
		return
	}
	b = b[:len(out)]
	for i := range out {
		out[i] = a[i] * b[i]
	}
}

func divFloats(a, b []float64, one bool, out []float64) {
	a = a[:len(out)]
	if one {
		y := b[0]
		for i, x := range a {
			out[i] = x / y
		}
		return
	}
	b = b[:len(out)]
	for i := range out {
		out[i] = a[i] / b[i]
	}
}

func powFloats(a, b []float64, one bool, out []float64) {
	for i := range out {
		j := i
		if one {
			j = 0
		}
		out[i] = math.Pow(a[i], b[j])
	}
}
