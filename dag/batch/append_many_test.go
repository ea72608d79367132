package batch

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"pgregory.net/rapid"

	"flowrun/dag/schema"
)

// Many values or nulls at once are as many one by one, in whatever turns.
func TestAppendManyIsAppendOneByOne(t *testing.T) {
	mem := checked(t)
	rapid.Check(t, func(r *rapid.T) {
		for _, dtype := range []arrow.DataType{schema.Int, schema.Timestamp, schema.String} {
			many, single := NewColumn(dtype, mem), NewColumn(dtype, mem)
			for range rapid.IntRange(0, 12).Draw(r, "turns") {
				n := rapid.SampledFrom([]int{0, 1, 7, 8, 9, 64, 130}).Draw(r, "rows")
				values := make([]int64, n)
				for i := range values {
					values[i] = rapid.Int64().Draw(r, "value")
				}
				turn := rapid.IntRange(0, 3).Draw(r, "turn")
				switch {
				case turn == 0:
					many.AppendNulls(n)
				case dtype == schema.String:
					for range n {
						many.AppendString("x")
					}
				case turn == 1:
					many.AppendInts(values)
				default:
					for _, v := range values {
						many.AppendInt(v)
					}
				}
				for _, v := range values {
					switch {
					case turn == 0:
						single.AppendNull()
					case dtype == schema.String:
						single.AppendString("x")
					default:
						single.AppendInt(v)
					}
				}
			}
			a, b := many.Finish(), single.Finish()
			if !array.Equal(a, b) || a.NullN() != b.NullN() {
				r.Fatalf("%v\n%v", a, b)
			}
			a.Release()
			b.Release()
		}
	})
}
