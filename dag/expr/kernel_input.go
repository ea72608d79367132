package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// columnKernel reads an input column.
type columnKernel struct{ slot, index int }

func (k *columnKernel) eval(f *frame) column { return f.column(k.slot, k.index) }

// literalKernel is a value that was written in the text.
type literalKernel struct{ value column }

func (k *literalKernel) eval(*frame) column { return k.value }

// literalColumn makes the single entry that stands for a literal of type t everywhere.
func literalColumn(v any, t arrow.DataType) column {
	c := column{kind: kindOf(t), one: true}
	switch {
	case v == nil:
		return nullColumn(c.kind)
	case c.kind == kindBool:
		c.bools = []bool{v.(bool)}
	case c.kind == kindInt:
		c.ints = []int64{intOf(v, t.ID() == arrow.DATE32)}
	case c.kind == kindFloat:
		switch v := v.(type) {
		case float64:
			c.floats = []float64{v}
		case int64:
			c.floats = []float64{float64(v)}
		}
	case c.kind == kindText:
		var b []byte
		switch v := v.(type) {
		case string:
			b = []byte(v)
		case []byte:
			b = v
		}
		c.text = text{data: b, start: []int32{0}, end: []int32{int32(len(b))}}
	}
	return c
}

// input reads a column of the batch in hand, once. Offsets, numbers and bytes are the batch's own; truths become bytes.
func (e *Set) input(slot, index int) column {
	if !e.loaded[slot] {
		e.inputs[slot], e.loaded[slot] = e.read(e.batch.Record.Column(index)), true
	}
	return e.inputs[slot]
}

// read makes a column of an array, which must outlive the batch in hand.
func (e *Set) read(a arrow.Array) column {
	c := column{kind: kindOf(a.DataType())}
	n, data := a.Len(), a.Data()
	if n == 0 {
		c.array = a
		return c
	}
	if a.NullN() > 0 && a.DataType().ID() != arrow.NULL {
		c.nulls = e.scratch.bools.get(n)
		unpack(c.nulls, a.NullBitmapBytes(), data.Offset(), true)
	}
	switch a := a.(type) {
	case *array.Null:
		return nullColumn(kindNull)
	case *array.Boolean:
		c.bools = e.scratch.bools.get(n)
		unpack(c.bools, data.Buffers()[1].Bytes(), data.Offset(), false)
	case *array.Int64:
		c.ints = a.Int64Values()
	case *array.Timestamp:
		c.ints = arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.TimestampValues()))
	case *array.Duration:
		c.ints = arrow.Int64Traits.CastFromBytes(arrow.DurationTraits.CastToBytes(a.DurationValues()))
	case *array.Date32:
		c.ints = e.scratch.ints.get(n)
		for i, d := range a.Date32Values() {
			c.ints[i] = int64(d)
		}
	case *array.Float64:
		c.floats = a.Float64Values()
	case *array.String:
		c.text = offsetsText(a.ValueOffsets(), textBytes(data), n)
	case *array.Binary:
		c.text = offsetsText(a.ValueOffsets(), textBytes(data), n)
	default:
		c.array = a
	}
	return c
}

func textBytes(data arrow.ArrayData) []byte {
	if b := data.Buffers()[2]; b != nil {
		return b.Bytes()
	}
	return nil
}

func offsetsText(offsets []int32, data []byte, n int) text {
	return text{data: data, start: offsets[:n], end: offsets[1 : n+1]}
}
