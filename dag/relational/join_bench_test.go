package relational

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// BenchmarkJoin is two streams whose rows come in turn, batch by batch, the watermark behind each. Rows come so fast that with these
// keys each finds about one of the other side within the ten seconds. A row is one of either side.
func BenchmarkJoin(b *testing.B) {
	left, right := schemaOf("at timestamp", "k int", "v int"), schemaOf("since timestamp", "of int", "w int")
	texts, others := schemaOf("at timestamp", "k string", "v int"), schemaOf("since timestamp", "of string", "w int")
	for _, keys := range []int{1_000, 1_000_000} {
		for _, c := range []struct {
			name        string
			kind        plan.JoinType
			left, right *arrow.Schema
		}{{"inner", plan.InnerJoin, left, right}, {"inner-text", plan.InnerJoin, texts, others}, {"left", plan.LeftJoin, left, right}, {"asof", plan.AsofJoin, left, right}} {
			b.Run(fmt.Sprintf("%s/keys=%d", c.name, keys), func(b *testing.B) {
				o := &plan.Join{Type: c.kind, On: []plan.JoinKey{{Left: text("k"), Right: text("of")}}, Bound: &plan.Bound{Lower: -10 * time.Second, Upper: 10 * time.Second}}
				benchJoin(b, o, keys, c.left, c.right)
			})
		}
	}
}

func benchJoin(b *testing.B, o *plan.Join, keys int, schemas ...*arrow.Schema) {
	const cycle = 512 // batches of each side before keys come again
	p := openOn(b, b, o, plan.Rows, nil, true, onTime(schemas[0], "at"), onTime(schemas[1], "since"))
	var batches [2][]*batch.Batch
	for side, s := range schemas {
		rnd := rand.New(rand.NewPCG(uint64(side), 2))
		bld := array.NewRecordBuilder(p.rt.Allocator(), s)
		for range cycle {
			for range benchRows {
				appendValue(bld.Field(0), arrow.Timestamp(0))
				if k := rnd.IntN(keys); s.Field(1).Type.ID() == arrow.STRING {
					addText(bld, 1, fmt.Sprintf("customer %08d", k))
				} else {
					addInt(bld, 1, int64(k))
				}
				addInt(bld, 2, rnd.Int64N(100))
			}
			batches[side] = append(batches[side], batch.New(bld.NewRecordBatch()))
		}
		bld.Release()
	}
	step := 10_000_000 / int64(keys) // microseconds between the rows of a side
	var at [2]int64
	n := 0
	process := func() {
		side := n % 2
		in := batches[side][n/2%cycle]
		words := make([]uint64, benchRows)
		for i := range words {
			words[i] = uint64(at[side])
			at[side] += step
		}
		times := state.ArrayOf(p.rt.Allocator(), schema.Timestamp, words, nil)
		rec := recordOf(schemas[side], []arrow.Array{times, in.Record.Column(1), in.Record.Column(2)}, benchRows)
		times.Release()
		timed := in.WithRecord(rec, nil)
		if err := p.op.Process(context.Background(), side, timed, discard{}); err != nil {
			b.Fatal(err)
		}
		timed.Release()
		if _, err := p.op.Watermark(context.Background(), time.UnixMicro(min(at[0], at[1])-1_000_000), discard{}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	for range max(4, 3*keys/benchRows) { // until rows are forgotten as fast as they come
		process()
	}
	b.ReportAllocs()
	n = 0
	for b.Loop() {
		process()
	}
	b.ReportMetric(float64(n)*benchRows/b.Elapsed().Seconds(), "rows/s")
	for _, all := range batches {
		for _, one := range all {
			one.Release()
		}
	}
	p.close()
}
