package exec_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// rounds is a source that gives some batches again and again, at no cost.
type rounds struct {
	repeat
	all []*batch.Batch
}

func (r *rounds) Read(context.Context) (*batch.Batch, op.Position, error) {
	if r.left == 0 {
		return nil, nil, io.EOF
	}
	r.left--
	return r.all[r.left%len(r.all)].Retain(), nil, nil
}

// BenchmarkKeyedLanes counts and averages by key, in one window that holds all keys: an operation is a batch. The first of them bring
// the keys, so that a short run says more of that than of the rest.
func BenchmarkKeyedLanes(b *testing.B) {
	const rows, batches = 4096, 512
	for _, keys := range []int64{1000, 1_000_000} {
		src := &rounds{}
		random := rand.New(rand.NewPCG(1, 2))
		for range batches {
			builder := batch.NewBuilder(timedSchema, memory.DefaultAllocator)
			for range rows {
				builder.Column(0).AppendInt(1)
				builder.Column(1).AppendInt(random.Int64N(keys))
				builder.Column(2).AppendInt(random.Int64N(100))
			}
			src.all = append(src.all, builder.Batch())
			builder.Release()
		}
		for _, lanes := range []int{1, 2} {
			b.Run(fmt.Sprintf("keys=%d/lanes=%d", keys, lanes), func(b *testing.B) {
				p := newTimedPlan()
				p.source("in", plan.Timing{}, &timedSource{})
				w := windowOf(time.Second, time.Second, item("k", "k"))
				w.Take[1].Text = text("avg(v)")
				p.add("counts", w, "in")
				p.by["counts"].Parallelism = lanes
				p.add("out", &plan.Write{Kind: "timed"}, "counts")
				if list := plan.Bind(p.p); list.HasErrors() {
					b.Fatal(list)
				}
				plan.Rewrite(p.p)
				src.left = b.N
				r, err := exec.Build(p.p, ends{src}, exec.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.ResetTimer()
				if err := r.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
			})
		}
		for _, one := range src.all {
			one.Release()
		}
	}
}
