package state

import "math/bits"

// Int128 is a signed integer of 128 bits, in two's complement. It is wide enough for the sum of 2^63 ints.
type Int128 struct {
	Hi int64
	Lo uint64
}

// Add gives x + y.
func (x Int128) Add(y int64) Int128 {
	lo, carry := bits.Add64(x.Lo, uint64(y), 0)
	return Int128{x.Hi + y>>63 + int64(carry), lo}
}

// Plus gives x + y.
func (x Int128) Plus(y Int128) Int128 {
	lo, carry := bits.Add64(x.Lo, y.Lo, 0)
	return Int128{x.Hi + y.Hi + int64(carry), lo}
}

// Int64 gives x, and whether it fits.
func (x Int128) Int64() (int64, bool) {
	v := int64(x.Lo)
	return v, x.Hi == v>>63
}

// Float64 gives the float nearest to x.
func (x Int128) Float64() float64 {
	if v, ok := x.Int64(); ok {
		return float64(v)
	}
	neg := x.Hi < 0
	if neg {
		lo, borrow := bits.Sub64(0, x.Lo, 0)
		hi, _ := bits.Sub64(0, uint64(x.Hi), borrow)
		x = Int128{int64(hi), lo}
	}
	// One word with the leading 64 bits, its last bit set if anything behind is: then one rounding is the right one.
	shift := 64 - bits.LeadingZeros64(uint64(x.Hi))
	top := uint64(x.Hi)<<(64-shift) | x.Lo>>shift
	if x.Lo<<(64-shift) != 0 {
		top |= 1
	}
	f := float64(top)
	for range shift {
		f *= 2
	}
	if neg {
		return -f
	}
	return f
}

// Div gives x / n rounded towards zero, and whether that fits; n is above zero.
func (x Int128) Div(n int64) (int64, bool) {
	neg := x.Hi < 0
	hi, lo := uint64(x.Hi), x.Lo
	if neg {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	if hi >= uint64(n) {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, uint64(n))
	if neg {
		return -int64(q), q <= 1<<63
	}
	return int64(q), q < 1<<63
}
