package codec

import (
	"math"
	"math/bits"
	"strconv"
	"unsafe"
)

// number is a number as written: mantissa times ten to the exponent.
type number struct {
	mantissa uint64
	exponent int
	negative bool
	whole    bool // neither fraction nor exponent was written
	cut      bool // it has more digits than mantissa holds
}

// number reads a number by the grammar.
func (d *jsonDecoder) number(b []byte, i int) (n number, end int) {
	if b[i] == '-' {
		n.negative = true
		i++
	}
	start := i
	n.mantissa, i = digitRun(b, i, 0)
	count := i - start
	if count == 0 {
		return n, d.syntax(b, i, "a digit")
	}
	if count > 1 && b[start] == '0' {
		return n, d.fail(InvalidJSON, start, "a number that begins with 0")
	}
	n.whole = true
	if b[i] == '.' {
		n.whole = false
		i++
		fraction := i
		n.mantissa, i = digitRun(b, i, n.mantissa)
		if i == fraction {
			return n, d.syntax(b, i, "a digit")
		}
		n.exponent = fraction - i
		count += i - fraction
	}
	// 19 digits fit. Leading zeros are counted too, so that a few numbers take the slow way without need.
	n.cut = count > 19
	if b[i]|0x20 == 'e' {
		n.whole = false
		return d.exponent(n, b, i+1)
	}
	return n, i
}

// digitRun reads digits behind those that v was made of. More than 19 in all wrap around.
func digitRun(b []byte, i int, v uint64) (uint64, int) {
	for {
		t := digitsOf(load(b, i))
		m := noDigits(t)
		if m == 0 {
			v = v*1e8 + leading(t, 8)
			i += 8
			continue
		}
		n := bits.TrailingZeros64(m) >> 3
		return v*tens[n&7] + leading(t, n), i + n
	}
}

var tens = [8]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7}

func (d *jsonDecoder) exponent(n number, b []byte, i int) (number, int) {
	negative := false
	if b[i] == '+' || b[i] == '-' {
		negative = b[i] == '-'
		i++
	}
	start, e := i, 0
	for b[i]-'0' <= 9 {
		if e < 1_000_000 {
			e = e*10 + int(b[i]-'0')
		}
		i++
	}
	if i == start {
		return n, d.syntax(b, i, "a digit")
	}
	if negative {
		e = -e
	}
	n.exponent += e
	return n, i
}

// int is the number as an integer; ok is false when it needs more than 64 bits.
func (n number) int() (v int64, ok bool) {
	switch {
	case n.cut:
		return 0, false
	case n.negative:
		return -int64(n.mantissa), n.mantissa <= 1<<63
	}
	return int64(n.mantissa), n.mantissa < 1<<63
}

var powersOfTen = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
	1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// float is the number, written as text, rounded to the nearest float; ok is false when there is none.
func (n number) float(text []byte) (v float64, ok bool) {
	if !n.cut && n.mantissa < 1<<53 && n.exponent >= -22 && n.exponent <= 22 {
		// Both are exact, so that one division or multiplication rounds correctly.
		v = float64(n.mantissa)
		if n.exponent < 0 {
			v /= powersOfTen[-n.exponent]
		} else {
			v *= powersOfTen[n.exponent]
		}
		if n.negative {
			v = -v
		}
		return v, true
	}
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	return v, err == nil
}

// epoch is a unit in which a number counts from 1970. One of num and den is 1.
type epoch struct {
	name     string
	num, den uint64 // microseconds in one
}

var epochs = map[string]epoch{
	"s":  {"s", 1_000_000, 1},
	"ms": {"ms", 1_000, 1},
	"us": {"us", 1, 1},
	"ns": {"ns", 1, 1_000},
}

// micros is the number, counted in a unit, as microseconds; what is finer is dropped, towards the past.
func (n number) micros(u epoch, text []byte) (us int64, ok bool) {
	if n.cut || n.exponent > 0 || n.exponent < -19 {
		v, ok := n.float(text)
		v = math.Floor(v * float64(u.num) / float64(u.den))
		return int64(v), ok && v >= -(1<<63) && v < 1<<63
	}
	hi, lo := bits.Mul64(n.mantissa, u.num)
	den := u.den
	if n.exponent < 0 {
		over, scaled := bits.Mul64(den, pow10(-n.exponent))
		if over != 0 { // fewer than 2^64 parts of more than 2^64
			if n.negative && n.mantissa > 0 {
				return -1, true
			}
			return 0, true
		}
		den = scaled
	}
	if hi >= den {
		return 0, false
	}
	q, rest := bits.Div64(hi, lo, den)
	if n.negative {
		if rest > 0 {
			q++
		}
		return -int64(q), q <= 1<<63
	}
	return int64(q), q < 1<<63
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
