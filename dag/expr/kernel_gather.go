package expr

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

var errGatherLimit = errors.New("the lists or texts of one batch do not fit into an Arrow column")

// gatherArray makes an array of the elements of a at the given places; -1 gives a null.
func gatherArray(mem memory.Allocator, a arrow.Array, at []int32) (arrow.Array, error) {
	t := gatherer{mem: mem}
	data, err := t.gather(a, at)
	for _, b := range t.buffers {
		defer b.Release()
	}
	if err != nil {
		return nil, err
	}
	defer data.Release()
	return array.MakeFromData(data), nil
}

// gatherer makes buffers, and holds a reference to each until the array that holds the others is made.
type gatherer struct {
	mem     memory.Allocator
	buffers []*memory.Buffer
}

func (t *gatherer) buffer(size int) *memory.Buffer {
	b := memory.NewResizableBuffer(t.mem)
	t.buffers = append(t.buffers, b)
	b.Resize(size)
	return b
}

func (t *gatherer) gather(a arrow.Array, at []int32) (arrow.ArrayData, error) {
	valid, nulls := t.validity(a, at)
	buffers := []*memory.Buffer{valid, nil}
	var child arrow.ArrayData
	var children []arrow.ArrayData
	var err error
	switch a := a.(type) {
	case *array.Null:
		buffers, nulls = buffers[:1], len(at)
	case *array.Boolean:
		buffers[1] = t.buffer((len(at) + 7) / 8)
		clear(buffers[1].Bytes())
		for i, p := range at {
			if p >= 0 && a.Value(int(p)) {
				bitutil.SetBit(buffers[1].Bytes(), i)
			}
		}
	case *array.Int64:
		buffers[1] = gatherFixed(t, a.Int64Values(), at, arrow.Int64Traits.CastFromBytes, 8)
	case *array.Float64:
		buffers[1] = gatherFixed(t, a.Float64Values(), at, arrow.Float64Traits.CastFromBytes, 8)
	case *array.Timestamp:
		buffers[1] = gatherFixed(t, a.TimestampValues(), at, arrow.TimestampTraits.CastFromBytes, 8)
	case *array.Duration:
		buffers[1] = gatherFixed(t, a.DurationValues(), at, arrow.DurationTraits.CastFromBytes, 8)
	case *array.Date32:
		buffers[1] = gatherFixed(t, a.Date32Values(), at, arrow.Date32Traits.CastFromBytes, 4)
	case *array.String:
		buffers, err = t.gatherText(buffers, a.Value, at)
	case *array.Binary:
		buffers, err = t.gatherText(buffers, a.ValueString, at)
	case *array.Map:
		buffers[1], child, err = t.gatherLists(a, a.ListValues(), at)
		children = append(children, child)
	case *array.List:
		buffers[1], child, err = t.gatherLists(a, a.ListValues(), at)
		children = append(children, child)
	case *array.Struct:
		buffers = buffers[:1]
		for i := 0; i < a.NumField() && err == nil; i++ {
			child, err = t.gather(a.Field(i), at)
			children = append(children, child)
		}
	default:
		err = fmt.Errorf("a column of type %s cannot be gathered", a.DataType())
	}
	for _, c := range children {
		if c != nil {
			defer c.Release()
		}
	}
	if err != nil {
		return nil, err
	}
	return array.NewData(a.DataType(), len(at), buffers, children, nulls, 0), nil
}

func (t *gatherer) validity(a arrow.Array, at []int32) (*memory.Buffer, int) {
	nulls := 0
	for _, p := range at {
		if p < 0 || a.IsNull(int(p)) {
			nulls++
		}
	}
	if nulls == 0 || a.DataType().ID() == arrow.NULL {
		return nil, nulls
	}
	b := t.buffer((len(at) + 7) / 8)
	bits := b.Bytes()
	clear(bits)
	for i, p := range at {
		if p >= 0 && a.IsValid(int(p)) {
			bitutil.SetBit(bits, i)
		}
	}
	return b, nulls
}

func gatherFixed[T any](t *gatherer, from []T, at []int32, cast func([]byte) []T, width int) *memory.Buffer {
	b := t.buffer(len(at) * width)
	out := cast(b.Bytes())
	var zero T
	for i, p := range at {
		if p < 0 {
			out[i] = zero
		} else {
			out[i] = from[p]
		}
	}
	return b
}

func (t *gatherer) gatherText(buffers []*memory.Buffer, value func(int) string, at []int32) ([]*memory.Buffer, error) {
	size := 0
	for _, p := range at {
		if p >= 0 {
			size += len(value(int(p)))
		}
	}
	if size > math.MaxInt32 {
		return nil, errGatherLimit
	}
	offsets, bytes := t.buffer((len(at)+1)*4), t.buffer(size)
	ends, out := arrow.Int32Traits.CastFromBytes(offsets.Bytes()), bytes.Bytes()
	ends[0] = 0
	written := 0
	for i, p := range at {
		if p >= 0 {
			written += copy(out[written:], value(int(p)))
		}
		ends[i+1] = int32(written)
	}
	return []*memory.Buffer{buffers[0], offsets, bytes}, nil
}

// gatherLists takes lists or maps: their new offsets and the taken elements.
func (t *gatherer) gatherLists(a array.ListLike, elements arrow.Array, at []int32) (*memory.Buffer, arrow.ArrayData, error) {
	offsets := t.buffer((len(at) + 1) * 4)
	ends := arrow.Int32Traits.CastFromBytes(offsets.Bytes())
	ends[0] = 0
	var inner []int32
	for i, p := range at {
		if p >= 0 && a.IsValid(int(p)) {
			from, to := a.ValueOffsets(int(p))
			if int64(len(inner))+to-from > math.MaxInt32 {
				return nil, nil, errGatherLimit
			}
			for j := from; j < to; j++ {
				inner = append(inner, int32(j))
			}
		}
		ends[i+1] = int32(len(inner))
	}
	child, err := t.gather(elements, inner)
	if err != nil {
		return nil, nil, err
	}
	return offsets, child, nil
}

// retyped gives an array over the same buffers with a type that is the same to flowrun, but may name or describe its inner
// fields in another way.
func retyped(a arrow.Array, t arrow.DataType) arrow.Array {
	if arrow.TypeEqual(a.DataType(), t, arrow.CheckMetadata()) {
		a.Retain()
		return a
	}
	data := retypedData(a.Data(), t)
	defer data.Release()
	return array.MakeFromData(data)
}

func retypedData(d arrow.ArrayData, t arrow.DataType) arrow.ArrayData {
	children := make([]arrow.ArrayData, len(d.Children()))
	if nested, ok := t.(arrow.NestedType); ok {
		for i, f := range nested.Fields() {
			children[i] = retypedData(d.Children()[i], f.Type)
			defer children[i].Release()
		}
	}
	return array.NewData(t, d.Len(), d.Buffers(), children, d.NullN(), d.Offset())
}
