package columnar

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// toInt widens integers. Of the unsigned ones of 64 bits the upper half has no form.
func toInt(from arrow.DataType) *conversion {
	c := &conversion{scalar: intScalar}
	switch from.ID() {
	case arrow.INT64:
		return same(arrow.PrimitiveTypes.Int64)
	case arrow.INT8:
		c.array = widened(func(a arrow.Array) []int8 { return a.(*array.Int8).Int8Values() })
	case arrow.INT16:
		c.array = widened(func(a arrow.Array) []int16 { return a.(*array.Int16).Int16Values() })
	case arrow.INT32:
		c.array = widened(func(a arrow.Array) []int32 { return a.(*array.Int32).Int32Values() })
	case arrow.UINT8:
		c.array = widened(func(a arrow.Array) []uint8 { return a.(*array.Uint8).Uint8Values() })
	case arrow.UINT16:
		c.array = widened(func(a arrow.Array) []uint16 { return a.(*array.Uint16).Uint16Values() })
	case arrow.UINT32:
		c.array = widened(func(a arrow.Array) []uint32 { return a.(*array.Uint32).Uint32Values() })
	case arrow.UINT64:
		c.mayFail, c.bounded = true, true
		c.array = func(s *session, a arrow.Array) (arrow.Array, []fault) {
			return fixed(s, a, arrow.PrimitiveTypes.Int64, a.(*array.Uint64).Uint64Values(), arrow.Int64Traits.CastFromBytes,
				func(v uint64) (int64, bool) { return int64(v), v <= math.MaxInt64 },
				func(v uint64) string { return fmt.Sprintf("%d is too large for an int of 64 bits", v) })
		}
	default:
		return nil
	}
	return c
}

func intScalar(v any) (any, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= math.MaxInt64
	}
	return nil, false
}

// integer is what is held in fewer bits than flowrun's int.
type integer interface {
	int8 | int16 | int32 | uint8 | uint16 | uint32
}

func widened[T integer](values func(arrow.Array) []T) func(*session, arrow.Array) (arrow.Array, []fault) {
	return func(s *session, a arrow.Array) (arrow.Array, []fault) {
		from := values(a)
		buf := buffer(s, 8*len(from))
		out := arrow.Int64Traits.CastFromBytes(buf.Bytes())
		for i, v := range from {
			out[i] = int64(v)
		}
		return made(s, a, arrow.PrimitiveTypes.Int64, nil, nil, buf), nil
	}
}

func toFloat(from arrow.DataType) *conversion {
	to := arrow.PrimitiveTypes.Float64
	c := &conversion{scalar: func(v any) (any, bool) {
		f, ok := v.(float64)
		return f, ok && !math.IsNaN(f)
	}}
	switch from.ID() {
	case arrow.FLOAT64:
		c.array = same(to).array
	case arrow.FLOAT32:
		c.array = func(s *session, a arrow.Array) (arrow.Array, []fault) {
			from := a.(*array.Float32).Float32Values()
			buf := buffer(s, 8*len(from))
			out := arrow.Float64Traits.CastFromBytes(buf.Bytes())
			for i, v := range from {
				out[i] = float64(v)
			}
			return made(s, a, to, nil, nil, buf), nil
		}
	case arrow.FLOAT16:
		c.scalar = nil
		c.array = func(s *session, a arrow.Array) (arrow.Array, []fault) {
			from := a.(*array.Float16).Values()
			buf := buffer(s, 8*len(from))
			out := arrow.Float64Traits.CastFromBytes(buf.Bytes())
			for i, v := range from {
				out[i] = float64(v.Float32())
			}
			return made(s, a, to, nil, nil, buf), nil
		}
	default:
		return nil
	}
	return c
}
