package state

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// appendNested appends the encoding of one value that is not null: 8 bytes of a word, the length and the bytes of a text, the
// length and the elements of a list, the fields of a struct. What is inside has a byte before it that says whether
// it is there. As a key, floats are unified and a map's entries are sorted, so that equal values are equal bytes.
func appendNested(b []byte, arr arrow.Array, i int, key bool) []byte {
	switch arr := arr.(type) {
	case *array.Boolean:
		if arr.Value(i) {
			return append(b, 1)
		}
		return append(b, 0)
	case *array.Int64:
		return appendWord(b, uint64(arr.Value(i)))
	case *array.Float64:
		w := math.Float64bits(arr.Value(i))
		if key {
			w = unifyFloat(w)
		}
		return appendWord(b, w)
	case *array.Date32:
		return appendWord(b, uint64(int64(arr.Value(i))))
	case *array.Timestamp:
		return appendWord(b, uint64(arr.Value(i)))
	case *array.Duration:
		return appendWord(b, uint64(arr.Value(i)))
	case *array.String:
		s := arr.Value(i)
		return append(binary.AppendUvarint(b, uint64(len(s))), s...)
	case *array.Binary:
		s := arr.Value(i)
		return append(binary.AppendUvarint(b, uint64(len(s))), s...)
	case *array.Map:
		return appendMap(b, arr, i, key)
	case *array.List:
		beg, end := arr.ValueOffsets(i)
		b = binary.AppendUvarint(b, uint64(end-beg))
		for j := beg; j < end; j++ {
			b = appendMaybe(b, arr.ListValues(), int(j), key)
		}
		return b
	case *array.Struct:
		for f := range arr.NumField() {
			b = appendMaybe(b, arr.Field(f), i, key)
		}
		return b
	}
	panic(fmt.Sprintf("state: value of type %s, which KindOf refuses", arr.DataType()))
}

func appendMaybe(b []byte, arr arrow.Array, i int, key bool) []byte {
	if arr.IsNull(i) {
		return append(b, 0)
	}
	return appendNested(append(b, 1), arr, i, key)
}

func appendMap(b []byte, arr *array.Map, i int, key bool) []byte {
	beg, end := arr.ValueOffsets(i)
	b = binary.AppendUvarint(b, uint64(end-beg))
	if !key {
		for j := beg; j < end; j++ {
			b = appendMaybe(appendNested(b, arr.Keys(), int(j), false), arr.Items(), int(j), false)
		}
		return b
	}
	entries := make([][]byte, 0, end-beg)
	for j := beg; j < end; j++ {
		entries = append(entries, appendMaybe(appendNested(nil, arr.Keys(), int(j), true), arr.Items(), int(j), true))
	}
	slices.SortFunc(entries, func(x, y []byte) int {
		return cmp.Or(cmp.Compare(len(x), len(y)), bytes.Compare(x, y))
	})
	for _, e := range entries {
		b = append(b, e...)
	}
	return b
}

// buildNested appends the value encoded at the head of b to bld, and returns what is behind it.
func buildNested(b []byte, bld array.Builder) []byte {
	switch bld := bld.(type) {
	case *array.BooleanBuilder:
		bld.Append(b[0] != 0)
		return b[1:]
	case *array.Int64Builder:
		w, b := takeWord(b)
		bld.Append(int64(w))
		return b
	case *array.Float64Builder:
		w, b := takeWord(b)
		bld.Append(math.Float64frombits(w))
		return b
	case *array.Date32Builder:
		w, b := takeWord(b)
		bld.Append(arrow.Date32(w))
		return b
	case *array.TimestampBuilder:
		w, b := takeWord(b)
		bld.Append(arrow.Timestamp(w))
		return b
	case *array.DurationBuilder:
		w, b := takeWord(b)
		bld.Append(arrow.Duration(w))
		return b
	case *array.StringBuilder:
		n, b := takeLength(b)
		bld.BinaryBuilder.Append(b[:n])
		return b[n:]
	case *array.BinaryBuilder:
		n, b := takeLength(b)
		bld.Append(b[:n])
		return b[n:]
	case *array.MapBuilder:
		n, b := takeLength(b)
		bld.Append(true)
		for range n {
			b = buildMaybe(buildNested(b, bld.KeyBuilder()), bld.ItemBuilder())
		}
		return b
	case *array.ListBuilder:
		n, b := takeLength(b)
		bld.Append(true)
		for range n {
			b = buildMaybe(b, bld.ValueBuilder())
		}
		return b
	case *array.StructBuilder:
		bld.Append(true)
		for f := range bld.NumField() {
			b = buildMaybe(b, bld.FieldBuilder(f))
		}
		return b
	}
	panic(fmt.Sprintf("state: builder of type %s, which KindOf refuses", bld.Type()))
}

func buildMaybe(b []byte, bld array.Builder) []byte {
	if b[0] == 0 {
		bld.AppendNull()
		return b[1:]
	}
	return buildNested(b[1:], bld)
}

func takeWord(b []byte) (uint64, []byte) { return binary.LittleEndian.Uint64(b), b[8:] }

func takeLength(b []byte) (int, []byte) {
	n, used := binary.Uvarint(b)
	return int(n), b[used:]
}
