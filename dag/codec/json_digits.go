package codec

import (
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// pairs are the texts 00 to 99.
var pairs = func() (p [100][2]byte) {
	for i := range p {
		p[i] = [2]byte{byte('0' + i/10), byte('0' + i%10)}
	}
	return p
}()

func appendInt(dst []byte, v int64) []byte {
	u := uint64(v)
	if v < 0 {
		dst = append(dst, '-')
		u = -u
	}
	return appendUint(dst, u)
}

func appendUint(dst []byte, u uint64) []byte {
	if u < 10 {
		return append(dst, byte('0'+u))
	}
	count := digitCount(u)
	dst = slices.Grow(dst, count)
	n := len(dst)
	dst = dst[:n+count]
	putUint(dst[n:], u)
	return dst
}

// digitCount is the number of decimal digits of u, which is not 0.
func digitCount(u uint64) int {
	n := bits.Len64(u) * 1233 >> 12 // the logarithm, or one less
	if u >= powers[n] {
		n++
	}
	return n
}

var powers = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// putUint writes the last digits of u to all of b.
func putUint(b []byte, u uint64) {
	i := len(b)
	for ; i >= 2; i -= 2 {
		q := u / 100
		*(*[2]byte)(b[i-2:]) = pairs[u-100*q]
		u = q
	}
	if i > 0 {
		b[0] = byte('0' + u%10)
	}
}

// appendFloat appends the shortest text that reads back as v, with a point or an exponent so that it stays a float; null
// where JSON has no number for v.
func appendFloat(dst []byte, v float64) []byte {
	decimals := 0
	return appendFloatLike(dst, v, &decimals)
}

// appendFloatLike is appendFloat for one of many: decimals is how many the last one had, which this one may have too.
func appendFloatLike(dst []byte, v float64, decimals *int) []byte {
	if v > -1e9 && v < 1e9 {
		if out, ok := appendShort(dst, v, decimals); ok {
			return out
		}
	} else if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, "null"...)
	}
	abs := math.Abs(v)
	if abs < 1e-6 || abs >= 1e21 {
		dst = strconv.AppendFloat(dst, v, 'e', -1, 64)
		if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-2] == '0' { // e-09 to e-9
			dst[n-2] = dst[n-1]
			dst = dst[:n-1]
		}
		return dst
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// maxDecimals is how many decimals a float has at the most that is written without strconv.
const maxDecimals = 5

// appendShort writes a float below 1e9 that has few decimals. A decimal of up to 15 digits that reads back as v is the only
// one of that length, and with zeros behind it of any greater length, so what is found first is the shortest but for those.
func appendShort(dst []byte, v float64, decimals *int) (out []byte, ok bool) {
	abs := math.Abs(v)
	for n := *decimals; n <= maxDecimals; n++ {
		scale := powersOfTen[n]
		m := int64(abs*scale + 0.5) // the nearest: the product is off by far less than a half
		if float64(m)/scale != abs {
			continue
		}
		u, found := uint64(m), n
		for n > 1 && u%10 == 0 {
			u /= 10
			n--
		}
		*decimals = min(found, n+1)
		if n == 0 {
			u *= 10
			n = 1
		}
		if math.Signbit(v) {
			dst = append(dst, '-')
		}
		return appendDecimal(dst, u, n), true
	}
	*decimals = 0
	return dst, false
}

// appendDecimal appends u divided by ten to the decimals, of which there is at least one.
func appendDecimal(dst []byte, u uint64, decimals int) []byte {
	whole := 1
	if unit := powers[decimals]; u >= unit {
		whole = digitCount(u) - decimals
	}
	dst = slices.Grow(dst, whole+1+decimals)
	n := len(dst)
	dst = dst[:n+whole+1+decimals]
	putUint(dst[n+1:], u) // over the place of the point too
	q := u / powers[decimals]
	putUint(dst[n:n+whole], q)
	dst[n+whole] = '.'
	return dst
}
