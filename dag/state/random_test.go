package state

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/schema"
)

// allTypes are types of every kind.
var allTypes = []arrow.DataType{
	schema.Bool, schema.Int, schema.Float, schema.String, schema.Bytes, schema.Timestamp, schema.Date, schema.Duration,
	schema.List(schema.String), schema.List(schema.Float), schema.Map(schema.Int),
	schema.Struct(arrow.Field{Name: "a", Type: schema.Float, Nullable: true}, arrow.Field{Name: "b", Type: schema.List(schema.Int), Nullable: true}),
}

// drawArray makes an array of few different values, so that some are equal, in a slice of a larger array.
func drawArray(t *rapid.T, dt arrow.DataType, n int) arrow.Array {
	bld := array.NewBuilder(memory.DefaultAllocator, dt)
	defer bld.Release()
	front := rapid.IntRange(0, 3).Draw(t, "front")
	for range front + n + 1 {
		drawValue(t, bld)
	}
	whole := bld.NewArray()
	return array.NewSlice(whole, int64(front), int64(front+n))
}

func drawValue(t *rapid.T, bld array.Builder) {
	k := rapid.IntRange(0, 12).Draw(t, "value")
	if k == 0 {
		bld.AppendNull()
		return
	}
	texts := []string{"", "a", "b", "a\x00", "seven77", "eight888", "fifteen-bytes-x", "sixteen-bytes-xy", "sixteen-bytes-xz", strings.Repeat("long", 9)}
	switch b := bld.(type) {
	case *array.BooleanBuilder:
		b.Append(k%2 == 0)
	case *array.Int64Builder:
		b.Append([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, 7}[k%6])
	case *array.Float64Builder:
		b.Append([]float64{0, math.Copysign(0, -1), 1.5, math.NaN(), -math.NaN(), math.Inf(1), math.Inf(-1), -2}[k%8])
	case *array.StringBuilder:
		b.Append(texts[k%len(texts)])
	case *array.BinaryBuilder:
		b.Append([]byte(texts[k%len(texts)]))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(k - 5))
	case *array.Date32Builder:
		b.Append(arrow.Date32(k - 5))
	case *array.DurationBuilder:
		b.Append(arrow.Duration(k - 5))
	case *array.ListBuilder:
		b.Append(true)
		for range k % 3 {
			drawValue(t, b.ValueBuilder())
		}
	case *array.MapBuilder:
		b.Append(true)
		for i := range k % 3 {
			b.KeyBuilder().(*array.StringBuilder).Append(texts[(i+k)%2])
			drawValue(t, b.ItemBuilder())
		}
	case *array.StructBuilder:
		b.Append(true)
		for i := range b.NumField() {
			drawValue(t, b.FieldBuilder(i))
		}
	default:
		panic(fmt.Sprintf("no values for %T", b))
	}
}

// show prints a value so that equal prints are equal values, as keys or bit by bit.
func show(arr arrow.Array, i int, key bool) string {
	if arr.IsNull(i) {
		return "null"
	}
	switch a := arr.(type) {
	case *array.Float64:
		v := a.Value(i)
		switch {
		case key && v == 0:
			return "0"
		case v != v:
			if key {
				return "nan"
			}
		}
		return fmt.Sprint(math.Float64bits(v))
	case *array.Map:
		beg, end := a.ValueOffsets(i)
		var entries []string
		for j := beg; j < end; j++ {
			entries = append(entries, show(a.Keys(), int(j), key)+":"+show(a.Items(), int(j), key))
		}
		if key {
			slices.Sort(entries)
		}
		return "{" + strings.Join(entries, ",") + "}"
	case *array.List:
		beg, end := a.ValueOffsets(i)
		var sb strings.Builder
		for j := beg; j < end; j++ {
			sb.WriteString(show(a.ListValues(), int(j), key) + ",")
		}
		return "[" + sb.String() + "]"
	case *array.Struct:
		var sb strings.Builder
		for f := range a.NumField() {
			sb.WriteString(show(a.Field(f), i, key) + ",")
		}
		return "(" + sb.String() + ")"
	case *array.String:
		return fmt.Sprintf("%q", a.Value(i))
	case *array.Binary:
		return fmt.Sprintf("%q", a.Value(i))
	}
	return arr.ValueStr(i)
}

// drawRows picks rows of n, ascending; nil stands for all.
func drawRows(t *rapid.T, n int) []int32 {
	if rapid.Bool().Draw(t, "all rows") {
		return nil
	}
	rows := []int32{}
	for i := range n {
		if rapid.Bool().Draw(t, "row") {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

func rowAt(rows []int32, i int) int {
	if rows == nil {
		return i
	}
	return int(rows[i])
}

func count(rows []int32, n int) int {
	if rows == nil {
		return n
	}
	return len(rows)
}

// must takes a result that cannot fail in a test.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
