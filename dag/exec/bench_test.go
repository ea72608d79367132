package exec_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// repeat is a source that gives one batch many times, at no cost.
type repeat struct {
	b    *batch.Batch
	left int
}

func (r *repeat) Open(context.Context, op.Runtime, []byte) error { return nil }
func (r *repeat) Committed(context.Context, op.Position) error   { return nil }
func (r *repeat) Close() error                                   { return nil }
func (r *repeat) Read(context.Context) (*batch.Batch, op.Position, error) {
	if r.left == 0 {
		return nil, nil, io.EOF
	}
	r.left--
	return r.b.Retain(), nil, nil
}

// discard is a sink that does nothing.
type discard struct{}

func (discard) Open(context.Context, op.Runtime, []op.Prepared) error    { return nil }
func (discard) Write(context.Context, *batch.Batch, op.Emitter) error    { return nil }
func (discard) Epoch(context.Context, uint64) error                      { return nil }
func (discard) Prepare(context.Context, op.Emitter) (op.Prepared, error) { return nil, nil }
func (discard) Commit(context.Context, op.Prepared) error                { return nil }
func (discard) Abort(context.Context, op.Prepared) error                 { return nil }
func (discard) Close() error                                             { return nil }

type ends struct{ src op.Source }

func (e ends) Source(*plan.Node) (op.Source, error) { return e.src, nil }
func (e ends) Sink(*plan.Node) (op.Sink, error)     { return discard{}, nil }

// BenchmarkHop sends batches over four hops: what the engine itself costs.
func BenchmarkHop(b *testing.B) {
	for _, rows := range []int{1, 64, 1024} {
		for _, watched := range []bool{false, true} {
			b.Run(fmt.Sprintf("rows=%d/watched=%v", rows, watched), func(b *testing.B) {
				hop(b, rows, watched)
			})
		}
	}
}

func hop(b *testing.B, rows int, watched bool) {
	g := newGraph(b)
	g.source("in", &source{})
	last := "in"
	for _, id := range []string{"a", "b", "c"} {
		g.transform(id, &transform{}, last)
		last = id
	}
	g.sink("out", &sink{}, last)
	one := makeBatch(memory.DefaultAllocator, count(0, int64(rows))...)
	defer one.Release()
	r, err := exec.Build(g.p, ends{&repeat{one, b.N}}, exec.Options{
		Transforms: func(n *plan.Node) (op.Transform, error) { return g.nodes[n.ID], nil }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	if watched {
		snapshots, err := r.Snapshots(ctx)
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan struct{})
		defer func() { <-done }()
		go func() {
			defer close(done)
			for range snapshots {
			}
		}()
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := r.Run(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)*float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
