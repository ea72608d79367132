package codec

import (
	"encoding/base64"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// The days of 0000-01-01 and 9999-12-31, counted from 1970-01-01.
const (
	firstDay = -719_528
	lastDay  = 2_932_896
)

// appendValue appends a value of any type; ok is false when it holds a moment that RFC 3339 cannot write (which is
// appended with a sign nevertheless).
func appendValue(dst []byte, arr arrow.Array, i int, k kind) (out []byte, ok bool) {
	if arr.IsNull(i) {
		return append(dst, "null"...), true
	}
	switch a := arr.(type) {
	case *array.Int64:
		return appendInt(dst, a.Value(i)), true
	case *array.Float64:
		return appendFloat(dst, a.Value(i)), true
	case *array.String:
		return appendQuoted(dst, asBytes(a.Value(i))), true
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(i)), true
	case *array.Timestamp:
		us := int64(a.Value(i))
		dst = append(dst, '"')
		dst = batch.AppendTimestamp(dst, us, 'T')
		return append(dst, `Z"`...), batch.HasFourDigitYear(us)
	case *array.Date32:
		days := int64(a.Value(i))
		dst = append(dst, '"')
		dst = batch.AppendDate(dst, days)
		return append(dst, '"'), days >= firstDay && days <= lastDay
	case *array.Duration:
		dst = append(dst, '"')
		dst = batch.AppendDuration(dst, int64(a.Value(i)))
		return append(dst, '"'), true
	case *array.Binary:
		return appendBinary(dst, a.Value(i), k), true
	case *array.Map:
		return appendMap(dst, a, i)
	case *array.List:
		return appendList(dst, a, i)
	case *array.Struct:
		return appendStruct(dst, a, i)
	}
	return append(dst, "null"...), true
}

func appendBinary(dst, v []byte, k kind) []byte {
	if k == rawKind && utf8.Valid(v) {
		return appendQuoted(dst, v)
	}
	dst = append(dst, '"')
	if k == rawKind {
		dst = batch.AppendRaw(dst, v)
	} else {
		dst = base64.StdEncoding.AppendEncode(dst, v)
	}
	return append(dst, '"')
}

func appendMap(dst []byte, a *array.Map, i int) (out []byte, ok bool) {
	from, to := a.ValueOffsets(i)
	keys, items := a.Keys().(*array.String), a.Items()
	kind := kindOf(items.DataType())
	dst, ok = append(dst, '{'), true
	for j := int(from); j < int(to); j++ {
		if j > int(from) {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, asBytes(keys.Value(j))), ':')
		var fits bool
		dst, fits = appendValue(dst, items, j, kind)
		ok = ok && fits
	}
	return append(dst, '}'), ok
}

func appendList(dst []byte, a *array.List, i int) (out []byte, ok bool) {
	from, to := a.ValueOffsets(i)
	values := a.ListValues()
	kind := kindOf(values.DataType())
	dst, ok = append(dst, '['), true
	for j := int(from); j < int(to); j++ {
		if j > int(from) {
			dst = append(dst, ',')
		}
		var fits bool
		dst, fits = appendValue(dst, values, j, kind)
		ok = ok && fits
	}
	return append(dst, ']'), ok
}

func appendStruct(dst []byte, a *array.Struct, i int) (out []byte, ok bool) {
	t := a.DataType().(*arrow.StructType)
	dst, ok = append(dst, '{'), true
	for j := range a.NumField() {
		if j > 0 {
			dst = append(dst, ',')
		}
		f := t.Field(j)
		dst = append(appendQuoted(dst, asBytes(f.Name)), ':')
		var fits bool
		dst, fits = appendValue(dst, a.Field(j), i, writtenKind(f))
		ok = ok && fits
	}
	return append(dst, '}'), ok
}

func asBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// appendQuoted appends text as a JSON string, with no more escapes than needed.
func appendQuoted(dst, text []byte) []byte {
	const hexDigits = "0123456789abcdef"
	dst = append(dst, '"')
	for {
		end := escapeAt(text)
		dst = append(dst, text[:end]...)
		if end == len(text) {
			return append(dst, '"')
		}
		switch c := text[end]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		text = text[end+1:]
	}
}

// escapeAt is the place of the first byte that must be escaped, len(text) if there is none.
func escapeAt(text []byte) int {
	i := 0
	for ; len(text)-i >= 8; i += 8 {
		if m := unquotable(load(text, i)); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return i
}

func appendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// appendFloat appends the shortest text that reads back as v, with a point or an exponent so that it stays a float; null
// where JSON has no number for v.
func appendFloat(dst []byte, v float64) []byte {
	if v > -1e9 && v < 1e9 {
		if out, ok := appendShort(dst, v); ok {
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

// appendShort writes a float below 1e9 that has at most five decimals. A decimal of up to 15 digits that reads back as v
// is the only one of that length, so the first one found is the shortest.
func appendShort(dst []byte, v float64) (out []byte, ok bool) {
	scale := 1.0
	for decimals := range len(wholes) {
		half := 0.5
		if v < 0 {
			half = -0.5
		}
		m := int64(v*scale + half) // the nearest: the product is off by far less than a half
		if float64(m)/scale == v {
			switch {
			case m == 0 && math.Signbit(v):
				return append(dst, "-0.0"...), true
			case decimals == 0:
				return append(strconv.AppendInt(dst, m, 10), ".0"...), true
			}
			return appendDecimal(dst, m, decimals), true
		}
		scale *= 10
	}
	return dst, false
}

var wholes = [...]int64{1, 10, 100, 1_000, 10_000, 100_000}

// appendDecimal appends m divided by ten to the decimals.
func appendDecimal(dst []byte, m int64, decimals int) []byte {
	if m < 0 {
		dst = append(dst, '-')
		m = -m
	}
	unit := wholes[decimals]
	whole := m / unit
	rest := uint32(m - whole*unit)
	dst = strconv.AppendInt(dst, whole, 10)
	digits := [6]byte{'.'}
	for i := decimals; i > 0; i-- {
		digits[i] = byte('0' + rest%10)
		rest /= 10
	}
	return append(dst, digits[:decimals+1]...)
}
