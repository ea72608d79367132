package columnar

import (
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var errOffsets = errors.New("offsets point outside of what they cut")

// intact reports whether nothing in an array points outside of its buffers: those of an IPC file are used as they are, and
// what is wrong in them would be met much later, where nothing could tell why.
func intact(d arrow.ArrayData) error {
	n, offset, buffers := d.Len(), d.Offset(), d.Buffers()
	if n < 0 || offset < 0 {
		return fmt.Errorf("it has %d values", n)
	}
	end := offset + n
	if len(buffers) > 0 && buffers[0] != nil && buffers[0].Len() > 0 && buffers[0].Len() < (end+7)/8 {
		return errors.New("its bitmap is too short")
	}
	size := func(i int) int {
		if i >= len(buffers) || buffers[i] == nil {
			return 0
		}
		return buffers[i].Len()
	}
	switch t := d.DataType().(type) {
	case *arrow.NullType:
		return nil
	case arrow.ExtensionType:
		return intact(array.NewData(t.StorageType(), n, buffers, d.Children(), d.NullN(), offset))
	case *arrow.DictionaryType:
		return intactDictionary(d, t)
	case *arrow.StringType, *arrow.BinaryType:
		return cuts(offsets32(buffers[1]), offset, n, size(2))
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		return cuts(offsets64(buffers[1]), offset, n, size(2))
	case arrow.BinaryViewDataType:
		return intactViews(d)
	case *arrow.ListType, *arrow.MapType:
		if err := cuts(offsets32(buffers[1]), offset, n, d.Children()[0].Len()); err != nil {
			return err
		}
	case *arrow.LargeListType:
		if err := cuts(offsets64(buffers[1]), offset, n, d.Children()[0].Len()); err != nil {
			return err
		}
	case *arrow.FixedSizeListType:
		if d.Children()[0].Len() < end*int(t.Len()) {
			return errOffsets
		}
	case *arrow.StructType:
		for _, c := range d.Children() {
			if c.Len() < end {
				return errors.New("a field has fewer values than there are structs")
			}
		}
	case *arrow.BooleanType:
		if size(1) < (end+7)/8 {
			return errors.New("its values are cut off")
		}
		return nil
	case arrow.FixedWidthDataType:
		if size(1) < end*t.Bytes() {
			return errors.New("its values are cut off")
		}
		return nil
	default:
		return fmt.Errorf("it is of type %s", t)
	}
	for _, c := range d.Children() {
		if err := intact(c); err != nil {
			return err
		}
	}
	return nil
}

func offsets32(b *memory.Buffer) []int32 {
	if b == nil {
		return nil
	}
	return arrow.Int32Traits.CastFromBytes(b.Bytes())
}

func offsets64(b *memory.Buffer) []int64 {
	if b == nil {
		return nil
	}
	return arrow.Int64Traits.CastFromBytes(b.Bytes())
}

// cuts checks the offsets of n values, from the one at from on, into what has a size.
func cuts[T int32 | int64](offsets []T, from, n, size int) error {
	if n == 0 {
		return nil
	}
	if len(offsets) < from+n+1 {
		return errors.New("its offsets are cut off")
	}
	offsets = offsets[from : from+n+1]
	last := offsets[0]
	bad := last < 0
	for _, at := range offsets {
		bad = bad || at < last
		last = at
	}
	if bad || int64(last) > int64(size) {
		return errOffsets
	}
	return nil
}

func intactDictionary(d arrow.ArrayData, t *arrow.DictionaryType) error {
	if d.Dictionary() == nil {
		return errors.New("its dictionary is missing")
	}
	indices := array.NewData(t.IndexType, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
	defer indices.Release()
	if err := intact(indices); err != nil {
		return err
	}
	a := array.NewDictionaryData(d)
	defer a.Release()
	for i := range a.Len() {
		if at := index(a, i); a.IsValid(i) && (at < 0 || at >= d.Dictionary().Len()) {
			return errors.New("it points outside of its dictionary")
		}
	}
	return intact(d.Dictionary())
}

func intactViews(d arrow.ArrayData) error {
	buffers := d.Buffers()
	if d.Len() == 0 {
		return nil
	}
	end := d.Offset() + d.Len()
	if buffers[1] == nil || buffers[1].Len() < end*arrow.ViewHeaderSizeBytes {
		return errors.New("its values are cut off")
	}
	for _, v := range arrow.ViewHeaderTraits.CastFromBytes(buffers[1].Bytes())[d.Offset():end] {
		if v.Len() < 0 {
			return errOffsets
		}
		if v.IsInline() {
			continue
		}
		at := int(v.BufferIndex()) + 2
		if at < 2 || at >= len(buffers) || buffers[at] == nil || v.BufferOffset() < 0 ||
			int(v.BufferOffset())+v.Len() > buffers[at].Len() {
			return errOffsets
		}
	}
	return nil
}
