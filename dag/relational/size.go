package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// fixedSize reports whether all values of a type take the same few bytes.
func fixedSize(dt arrow.DataType) bool {
	switch t := dt.(type) {
	case *arrow.StringType, *arrow.BinaryType, *arrow.ListType, *arrow.MapType:
		return false
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if !fixedSize(f.Type) {
				return false
			}
		}
	}
	return true
}

// addSizes adds to sizes[i] about how many bytes the value of row from+i takes in variable memory.
func addSizes(sizes []int64, arr arrow.Array, from int) {
	switch a := arr.(type) {
	case *array.String:
		addLengths(sizes, a.ValueOffsets()[from:])
	case *array.Binary:
		addLengths(sizes, a.ValueOffsets()[from:])
	case *array.List:
		addElements(sizes, a.Offsets()[a.Data().Offset()+from:], a.ListValues())
	case *array.Map:
		addElements(sizes, a.Offsets()[a.Data().Offset()+from:], a.ListValues())
	case *array.Struct:
		for f := range a.NumField() {
			addSizes(sizes, a.Field(f), from)
		}
	}
}

func addLengths(sizes []int64, offsets []int32) {
	if len(offsets) == 0 {
		return
	}
	for i := range sizes {
		sizes[i] += int64(offsets[i+1] - offsets[i])
	}
}

func addElements(sizes []int64, offsets []int32, elems arrow.Array) {
	if len(sizes) == 0 {
		return
	}
	const word = 8 // what an element takes beside its variable part
	inner := make([]int64, offsets[len(sizes)]-offsets[0])
	addSizes(inner, elems, int(offsets[0]))
	at := 0
	for i := range sizes {
		n := int(offsets[i+1] - offsets[i])
		for _, size := range inner[at : at+n] {
			sizes[i] += word + size
		}
		at += n
	}
}

// fitting is how many rows of these sizes make a batch that is not much larger than most bytes, one at least.
func fitting(sizes []int64, most int64) int {
	var bytes int64
	for i, size := range sizes {
		if bytes += size; bytes > most && i > 0 {
			return i
		}
	}
	return len(sizes)
}
