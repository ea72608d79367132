package state

import (
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Values are compared as they are listed: each with all others, both ways in which they can be held.
func TestCompare(t *testing.T) {
	mem := memory.NewGoAllocator()
	for _, c := range []struct {
		name  string
		build func() arrow.Array // ascending; the first is null, the last two are equal
	}{
		{"ints", func() arrow.Array {
			b := array.NewInt64Builder(mem)
			b.AppendNull()
			b.AppendValues([]int64{math.MinInt64, -1, 0, 7, math.MaxInt64, math.MaxInt64}, nil)
			return b.NewArray()
		}},
		{"floats", func() arrow.Array {
			b := array.NewFloat64Builder(mem)
			b.AppendNull()
			b.AppendValues([]float64{math.Inf(-1), -2, -1, 0, 0.5, math.Inf(1), math.NaN(), math.Float64frombits(math.Float64bits(math.NaN()) | 1<<63)}, nil)
			return b.NewArray()
		}},
		{"bools", func() arrow.Array {
			b := array.NewBooleanBuilder(mem)
			b.AppendNull()
			b.AppendValues([]bool{false, true, true}, nil)
			return b.NewArray()
		}},
		{"texts", func() arrow.Array {
			b := array.NewStringBuilder(mem)
			b.AppendNull()
			b.AppendValues([]string{"", "\x00", "a", "a text longer than a view", "a text longer than a wiew", "aa", "b", "\xff\xff", "\xff\xff"}, nil)
			return b.NewArray()
		}},
	} {
		arr := c.build()
		col, err := NewValues(arr.DataType())
		if err != nil {
			t.Fatal(err)
		}
		var v Vector
		v.Load(arr, nil)
		var all []int32
		for i := range arr.Len() {
			all = append(all, int32(i))
		}
		col.Append(&v, all)
		place := func(i int) int { return min(i, arr.Len()-2) }
		for i := range arr.Len() {
			for j := range arr.Len() {
				want := sign(place(i) - place(j))
				if got := sign(col.Compare(int32(i), int32(j))); got != want {
					t.Errorf("%s: Compare(%d, %d) = %d, want %d", c.name, i, j, got, want)
				}
				if got := sign(col.CompareTo(&v, i, int32(j))); got != want {
					t.Errorf("%s: CompareTo(%d, %d) = %d, want %d", c.name, i, j, got, want)
				}
			}
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }
