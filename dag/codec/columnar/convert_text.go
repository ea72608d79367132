package columnar

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// toText makes strings and bytes of their many forms. A string of a file that is no UTF-8 is damage; bytes that are declared
// to be strings may be something else, and reject their row.
func toText(from, to arrow.DataType) *conversion {
	c := &conversion{scalar: func(v any) (any, bool) {
		text, ok := v.(string)
		return text, ok
	}}
	var plain func(s *session, a arrow.Array) arrow.Array
	isText := false
	switch from.ID() {
	case arrow.NULL:
		return &conversion{array: func(s *session, a arrow.Array) (arrow.Array, []fault) {
			return array.MakeArrayOfNull(s.mem, to, a.Len()), nil
		}}
	case arrow.STRING, arrow.BINARY:
		isText = from.ID() == arrow.STRING
		plain = func(_ *session, a arrow.Array) arrow.Array { return relabel(a, to, a.Data().Buffers()) }
	case arrow.LARGE_STRING, arrow.LARGE_BINARY:
		isText = from.ID() == arrow.LARGE_STRING
		plain = func(s *session, a arrow.Array) arrow.Array { return narrowed(s, a, to) }
	case arrow.STRING_VIEW, arrow.BINARY_VIEW:
		isText = from.ID() == arrow.STRING_VIEW
		plain = func(s *session, a arrow.Array) arrow.Array { return packed(s, a, to, a.(array.ViewLike)) }
	case arrow.FIXED_SIZE_BINARY:
		plain = func(s *session, a arrow.Array) arrow.Array { return cut(s, a.(*array.FixedSizeBinary), to) }
	default:
		return nil
	}
	c.mayFail = !isText && to.ID() == arrow.STRING
	c.array = func(s *session, a arrow.Array) (arrow.Array, []fault) {
		out := plain(s, a)
		if to.ID() != arrow.STRING {
			return out, nil
		}
		at := notUTF8(out.(*array.String))
		if len(at) == 0 {
			return out, nil
		}
		if isText {
			text := short(out, at[0])
			out.Release()
			panic(&Problem{Message: fmt.Sprintf("a column of strings holds %q, which is not UTF-8", text), Hint: "declare it as bytes"})
		}
		faults := make([]fault, len(at))
		for i, at := range at {
			faults[i] = fault{at, invalidUTF8, fmt.Sprintf("%q", short(out, at))}
		}
		defer out.Release()
		return blanked(s, out, faults), faults
	}
	return c
}

// short is the beginning of a text, for a message.
func short(a arrow.Array, at int) string {
	text := a.(*array.String).Value(at)
	return text[:min(len(text), 40)]
}

// blanked is a string array with nulls where the faults are.
func blanked(s *session, a arrow.Array, faults []fault) arrow.Array {
	d := a.Data()
	n := a.Len()
	offsets := buffer(s, 4*(n+1))
	copy(arrow.Int32Traits.CastFromBytes(offsets.Bytes()), arrow.Int32Traits.CastFromBytes(d.Buffers()[1].Bytes())[d.Offset():d.Offset()+n+1])
	values := d.Buffers()[2]
	if values != nil {
		values.Retain()
	}
	return made(s, a, a.DataType(), faults, nil, offsets, values)
}

// notUTF8 lists the entries that are no UTF-8.
func notUTF8(a *array.String) []int {
	if a.Len() == 0 || ascii(a.ValueBytes()) {
		return nil
	}
	var at []int
	for i := range a.Len() {
		if a.IsValid(i) && !utf8.ValidString(a.Value(i)) {
			at = append(at, i)
		}
	}
	return at
}

func ascii(b []byte) bool {
	var seen uint64
	for len(b) >= 32 {
		seen |= binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[8:]) |
			binary.LittleEndian.Uint64(b[16:]) | binary.LittleEndian.Uint64(b[24:])
		b = b[32:]
		if seen&0x8080808080808080 != 0 {
			return false
		}
	}
	var rest byte
	for _, c := range b {
		rest |= c
	}
	return rest < 0x80
}

// narrowed gives large texts offsets of 32 bits.
func narrowed(s *session, a arrow.Array, to arrow.DataType) arrow.Array {
	d, n := a.Data(), a.Len()
	offsets := buffer(s, 4*(n+1))
	out := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	clear(out)
	if n > 0 {
		for i, at := range arrow.Int64Traits.CastFromBytes(d.Buffers()[1].Bytes())[d.Offset() : d.Offset()+n+1] {
			if at > math.MaxInt32 {
				panic(&Problem{Message: "a batch of the file holds more than 2 GiB of text in one column", Hint: "write it in smaller batches"})
			}
			out[i] = int32(at)
		}
	}
	values := d.Buffers()[2]
	if values != nil {
		values.Retain()
	}
	return made(s, a, to, nil, nil, offsets, values)
}

// packed puts the texts of views behind each other.
func packed(s *session, a arrow.Array, to arrow.DataType, views array.ViewLike) arrow.Array {
	n := a.Len()
	offsets := buffer(s, 4*(n+1))
	out := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	var get func(i int) []byte
	switch v := views.(type) {
	case *array.StringView:
		get = func(i int) []byte { return unsafe.Slice(unsafe.StringData(v.Value(i)), len(v.Value(i))) }
	case *array.BinaryView:
		get = v.Value
	}
	total := 0
	out[0] = 0
	for i := range n {
		if a.IsValid(i) {
			total += len(get(i))
		}
		if total > math.MaxInt32 {
			panic(&Problem{Message: "a batch of the file holds more than 2 GiB of text in one column", Hint: "write it in smaller batches"})
		}
		out[i+1] = int32(total)
	}
	values := buffer(s, total)
	for i := range n {
		if a.IsValid(i) {
			copy(values.Bytes()[out[i]:out[i+1]], get(i))
		}
	}
	return made(s, a, to, nil, nil, offsets, values)
}

// cut makes bytes of pieces of one length.
func cut(s *session, a *array.FixedSizeBinary, to arrow.DataType) arrow.Array {
	width, n, from := a.DataType().(*arrow.FixedSizeBinaryType).ByteWidth, a.Len(), a.Data().Offset()
	if (from+n)*width > math.MaxInt32 {
		panic(&Problem{Message: "a batch of the file holds more than 2 GiB of bytes in one column", Hint: "write it in smaller batches"})
	}
	offsets := buffer(s, 4*(n+1))
	for i := range arrow.Int32Traits.CastFromBytes(offsets.Bytes())[:n+1] {
		arrow.Int32Traits.CastFromBytes(offsets.Bytes())[i] = int32((from + i) * width)
	}
	values := a.Data().Buffers()[1]
	if values == nil {
		values = buffer(s, 0)
	} else {
		values.Retain()
	}
	return made(s, a, to, nil, nil, offsets, values)
}
