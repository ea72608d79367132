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
	is       numberMarks // few fields, so that a number stays in registers
}

type numberMarks uint8

const (
	negative numberMarks = 1 << iota
	whole                // neither fraction nor exponent was written
	cut                  // it has more digits than mantissa holds
)

// number reads a number by the grammar.
func (d *jsonDecoder) number(b []byte, i int) (n number, end int) {
	start := i
	if b[i] == '-' {
		n.is = negative
		i++
	}
	// Most numbers have up to seven digits, with a point or without, and lie in one word.
	t := digitsOf(load(b, i))
	all := bits.TrailingZeros64(noDigits(t)) >> 3
	if all > 1 && b[i] != '0' && all < 8 || all == 1 {
		switch c := b[i+all]; {
		case c == '.':
			before := uint64(1)<<(8*all&63) - 1
			t = t&before | t>>8&^before | 0xff<<56 // without the point
			point := all
			if all = bits.TrailingZeros64(noDigits(t)) >> 3; all > point && all < 7 && b[i+all+1]|0x20 != 'e' {
				n.mantissa, n.exponent = leading(t, all), point-all
				return n, i + all + 1
			}
		case c|0x20 != 'e':
			n.mantissa, n.is = leading(t, all), n.is|whole
			return n, i + all
		}
	}
	if all == 8 && b[i] != '0' {
		next := digitsOf(load(b, i+8))
		if all = bits.TrailingZeros64(noDigits(next)) >> 3; all < 8 {
			if c := b[i+8+all]; c != '.' && c|0x20 != 'e' {
				n.mantissa, n.is = leading(t, 8)*tens[all]+leading(next, all), n.is|whole
				return n, i + 8 + all
			}
		}
	}
	return d.longNumber(b, start)
}

func (d *jsonDecoder) longNumber(b []byte, i int) (n number, end int) {
	if b[i] == '-' {
		n.is = negative
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
	integral := true
	if b[i] == '.' {
		integral = false
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
	if count > 19 {
		n.is |= cut
	}
	if b[i]|0x20 == 'e' {
		return d.exponent(n, b, i+1)
	}
	if integral {
		n.is |= whole
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
	below := b[i] == '-'
	if below || b[i] == '+' {
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
	if below {
		e = -e
	}
	n.exponent += e
	return n, i
}

// int is the number as an integer; ok is false when it needs more than 64 bits.
func (n number) int() (v int64, ok bool) {
	switch {
	case n.is&cut != 0:
		return 0, false
	case n.is&negative != 0:
		return -int64(n.mantissa), n.mantissa <= 1<<63
	}
	return int64(n.mantissa), n.mantissa < 1<<63
}

var powersOfTen = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
	1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// float is the number, written as text, rounded to the nearest float; ok is false when there is none.
func (n number) float(text []byte) (v float64, ok bool) {
	if n.is&cut == 0 && n.mantissa < 1<<53 && uint(n.exponent+22) <= 44 {
		// Both are exact, so that one division or multiplication rounds correctly.
		v = float64(int64(n.mantissa))
		if n.exponent < 0 {
			v /= powersOfTen[-n.exponent]
		} else {
			v *= powersOfTen[n.exponent]
		}
		if n.is&negative != 0 {
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
	most     uint64 // what can surely be multiplied by num, where den is 1
}

var epochs = map[string]epoch{
	"s":  {"s", 1_000_000, 1, math.MaxInt64 / 1_000_000},
	"ms": {"ms", 1_000, 1, math.MaxInt64 / 1_000},
	"us": {"us", 1, 1, math.MaxInt64},
	"ns": {"ns", 1, 1_000, 0},
}

// micros is the number, counted in a unit, as microseconds; what is finer is dropped, towards the past.
func (n number) micros(u epoch, text []byte) (us int64, ok bool) {
	if n.is&(whole|cut) == whole && n.mantissa <= u.most {
		us = int64(n.mantissa * u.num)
		if n.is&negative != 0 {
			us = -us
		}
		return us, true
	}
	if n.is&cut != 0 || n.exponent > 0 || n.exponent < -19 {
		v, ok := n.float(text)
		v = math.Floor(v * float64(u.num) / float64(u.den))
		return int64(v), ok && v >= -(1<<63) && v < 1<<63
	}
	hi, lo := bits.Mul64(n.mantissa, u.num)
	den := u.den
	if n.exponent < 0 {
		over, scaled := bits.Mul64(den, pow10(-n.exponent))
		if over != 0 { // fewer than 2^64 parts of more than 2^64
			if n.is&negative != 0 && n.mantissa > 0 {
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
	if n.is&negative != 0 {
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
