package state

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// BenchmarkSlots measures loading, hashing and finding the keys of batches of 4,096 rows among a number of keys that are
// all there.
func BenchmarkSlots(b *testing.B) {
	for _, keys := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("int/%d", keys), func(b *testing.B) {
			benchmarkSlots(b, schema.Int, keys, func(bld array.Builder, k int) { bld.(*array.Int64Builder).Append(int64(k)) })
		})
		b.Run(fmt.Sprintf("string/%d", keys), func(b *testing.B) {
			benchmarkSlots(b, schema.String, keys, func(bld array.Builder, k int) {
				bld.(*array.StringBuilder).Append(fmt.Sprintf("user-%d", k))
			})
		})
	}
}

func benchmarkSlots(b *testing.B, dt arrow.DataType, keys int, add func(array.Builder, int)) {
	const rows = 4096
	rnd := rand.New(rand.NewPCG(1, 2))
	var batches []arrow.Array
	bld := array.NewBuilder(memory.DefaultAllocator, dt)
	for len(batches) < 256 {
		for range rows {
			add(bld, rnd.IntN(keys))
		}
		batches = append(batches, bld.NewArray())
	}
	t, err := NewTable(dt)
	if err != nil {
		b.Fatal(err)
	}
	var v Vector
	var slots []int32
	load := func(arr arrow.Array) {
		v.LoadKeys(arr, nil)
		if slots, err = t.Slots([]*Vector{&v}, rows, slots); err != nil {
			b.Fatal(err)
		}
	}
	for k := 0; k < keys; {
		for n := 0; n < rows; n++ {
			add(bld, k%keys)
			k++
		}
		load(bld.NewArray())
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		load(batches[i%len(batches)])
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
