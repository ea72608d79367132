package exec_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.uber.org/goleak"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbers is the schema of most tests: one column n.
var numbers = arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}}, nil)

func makeBatch(mem memory.Allocator, values ...int64) *batch.Batch {
	b := array.NewInt64Builder(mem)
	defer b.Release()
	b.AppendValues(values, nil)
	col := b.NewArray()
	defer col.Release()
	return batch.New(array.NewRecordBatch(numbers, []arrow.Array{col}, int64(len(values))))
}

func values(b *batch.Batch) []int64 {
	col := b.Record.Column(0).(*array.Int64)
	out := make([]int64, b.Rows())
	for i := range out {
		out[i] = col.Value(b.Row(i))
	}
	return out
}

func count(from, to int64) []int64 {
	var out []int64
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// step is what a scripted source does next.
type step struct {
	after   time.Duration // first waits for the outside world so long
	work    time.Duration // first works so long
	rows    []int64
	rejects []batch.Reject
	skipped int
	err     error
	crash   bool
}

// position counts batches.
type position uint64

func (p position) AppendBinary(b []byte) ([]byte, error) {
	return binary.BigEndian.AppendUint64(b, uint64(p)), nil
}

// source plays a script; then it ends, or, if it is live, waits for ever.
type source struct {
	steps     []step
	live      bool
	rt        op.Runtime
	mu        sync.Mutex
	at        int
	committed op.Position
	closed    int
	opened    bool
	openErr   error
}

func (s *source) Open(_ context.Context, rt op.Runtime, from []byte) error {
	s.rt, s.opened = rt, s.openErr == nil
	return s.openErr
}

func (s *source) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	s.mu.Lock()
	at := s.at
	s.mu.Unlock()
	if at == len(s.steps) {
		if !s.live {
			return nil, nil, io.EOF
		}
		s.rt.Waiting(true)
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	st := s.steps[at]
	if st.after > 0 {
		s.rt.Waiting(true)
		select {
		case <-time.After(st.after):
			s.rt.Waiting(false)
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	if st.work > 0 {
		select {
		case <-time.After(st.work):
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	if st.crash {
		panic("boom")
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	s.at++
	s.mu.Unlock()
	if st.err != nil {
		return nil, nil, st.err
	}
	b := makeBatch(s.rt.Allocator(), st.rows...)
	b.Rejects, b.Skipped = st.rejects, st.skipped
	return b, position(s.at), nil
}

// reads is how many batches it gave.
func (s *source) reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *source) Committed(_ context.Context, p op.Position) error { s.committed = p; return nil }
func (s *source) Close() error                                     { s.closed++; return nil }

// transform is made of functions; nil ones do what a node that passes everything on does.
type transform struct {
	process   func(port int, in *batch.Batch, out op.Emitter) error
	watermark func(wm time.Time, out op.Emitter) (time.Time, error)
	barrier   func(epoch uint64, out op.Emitter) error
	finished  func() bool
	rt        op.Runtime
	closed    int
}

func (t *transform) Open(_ context.Context, rt op.Runtime) error { t.rt = rt; return nil }
func (t *transform) Close() error                                { t.closed++; return nil }

func (t *transform) Process(_ context.Context, port int, in *batch.Batch, out op.Emitter) error {
	if t.process == nil {
		return passOn(port, in, out)
	}
	return t.process(port, in, out)
}

func passOn(_ int, in *batch.Batch, out op.Emitter) error {
	out.Pass(in.Rows())
	return out.Emit("", in.Retain())
}

func (t *transform) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	if t.watermark == nil {
		return wm, nil
	}
	return t.watermark(wm, out)
}

func (t *transform) Barrier(_ context.Context, epoch uint64, out op.Emitter) error {
	if t.barrier == nil {
		return nil
	}
	return t.barrier(epoch, out)
}

func (t *transform) Finished() bool { return t.finished != nil && t.finished() }

// keep passes the rows for which yes is true.
func keep(yes func(int64) bool) *transform {
	return &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
		sel := []int32{}
		for i, v := range values(in) {
			if yes(v) {
				sel = append(sel, int32(in.Row(i)))
			}
		}
		out.Pass(len(sel))
		out.Filter(in.Rows() - len(sel))
		return out.Emit("", in.WithSelection(sel))
	}}
}

// limit passes the first rows and finishes.
func limit(n int) *transform {
	left := n
	t := keep(func(int64) bool { left--; return left >= 0 })
	t.finished = func() bool { return left <= 0 }
	return t
}

// sink keeps what it is given, by epoch.
type sink struct {
	opened                                 bool
	delay                                  time.Duration // of a Write
	write                                  func(in *batch.Batch, out op.Emitter) error
	epoch                                  func(epoch uint64) error
	prepare                                func(out op.Emitter) (op.Prepared, error)
	rt                                     op.Runtime
	mu                                     sync.Mutex
	rows                                   []int64
	text                                   []string  // of rows of other schemas
	epochs                                 [][]int64 // rows since the last one, by epoch
	cuts                                   []time.Time
	fresh                                  []int64
	prepared, committed, aborted, closed   int
	openErr, commitErr, closeErr, writeErr error
}

func (s *sink) Open(_ context.Context, rt op.Runtime, _ []op.Prepared) error {
	s.rt, s.opened = rt, s.openErr == nil
	return s.openErr
}

func (s *sink) Write(ctx context.Context, in *batch.Batch, out op.Emitter) error {
	if s.delay > 0 {
		select {
		case <-time.After(s.delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if s.write != nil {
		if err := s.write(in, out); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.Record.Column(0).DataType().ID() != arrow.INT64 {
		for i := range in.Rows() {
			line := ""
			for c := range int(in.Record.NumCols()) {
				if c > 0 {
					line += fmt.Sprintf("|%s", in.Record.Column(c).ValueStr(in.Row(i)))
				}
			}
			s.text = append(s.text, line)
		}
		return s.writeErr
	}
	s.rows = append(s.rows, values(in)...)
	s.fresh = append(s.fresh, values(in)...)
	return s.writeErr
}

func (s *sink) Epoch(_ context.Context, epoch uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if int(epoch) != len(s.epochs) {
		return fmt.Errorf("epoch %d follows %d", epoch, len(s.epochs)-1)
	}
	s.epochs = append(s.epochs, s.fresh)
	s.cuts = append(s.cuts, time.Now())
	s.fresh = nil
	if s.epoch != nil {
		return s.epoch(epoch)
	}
	return nil
}

func (s *sink) Prepare(_ context.Context, out op.Emitter) (op.Prepared, error) {
	s.prepared++
	if s.prepare != nil {
		return s.prepare(out)
	}
	return op.Prepared("token"), nil
}

func (s *sink) Commit(_ context.Context, p op.Prepared) error { s.committed++; return s.commitErr }
func (s *sink) Abort(context.Context, op.Prepared) error      { s.aborted++; return nil }
func (s *sink) Close() error                                  { s.closed++; return s.closeErr }

// got is what came so far.
func (s *sink) got() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]int64(nil), s.rows...)
}

// graph is a plan of fakes.
type graph struct {
	t       fataler
	p       *plan.Pipeline
	mem     *memory.CheckedAllocator
	sources map[string]*source
	nodes   map[string]*transform
	many    map[string]func() *transform // of nodes that run in lanes
	sinks   map[string]*sink
	by      map[string]*plan.Node
	// transforms makes operators; nil: nodes has them.
	transforms func(*plan.Node) (op.Transform, error)
}

// fataler is a test, rapid's or Go's.
type fataler interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
}

func newGraph(t fataler) *graph {
	g := &graph{t: t, p: &plan.Pipeline{Name: "test"}, mem: memory.NewCheckedAllocator(batch.NewPool()),
		sources: map[string]*source{}, nodes: map[string]*transform{}, many: map[string]func() *transform{}, sinks: map[string]*sink{}, by: map[string]*plan.Node{}}
	return g
}

func (g *graph) add(id string, o plan.Op, from ...string) *plan.Node {
	n := &plan.Node{ID: id, Kind: "fake", Op: o, OnError: plan.Drop}
	if _, ok := o.(*plan.Write); !ok {
		n.Outputs = append(n.Outputs, &plan.Output{Schema: numbers})
	}
	n.Outputs = append(n.Outputs, &plan.Output{Name: plan.RejectedOutput, Schema: schema.Rejected})
	for _, f := range from {
		e := plan.Edge{From: g.by[f]}
		if e.From == nil { // "node.output"
			name := f[:len(f)-len("."+plan.RejectedOutput)]
			e = plan.Edge{From: g.by[name], Output: plan.RejectedOutput}
		}
		n.Inputs = append(n.Inputs, e)
		e.Source().Read = true
	}
	g.p.Nodes = append(g.p.Nodes, n)
	g.by[id] = n
	return n
}

func (g *graph) source(id string, s *source) *source {
	g.add(id, &plan.Scan{Kind: "fake", Schema: numbers, Bounded: !s.live})
	g.sources[id] = s
	return s
}

func (g *graph) transform(id string, t *transform, from ...string) *transform {
	g.add(id, &plan.Union{}, from...)
	g.nodes[id] = t
	return t
}

// lanes adds a transform that runs in several lanes.
func (g *graph) lanes(id string, lanes int, operator func() *transform, from ...string) *plan.Node {
	n := g.add(id, &plan.Union{}, from...)
	n.Parallelism = lanes
	g.many[id] = operator
	return n
}

// chain lets nodes run in the goroutine of the one they read.
func (g *graph) chain(ids ...string) {
	for _, id := range ids {
		g.by[id].Chained = true
	}
}

func (g *graph) sink(id string, s *sink, from ...string) *sink {
	g.add(id, &plan.Write{Kind: "fake"}, from...)
	g.sinks[id] = s
	return s
}

func (g *graph) Source(n *plan.Node) (op.Source, error) { return g.sources[n.ID], nil }
func (g *graph) Sink(n *plan.Node) (op.Sink, error)     { return g.sinks[n.ID], nil }

func (g *graph) build(o exec.Options) *exec.Run {
	g.t.Helper()
	o.Allocator = g.mem
	o.Transforms = g.transforms
	if o.Transforms == nil {
		o.Transforms = func(n *plan.Node) (op.Transform, error) {
			if operator := g.many[n.ID]; operator != nil {
				return operator(), nil
			}
			return g.nodes[n.ID], nil
		}
	}
	r, err := exec.Build(g.p, g, o)
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

// check holds what is true of every run that has ended: all is closed once, all buffers are back, and it adds up.
func (g *graph) check(r *exec.Run) {
	g.t.Helper()
	g.mem.AssertSize(g.t, 0)
	for id, s := range g.sources {
		if s.closed > 1 || s.opened != (s.closed == 1) {
			g.t.Errorf("source %s was closed %d times", id, s.closed)
		}
	}
	for id, s := range g.sinks {
		if s.closed > 1 || s.opened != (s.closed == 1) {
			g.t.Errorf("sink %s was closed %d times", id, s.closed)
		}
	}
	for _, p := range r.Summary().Problems {
		g.t.Error(p)
	}
}

// run runs to the end and fails the test on an error.
func (g *graph) run(o exec.Options) *exec.Run {
	g.t.Helper()
	r := g.build(o)
	if err := r.Run(context.Background()); err != nil {
		g.t.Fatal(err)
	}
	g.check(r)
	return r
}

// start runs in the background; the returned function waits for the end.
func (g *graph) start(o exec.Options) (*exec.Run, func() error) {
	r := g.build(o)
	done := make(chan error, 1)
	go func() { done <- r.Run(context.Background()) }()
	return r, func() error {
		g.t.Helper()
		err := <-done
		g.check(r)
		return err
	}
}
