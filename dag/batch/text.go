package batch

import (
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// noLimit leaves room for one more.
const noLimit = math.MaxInt - 1

// AppendText appends a value in the form that Spark's console shows: NULL, true, 3.0, 1.0E7, 2026-01-01 00:00:00.5,
// [a, b], {a, b}, {key -> value}, bytes as [61 62]. A duration is written as Go writes it. Text stands as it is.
func AppendText(dst []byte, arr arrow.Array, i int) []byte {
	return appendText(dst, arr, i, noLimit)
}

// appendText is AppendText, but may stop once dst is longer than limit: what follows would not be shown.
func appendText(dst []byte, arr arrow.Array, i, limit int) []byte {
	if arr.IsNull(i) {
		return append(dst, "NULL"...)
	}
	switch a := arr.(type) {
	case *array.String:
		s := a.Value(i)
		return append(dst, s[:min(len(s), max(limit-len(dst), 0)+1)]...)
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(i), 10)
	case *array.Float64:
		return AppendFloat(dst, a.Value(i))
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(i))
	case *array.Timestamp:
		return AppendTimestamp(dst, int64(a.Value(i)), ' ')
	case *array.Date32:
		return AppendDate(dst, int64(a.Value(i)))
	case *array.Duration:
		return AppendDuration(dst, int64(a.Value(i)))
	case *array.Binary:
		return appendHex(dst, a.Value(i), limit)
	case *array.Map:
		from, to := a.ValueOffsets(i)
		dst = append(dst, '{')
		for j := from; j < to && len(dst) <= limit; j++ {
			if j > from {
				dst = append(dst, ", "...)
			}
			dst = appendText(dst, a.Keys(), int(j), limit)
			dst = append(dst, " -> "...)
			dst = appendText(dst, a.Items(), int(j), limit)
		}
		return append(dst, '}')
	case *array.List:
		from, to := a.ValueOffsets(i)
		dst = append(dst, '[')
		for j := from; j < to && len(dst) <= limit; j++ {
			if j > from {
				dst = append(dst, ", "...)
			}
			dst = appendText(dst, a.ListValues(), int(j), limit)
		}
		return append(dst, ']')
	case *array.Struct:
		dst = append(dst, '{')
		for j := range a.NumField() {
			if j > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendText(dst, a.Field(j), i, limit)
		}
		return append(dst, '}')
	}
	return append(dst, arr.ValueStr(i)...)
}

func appendHex(dst []byte, b []byte, limit int) []byte {
	const digits = "0123456789ABCDEF"
	dst = append(dst, '[')
	for i, c := range b {
		if len(dst) > limit {
			break
		}
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return append(dst, ']')
}

// AppendFloat appends the shortest text that reads back as v, in the form of Java and so of Spark: 3.0, 0.001, 1.0E7,
// 1.5E-4, NaN, Infinity.
func AppendFloat(dst []byte, v float64) []byte {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	case abs == 0 || (abs >= 1e-3 && abs < 1e7):
		start := len(dst)
		dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	var scratch [32]byte
	text := strconv.AppendFloat(scratch[:0], v, 'e', -1, 64)
	for i, c := range text {
		if c != 'e' {
			continue
		}
		dst = append(dst, text[:i]...)
		if i < 3 { // a sign and one digit at the most: 1e7
			dst = append(dst, ".0"...)
		}
		dst = append(dst, 'E')
		exponent := text[i+1:]
		if exponent[0] == '-' {
			dst = append(dst, '-')
		}
		exponent = exponent[1:]
		if exponent[0] == '0' {
			exponent = exponent[1:]
		}
		return append(dst, exponent...)
	}
	return append(dst, text...)
}
