package exec_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
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

// BenchmarkHop sends batches over four hops: what the engine itself costs, with a queue at each and in one chain.
func BenchmarkHop(b *testing.B) {
	for _, rows := range []int{1, 64, 1024} {
		for _, watched := range []bool{false, true} {
			for _, chained := range []bool{false, true} {
				b.Run(fmt.Sprintf("rows=%d/watched=%v/chained=%v", rows, watched, chained), func(b *testing.B) {
					hop(b, rows, watched, chained)
				})
			}
		}
	}
}

// fourHops is a plan of a source, three transforms and a sink.
func fourHops(b *testing.B, chained bool) *graph {
	g := newGraph(b)
	g.source("in", &source{})
	last := "in"
	for _, id := range []string{"a", "b", "c"} {
		g.transform(id, &transform{}, last)
		last = id
	}
	g.sink("out", &sink{}, last)
	if chained {
		g.chain("a", "b", "c", "out")
	}
	return g
}

func hop(b *testing.B, rows int, watched, chained bool) {
	g := fourHops(b, chained)
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

// ping is a source that gives a batch whenever it is asked to, and pong a sink that tells when one has come.
type ping struct {
	repeat
	ask chan struct{}
}

func (p *ping) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	select {
	case _, ok := <-p.ask:
		if ok {
			return p.b.Retain(), nil, nil
		}
		return nil, nil, io.EOF
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

type pong struct {
	discard
	came chan struct{}
}

func (p pong) Write(context.Context, *batch.Batch, op.Emitter) error {
	p.came <- struct{}{}
	return nil
}

type pingPong struct {
	ping *ping
	pong pong
}

func (p pingPong) Source(*plan.Node) (op.Source, error) { return p.ping, nil }
func (p pingPong) Sink(*plan.Node) (op.Sink, error)     { return p.pong, nil }

// BenchmarkRow sends one row over four hops and waits until it has come: the time of an operation is its way.
func BenchmarkRow(b *testing.B) {
	for _, chained := range []bool{false, true} {
		b.Run(fmt.Sprintf("chained=%v", chained), func(b *testing.B) {
			g := fourHops(b, chained)
			one := makeBatch(memory.DefaultAllocator, 1)
			defer one.Release()
			ends := pingPong{&ping{repeat{b: one}, make(chan struct{})}, pong{came: make(chan struct{})}}
			r, err := exec.Build(g.p, ends, exec.Options{
				Transforms: func(n *plan.Node) (op.Transform, error) { return g.nodes[n.ID], nil }})
			if err != nil {
				b.Fatal(err)
			}
			done := make(chan error, 1)
			go func() { done <- r.Run(b.Context()) }()
			for b.Loop() {
				ends.ping.ask <- struct{}{}
				<-ends.pong.came
			}
			close(ends.ping.ask)
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkLanes runs a filter that costs much for each row, and what follows it: one that makes garbage, since it has no
// kernel, and one that does not.
func BenchmarkLanes(b *testing.B) {
	const rows = 4096
	costly := map[string]string{
		"garbage": "count([n, n + 1, n + 2], # % 3 == 0) == 1 && n % 4 == 0",
		"pattern": `string(n) matches "^(1|7)+[0-4]*[02468]$"`,
	}
	for _, lanes := range []int{1, 2} {
		for filter, text := range costly {
			b.Run(fmt.Sprintf("%s/lanes=%d", filter, lanes), func(b *testing.B) {
				g := newGraph(b)
				g.source("in", &source{})
				g.add("costly", &plan.Filter{Cond: plan.Expr{Text: diag.Text{Value: text}}}, "in").Parallelism = lanes
				g.add("after", &plan.Project{Items: []plan.Item{item("n", "n * 2")}}, "costly").Parallelism = lanes
				g.chain("after")
				g.sink("out", &sink{}, "after")
				g.bind()
				one := makeBatch(memory.DefaultAllocator, count(0, rows)...)
				defer one.Release()
				r, err := exec.Build(g.p, ends{&repeat{one, b.N}}, exec.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				if err := r.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
