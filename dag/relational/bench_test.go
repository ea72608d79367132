package relational

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

const benchRows = 4096

// discard drops what is emitted.
type discard struct{}

func (discard) Emit(_ string, b *batch.Batch) error { b.Release(); return nil }

func (discard) Reject(*batch.Batch, []batch.Failure) error       { return nil }
func (discard) RejectOutput(*batch.Batch, []batch.Failure) error { return nil }
func (discard) Pass(int)                                         {}
func (discard) Filter(int)                                       {}
func (discard) Hold(int)                                         {}
func (discard) Late(int)                                         {}

var _ op.Emitter = discard{}

// bench runs an operator over batches of benchRows rows, again and again.
func bench(b *testing.B, o plan.Op, s *arrow.Schema, batches []*batch.Batch) {
	p := open(b, b, o, plan.Rows, nil, s)
	process := func(in *batch.Batch) {
		if err := p.op.Process(context.Background(), 0, in, discard{}); err != nil {
			b.Fatal(err)
		}
	}
	for _, in := range batches {
		process(in)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		process(batches[n%len(batches)])
		n++
	}
	b.ReportMetric(float64(n)*benchRows/b.Elapsed().Seconds(), "rows/s")
	p.close()
}

// randomBatches makes batches whose rows are added by add.
func randomBatches(s *arrow.Schema, batches int, add func(r *rand.Rand, bld *array.RecordBuilder)) []*batch.Batch {
	rnd := rand.New(rand.NewPCG(1, 2))
	bld := array.NewRecordBuilder(memory.DefaultAllocator, s)
	var all []*batch.Batch
	for range batches {
		for range benchRows {
			add(rnd, bld)
		}
		all = append(all, batch.New(bld.NewRecordBatch()))
	}
	return all
}

func addInt(bld *array.RecordBuilder, c int, v int64) { bld.Field(c).(*array.Int64Builder).Append(v) }
func addFloat(bld *array.RecordBuilder, c int, v float64) {
	bld.Field(c).(*array.Float64Builder).Append(v)
}
func addText(bld *array.RecordBuilder, c int, v string) {
	bld.Field(c).(*array.StringBuilder).Append(v)
}

// numbers are batches of an int and a float below 100.
func numbers() (*arrow.Schema, []*batch.Batch) {
	s := schemaOf("x int", "f float")
	return s, randomBatches(s, 4, func(r *rand.Rand, bld *array.RecordBuilder) {
		addInt(bld, 0, r.Int64N(100))
		addFloat(bld, 1, r.Float64()*100)
	})
}

func BenchmarkFilter(b *testing.B) {
	s, batches := numbers()
	for _, cond := range []string{"x > 50", "x > 50 && f < 25", "x >= 0"} {
		b.Run(strings.ReplaceAll(cond, " ", ""), func(b *testing.B) {
			bench(b, &plan.Filter{Cond: expression(cond)}, s, batches)
		})
	}
}

func BenchmarkProject(b *testing.B) {
	s, batches := numbers()
	bench(b, &plan.Project{Keep: true, Items: []plan.Item{item("y", "f * 9 / 5 + 32")}}, s, batches)
}

// BenchmarkExplode counts input rows, of eight words each.
func BenchmarkExplode(b *testing.B) {
	s := schemaOf("value string", "x int")
	batches := randomBatches(s, 4, func(r *rand.Rand, bld *array.RecordBuilder) {
		words := make([]string, 8)
		for i := range words {
			words[i] = fmt.Sprintf("word%d", r.IntN(1000))
		}
		addText(bld, 0, strings.Join(words, " "))
		addInt(bld, 1, r.Int64N(100))
	})
	bench(b, &plan.Explode{Item: item("word", `split(value, " ")`)}, s, batches)
}

func BenchmarkAggregateCount(b *testing.B) { benchKeyed(b, "count()") }

// BenchmarkAggregateAverage is the keyed count and average of the window workload.
func BenchmarkAggregateAverage(b *testing.B) { benchKeyed(b, "count()", "avg(f)") }

func BenchmarkAggregateDistinct(b *testing.B)       { benchKeyed(b, "count_distinct(f)") }
func BenchmarkAggregateDistinctApprox(b *testing.B) { benchKeyed(b, "count_distinct_approx(f)") }
func BenchmarkAggregateQuantileApprox(b *testing.B) { benchKeyed(b, "quantile_approx(f, 0.5)") }

