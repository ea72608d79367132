package relational

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
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
func bench(b *testing.B, o plan.Op, s *arrow.Schema, batches [][]row) {
	p := open(b, b, o, plan.Rows, nil, s)
	var ready []*batch.Batch
	for _, rows := range batches {
		ready = append(ready, makeBatch(memory.DefaultAllocator, s, rows, nil))
	}
	process := func(in *batch.Batch) {
		if err := p.op.Process(context.Background(), 0, in, discard{}); err != nil {
			b.Fatal(err)
		}
	}
	for _, in := range ready {
		process(in)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		process(ready[i%len(ready)])
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
	p.close()
}

func randomRows(batches int, make func(r *rand.Rand) row) [][]row {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all [][]row
	for range batches {
		var rows []row
		for range benchRows {
			rows = append(rows, make(rnd))
		}
		all = append(all, rows)
	}
	return all
}

func BenchmarkFilter(b *testing.B) {
	rows := randomRows(4, func(r *rand.Rand) row { return row{r.Int64N(100), r.Float64() * 100} })
	for _, cond := range []string{"x > 50", "x > 50 && f < 25", "x >= 0"} {
		b.Run(strings.ReplaceAll(cond, " ", ""), func(b *testing.B) {
			bench(b, &plan.Filter{Cond: expression(cond)}, schemaOf("x int", "f float"), rows)
		})
	}
}

func BenchmarkProject(b *testing.B) {
	rows := randomRows(4, func(r *rand.Rand) row { return row{r.Int64N(100), r.Float64() * 100} })
	bench(b, &plan.Project{Keep: true, Items: []plan.Item{item("y", "f * 9 / 5 + 32")}}, schemaOf("x int", "f float"), rows)
}

// BenchmarkExplode counts input rows, of eight words each.
func BenchmarkExplode(b *testing.B) {
	rows := randomRows(4, func(r *rand.Rand) row {
		words := make([]string, 8)
		for i := range words {
			words[i] = fmt.Sprintf("word%d", r.IntN(1000))
		}
		return row{strings.Join(words, " "), r.Int64N(100)}
	})
	bench(b, &plan.Explode{Item: item("word", `split(value, " ")`)}, schemaOf("value string", "x int"), rows)
}

func BenchmarkAggregateCount(b *testing.B) {
	for _, keys := range []int{1_000, 1_000_000} {
		batches := 16
		if keys > 1000 {
			batches = keys / benchRows * 2
		}
		for _, of := range []string{"int", "string"} {
			b.Run(fmt.Sprintf("%s/%d", of, keys), func(b *testing.B) {
				rows := randomRows(batches, func(r *rand.Rand) row {
					k := r.IntN(keys)
					if of == "int" {
						return row{int64(k), 1.5}
					}
					return row{fmt.Sprintf("dev-%d", k), 1.5}
				})
				bench(b, counts("count()"), schemaOf("k "+of, "f float"), rows)
			})
		}
	}
}

// BenchmarkAggregateAverage is the keyed count and average of the window workload, at 1,000 keys.
func BenchmarkAggregateAverage(b *testing.B) {
	rows := randomRows(16, func(r *rand.Rand) row { return row{fmt.Sprintf("dev-%d", r.IntN(1000)), r.Float64()} })
	bench(b, counts("count()", "avg(f)"), schemaOf("k string", "f float"), rows)
}

// BenchmarkAggregateEmit measures the updates of 1,000,000 changed groups.
func BenchmarkAggregateEmit(b *testing.B) {
	const keys = 1_000_000
	s := schemaOf("k int", "f float")
	p := open(b, b, &plan.Aggregate{Emit: plan.Complete, By: counts().By, Take: counts("count()").Take}, plan.Rows, nil, s)
	for k := 0; k < keys; {
		var rows []row
		for range benchRows {
			rows = append(rows, row{int64(k), 0.5})
			k++
		}
		p.rows(0, rows...)
	}
	one := makeBatch(memory.DefaultAllocator, s, []row{{int64(1), 0.5}}, nil)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := p.op.Process(context.Background(), 0, one, discard{}); err != nil {
			b.Fatal(err)
		}
		if err := p.op.Barrier(context.Background(), 0, discard{}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)*keys/b.Elapsed().Seconds(), "groups/s")
	p.close()
}

func counts(takes ...string) *plan.Aggregate {
	o := &plan.Aggregate{Emit: plan.Updates, By: []plan.Item{{Name: text("k"), Bare: true}}}
	for i, t := range takes {
		o.Take = append(o.Take, plan.TakeItem{Name: text(fmt.Sprintf("t%d", i)), Text: text(t)})
	}
	return o
}
