package exec_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/exec"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

// Rewriting a plan changes nothing that anybody can see: the rows and the rejects, whole, and every count.
func TestRewritingChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWide(rt)
		o := exec.Options{Queue: rapid.IntRange(1, 3).Draw(rt, "queue"), BatchRows: rapid.IntRange(1, 70).Draw(rt, "batch rows")}
		written := w.run(t, rt, o, func(*plan.Pipeline) {})
		rewritten := w.run(t, rt, o, plan.Rewrite)
		if d := cmp.Diff(written, rewritten); d != "" {
			var text strings.Builder
			if err := plan.Explain(&text, w.build(rt)); err != nil {
				rt.Fatal(err)
			}
			rt.Fatalf("as written and rewritten:\n%s\n%s", d, &text)
		}
	})
}

// build binds the plan.
func (w *wide) build(t fataler) *plan.Pipeline {
	p := &plan.Pipeline{Name: "wide"}
	by := map[string]*plan.Node{}
	add := func(id string, o plan.Op, from ...string) {
		n := &plan.Node{ID: id, Kind: "wide", Op: o, OnError: plan.Drop}
		for _, f := range from {
			name, output, _ := strings.Cut(f, ".")
			n.Inputs = append(n.Inputs, plan.Edge{From: by[name], Output: output})
		}
		p.Nodes, by[id] = append(p.Nodes, n), n
	}
	add("source", &plan.Scan{Kind: "wide", Schema: wideSchema, Bounded: true, UntilNow: true, Pushes: w.pushes})
	for i, n := range w.nodes {
		add(fmt.Sprint("node", i), n.op(), n.from...)
	}
	for i, s := range w.sinks {
		o := &plan.Write{Kind: "wide", ExprsOnly: s.only}
		for _, e := range s.exprs {
			o.Exprs = append(o.Exprs, plan.Expr{Text: text(e)})
		}
		add(fmt.Sprint("sink", i), o, s.from)
	}
	if list := plan.Bind(p); list.HasErrors() {
		t.Fatal(list)
	}
	p.Trigger = plan.Trigger{Kind: plan.Once}
	return p
}

// outcome is all that can be seen of a run.
type outcome struct {
	Rows  map[string][]string // by sink, sorted
	Nodes []exec.NodeAccount
}

func (w *wide) run(t *testing.T, rt *rapid.T, o exec.Options, rewrite func(*plan.Pipeline)) outcome {
	p := w.build(rt)
	rewrite(p)
	mem := memory.NewCheckedAllocator(batch.NewPool())
	o.Allocator, o.Transforms = mem, relational.New
	o.Now = func() time.Time { return time.Unix(0, 0) }
	ends := &wideEnds{w: w, sinks: map[string]*wideSinkOp{}}
	got := outcome{Rows: map[string][]string{}}
	var err error
	synctest.Test(t, func(t *testing.T) {
		var r *exec.Run
		if r, err = exec.Build(p, ends, o); err != nil {
			return
		}
		if err = r.Run(t.Context()); err != nil {
			return
		}
		s := r.Summary()
		if got.Nodes = s.Nodes; len(s.Problems) > 0 {
			err = fmt.Errorf("account: %v", s.Problems)
		}
	})
	if err != nil {
		rt.Fatal(err)
	}
	for id, s := range ends.sinks {
		got.Rows[id] = sorted(s.lines)
	}
	if left := mem.CurrentAlloc(); left != 0 {
		rt.Fatalf("%d bytes of batches are not given back", left)
	}
	return got
}

// wideEnds makes the sources and sinks.
type wideEnds struct {
	w     *wide
	sinks map[string]*wideSinkOp
}

func (e *wideEnds) Source(n *plan.Node) (op.Source, error) {
	return &wideSource{w: e.w, scan: n.Op.(*plan.Scan)}, nil
}

func (e *wideEnds) Sink(n *plan.Node) (op.Sink, error) {
	s := &wideSinkOp{node: n, programs: n.Op.(*plan.Write)}
	e.sinks[n.ID] = s
	return s, nil
}

