package codec

import (
	"encoding/base64"
	"math"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// plain appends a value as the text that cells reads, without quotes; ok is false for a moment that has none.
func (w *writer) plain(dst []byte, row int) (out []byte, ok bool) {
	switch w.kind {
	case intKind:
		return appendInt(dst, w.ints[row]), true
	case floatKind:
		return appendPlainFloat(dst, w.floats[row]), true
	case stringKind:
		from := w.ends[0]
		return append(dst, w.data[w.ends[row]-from:w.ends[row+1]-from]...), true
	}
	switch a := w.array.(type) {
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(row)), true
	case *array.Timestamp:
		us := int64(a.Value(row))
		return append(batch.AppendTimestamp(dst, us, 'T'), 'Z'), batch.HasFourDigitYear(us)
	case *array.Date32:
		days := int64(a.Value(row))
		return batch.AppendDate(dst, days), days >= firstDay && days <= lastDay
	case *array.Duration:
		return batch.AppendDuration(dst, int64(a.Value(row))), true
	case *array.Binary:
		return appendPlainBinary(dst, a.Value(row), w.kind), true
	}
	return appendValue(dst, w.array, row, w.kind) // JSON, as cells reads it
}

func appendPlainFloat(dst []byte, v float64) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	return appendFloat(dst, v)
}

// appendPlainBinary appends base64, or text where the bytes are shown as such.
func appendPlainBinary(dst, v []byte, k kind) []byte {
	if k == rawKind {
		return batch.AppendRaw(dst, v)
	}
	return base64.StdEncoding.AppendEncode(dst, v)
}