// BenchmarkWindow is the keyed tumbling count and average: a window, in which every key comes at least eight times, closes
// while the next one is filled, and gives a row for each key.
func BenchmarkWindow(b *testing.B) {
	for _, keys := range []int{1_000, 1_000_000} {
		for _, of := range []string{"int", "string"} {
			b.Run(fmt.Sprintf("%s/%d", of, keys), func(b *testing.B) { benchWindow(b, of, keys, time.Second) })
		}
	}
	b.Run("hopping/1000", func(b *testing.B) { benchWindow(b, "int", 1000, time.Second/10) })
}

func benchWindow(b *testing.B, of string, keys int, every time.Duration) {
	perWindow := max(8*keys/benchRows, 64) // batches
	s := schemaOf("at timestamp", "k "+of, "f float")
	all := randomBatches(s, min(perWindow, 512), func(r *rand.Rand, bld *array.RecordBuilder) {
		bld.Field(0).(*array.TimestampBuilder).Append(0) // written anew below
		if k := r.IntN(keys); of == "int" {
			addInt(bld, 1, int64(k))
		} else {
			addText(bld, 1, fmt.Sprintf("dev-%d", k))
		}
		addFloat(bld, 2, r.Float64())
	})
	o := counts("count()", "avg(f)")
	o.Emit, o.Window = plan.Final, &plan.Window{Size: time.Second, Every: every}
	p := openOn(b, b, o, plan.Rows, nil, true, onTime(s, "at"))
	n := 0
	process := func() {
		in := all[n%len(all)]
		at := arrow.Timestamp(int64(n/perWindow) * time.Second.Microseconds())
		times := in.Record.Column(0).(*array.Timestamp).TimestampValues()
		for i := range times {
			times[i] = at
		}
		if err := p.op.Process(context.Background(), 0, in, discard{}); err != nil {
			b.Fatal(err)
		}
		if n++; n%perWindow == 0 {
			if _, err := p.op.Watermark(context.Background(), time.UnixMicro(int64(at)), discard{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	for n < 2*perWindow {
		process()
	}
	from := n
	b.ReportAllocs()
	for b.Loop() {
		process()
	}
	b.ReportMetric(float64(n-from)*benchRows/b.Elapsed().Seconds(), "rows/s")
	_, bytes := p.op.(op.Stateful).State()
	b.ReportMetric(float64(bytes)/float64(keys), "state-B/key")
	p.close()
}

// benchKeyed runs an aggregate by one key, of few and of many.
func benchKeyed(b *testing.B, takes ...string) {
	for _, keys := range []int{1_000, 1_000_000} {
		batches := 16
		if keys > 1000 {
			batches = keys / benchRows * 2
		}
		for _, of := range []string{"int", "string"} {
			s := schemaOf("k "+of, "f float")
			all := randomBatches(s, batches, func(r *rand.Rand, bld *array.RecordBuilder) {
				if k := r.IntN(keys); of == "int" {
					addInt(bld, 0, int64(k))
				} else {
					addText(bld, 0, fmt.Sprintf("dev-%d", k))
				}
				addFloat(bld, 1, r.Float64())
			})
			b.Run(fmt.Sprintf("%s/%d", of, keys), func(b *testing.B) { bench(b, counts(takes...), s, all) })
		}
	}
}

// BenchmarkAggregateEmit measures the complete result of 1,000,000 groups.
func BenchmarkAggregateEmit(b *testing.B) {
	const keys = 1_000_000
	s := schemaOf("k int", "f float")
	o := counts("count()")
	o.Emit = plan.Complete
	p := open(b, b, o, plan.Rows, nil, s)
	k := int64(0)
	for _, in := range randomBatches(s, keys/benchRows+1, func(_ *rand.Rand, bld *array.RecordBuilder) {
		addInt(bld, 0, min(k, keys-1))
		addFloat(bld, 1, 0.5)
		k++
	}) {
		p.send(0, in)
	}
	one := makeBatch(memory.DefaultAllocator, s, []row{{int64(1), 0.5}}, nil)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := p.op.Process(context.Background(), 0, one, discard{}); err != nil {
			b.Fatal(err)
		}
		if err := p.op.Barrier(context.Background(), 0, discard{}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)*keys/b.Elapsed().Seconds(), "groups/s")
	p.close()
}

func counts(takes ...string) *plan.Aggregate {
	o := &plan.Aggregate{Emit: plan.Updates, By: []plan.Item{{Name: text("k"), Bare: true}}}
	for i, t := range takes {
		o.Take = append(o.Take, plan.TakeItem{Name: text(fmt.Sprintf("t%d", i)), Text: text(t)})
	}
	return o
}
