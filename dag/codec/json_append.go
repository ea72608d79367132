package codec

import (
	"encoding/base64"
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