// wideSource builds only what is wanted and answers what was pushed.
type wideSource struct {
	source
	w    *wide
	scan *plan.Scan
	mem  memory.Allocator
	next int
	evs  []*expr.Evaluator
}

func (s *wideSource) Open(_ context.Context, rt op.Runtime, _ []byte) error {
	s.mem = rt.Allocator()
	for _, p := range s.scan.Pushed {
		s.evs = append(s.evs, p.Evaluator(s.mem))
	}
	return nil
}

func (s *wideSource) Read(context.Context) (*batch.Batch, op.Position, error) {
	if s.next == len(s.w.batches) {
		return nil, nil, io.EOF
	}
	rows := s.w.batches[s.next]
	s.next++
	b := s.make(rows)
	b.Arrived = time.Unix(int64(s.next), 0)
	for _, ev := range s.evs {
		sel, failed, err := ev.Select(b)
		if err != nil || len(failed) > 0 {
			return nil, nil, fmt.Errorf("a pushed condition failed: %v, %v", failed, err)
		}
		fewer := b.WithSelection(sel)
		b.Release()
		b = fewer
	}
	b.Skipped = len(rows) - b.Rows()
	return b, position(s.next), nil
}

func (s *wideSource) make(rows [][]any) *batch.Batch {
	bld := array.NewRecordBuilder(s.mem, wideSchema)
	defer bld.Release()
	for _, r := range rows {
		for c, v := range r {
			switch v := v.(type) {
			case nil:
				bld.Field(c).AppendNull()
			case int64:
				bld.Field(c).(*array.Int64Builder).Append(v)
			case float64:
				bld.Field(c).(*array.Float64Builder).Append(v)
			case string:
				bld.Field(c).(*array.StringBuilder).Append(v)
			case []string:
				l := bld.Field(c).(*array.ListBuilder)
				l.Append(true)
				for _, e := range v {
					l.ValueBuilder().(*array.StringBuilder).Append(e)
				}
			}
		}
	}
	rec := bld.NewRecordBatch()
	if s.scan.Want == nil {
		return batch.New(rec)
	}
	defer rec.Release()
	columns := slices.Clone(rec.Columns())
	for i, want := range s.scan.Want {
		if !want {
			blank := batch.NewBlank(wideSchema.Field(i).Type, s.mem)
			columns[i] = blank.Array(len(rows))
			defer blank.Release()
			defer columns[i].Release()
		}
	}
	return batch.New(array.NewRecordBatch(wideSchema, columns, int64(len(rows))))
}

func (s *wideSource) Close() error {
	for _, ev := range s.evs {
		ev.Close()
	}
	return nil
}

// wideSinkOp writes what it reads of each row as a line.
type wideSinkOp struct {
	sink
	node     *plan.Node
	programs *plan.Write
	mem      memory.Allocator
	mu       sync.Mutex
	lines    []string
}

func (s *wideSinkOp) Open(_ context.Context, rt op.Runtime, _ []op.Prepared) error {
	s.mem = rt.Allocator()
	return nil
}

func (s *wideSinkOp) Write(_ context.Context, in *batch.Batch, out op.Emitter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := in.Record
	rec.Retain()
	if s.programs.ExprsOnly {
		rec.Release()
		var fields []arrow.Field
		var columns []arrow.Array
		for i, e := range s.programs.Exprs {
			ev := e.P.Evaluator(s.mem)
			values, _, err := ev.Eval(in)
			ev.Close()
			if err != nil {
				return err
			}
			defer values.Release()
			fields, columns = append(fields, arrow.Field{Name: fmt.Sprint("e", i), Type: e.P.Type(), Nullable: true}), append(columns, values)
		}
		rec = array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, in.Record.NumRows())
	}
	b := in.WithRecord(rec, in.Sel)
	defer b.Release()
	text, failed := codec.NewEncoder("json", b.Schema()).Append(nil, b)
	if len(failed) > 0 {
		return out.Reject(in, failed)
	}
	s.lines = append(s.lines, strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")...)
	return nil
}

func (s *wideSinkOp) Epoch(context.Context, uint64) error { return nil }
func (s *wideSinkOp) Close() error                        { return nil }
