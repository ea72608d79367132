package relational

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// row is a row of values: nil, bool, int64, float64, string, arrow.Timestamp or []any.
type row []any

// tb is what testing and rapid have in common.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// pipe is an operator under test, bound to sources of given schemas and open.
type pipe struct {
	t    tb
	node *plan.Node
	op   op.Transform
	rt   *optest.Runtime
	out  *optest.Emitter
	in   int // rows handed in

	memory *state.Memory // of what was saved of the operator; see restart
	saved  saved
	spill  *state.Spill // nil: what it remembers is in memory
	mixed  bool         // the keys have changed lanes, which keeps no order among them
}

// open binds and opens an operator whose inputs carry mode, and whose outputs are all read; rt may be nil.
func open(outer testing.TB, t tb, o plan.Op, mode plan.Mode, rt *optest.Runtime, schemas ...*arrow.Schema) *pipe {
	t.Helper()
	return openRead(outer, t, o, mode, rt, false, schemas...)
}

// openRead is open, where outputs that may stay unread can be left so.
func openRead(outer testing.TB, t tb, o plan.Op, mode plan.Mode, rt *optest.Runtime, unread bool, schemas ...*arrow.Schema) *pipe {
	t.Helper()
	var scans []*plan.Scan
	for _, s := range schemas {
		scans = append(scans, &plan.Scan{Kind: "scan", Schema: s, Bounded: true})
	}
	return openOn(outer, t, o, mode, rt, unread, scans...)
}

// onTime is a source of rows whose event time is a column.
func onTime(s *arrow.Schema, column string) *plan.Scan {
	return &plan.Scan{Kind: "scan", Schema: s, Bounded: true, Timing: &plan.Timing{Column: text(column)}}
}

// openOn is openRead on sources that say more than their columns.
func openOn(outer testing.TB, t tb, o plan.Op, mode plan.Mode, rt *optest.Runtime, unread bool, scans ...*plan.Scan) *pipe {
	t.Helper()
	n := &plan.Node{ID: "under_test", Kind: "test", Op: o}
	p := &plan.Pipeline{Name: "test"}
	for i, scan := range scans {
		in := &plan.Node{ID: fmt.Sprintf("in%d", i), Kind: "scan", Op: scan}
		n.Inputs = append(n.Inputs, plan.Edge{From: in})
		p.Nodes = append(p.Nodes, in)
	}
	p.Nodes = append(p.Nodes, n)
	for _, d := range n.Declares() {
		if d.Optional && unread {
			continue
		}
		p.Nodes = append(p.Nodes, &plan.Node{ID: "sink_" + d.Name, Kind: "sink", Op: &plan.Write{Kind: "sink"},
			Inputs: []plan.Edge{{From: n, Output: d.Name}}})
	}
	if list := plan.Bind(p); list.HasErrors() {
		t.Fatalf("the plan does not bind: %v", list)
	}
	for _, e := range n.Inputs {
		e.Source().Mode = mode
	}
	tr, err := With(func(n *plan.Node) (op.Table, error) { return n.Op.(*plan.Lookup).Table.Config.(op.Table), nil })(n)
	if err != nil {
		t.Fatal(err)
	}
	if rt == nil {
		rt = optest.New(outer)
	}
	if err := tr.Open(context.Background(), rt); err != nil {
		t.Fatal(err)
	}
	return &pipe{t: t, node: n, op: tr, rt: rt, out: &optest.Emitter{}}
}

// send hands a batch in, checks that every row got one fate, and gives the batch back.
func (p *pipe) send(port int, b *batch.Batch) {
	p.t.Helper()
	p.in += b.Rows()
	if err := p.op.Process(context.Background(), port, b, p.out); err != nil {
		p.t.Fatalf("Process: %v", err)
	}
	b.Release()
	if fates := p.out.Passed + p.out.Filtered + p.out.Held + p.out.Behind + len(p.out.Failures); fates != p.in {
		p.t.Fatalf("%d rows in, %d fates: %d passed, %d filtered, %d held, %d rejected", p.in, fates,
			p.out.Passed, p.out.Filtered, p.out.Held, len(p.out.Failures))
	}
}

// rows makes a batch of rows and hands it in.
func (p *pipe) rows(port int, rows ...row) {
	p.t.Helper()
	p.send(port, makeBatch(p.rt.Allocator(), p.node.Inputs[port].Source().Schema, rows, nil))
}

func (p *pipe) barrier() {
	p.t.Helper()
	if err := p.op.Barrier(context.Background(), 0, p.out); err != nil {
		p.t.Fatalf("Barrier: %v", err)
	}
	p.restart()
}

func (p *pipe) watermark(wm time.Time) {
	p.t.Helper()
	got, err := p.op.Watermark(context.Background(), wm, p.out)
	if err != nil || !got.Equal(wm) {
		p.t.Fatalf("Watermark(%v) promises %v, %v", wm, got, err)
	}
}

// taken gives the rows emitted since the last call.
func (p *pipe) taken() []row {
	p.t.Helper()
	rows := p.emitted("")
	p.out.Release()
	return rows
}

// emitted gives the rows of an output that were not taken yet.
func (p *pipe) emitted(output string) []row {
	p.t.Helper()
	var rows []row
	want := p.node.Output(output).Schema
	for _, b := range p.out.Batches[output] {
		if !b.Schema().Equal(want) {
			p.t.Fatalf("emitted %v, want %v", b.Schema(), want)
		}
		if b.Rows() > p.rt.BatchRows() {
			p.t.Fatalf("emitted a batch of %d rows, and %d are allowed", b.Rows(), p.rt.BatchRows())
		}
		for i := range b.Rows() {
			r := make(row, b.Record.NumCols())
			for c := range r {
				r[c] = valueOf(b.Record.Column(c), b.Row(i))
				if r[c] == nil && !want.Field(c).Nullable {
					p.t.Fatalf("column %s is never null, and a row has a null there", want.Field(c).Name)
				}
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// close closes the operator and checks that it kept nothing.
func (p *pipe) close() {
	p.t.Helper()
	p.out.Release()
	defer p.closeSpill()
	if err := p.op.Close(); err != nil {
		p.t.Fatal(err)
	}
	if n := p.rt.Allocator().(*memory.CheckedAllocator).CurrentAlloc(); n != 0 {
		p.t.Fatalf("%d bytes were not given back", n)
	}
}

func text(s string) diag.Text { return diag.Text{Value: s} }

func expression(s string) plan.Expr { return plan.Expr{Text: text(s)} }

func item(name, e string) plan.Item { return plan.Item{Name: text(name), Expr: expression(e)} }

// drawBatch makes a batch of rows, now and then with other rows between them that do not count.
func drawBatch(t *rapid.T, mem memory.Allocator, s *arrow.Schema, rows []row) *batch.Batch {
	if len(rows) == 0 || rapid.Bool().Draw(t, "all rows count") {
		return makeBatch(mem, s, rows, nil)
	}
	var with []row
	sel := []int32{}
	for _, r := range rows {
		for range rapid.IntRange(0, 2).Draw(t, "rows between") {
			with = append(with, rapid.SampledFrom(rows).Draw(t, "row between"))
		}
		sel = append(sel, int32(len(with)))
		with = append(with, r)
	}
	return makeBatch(mem, s, with, sel)
}

// cut cuts rows into batches.
func cut(t *rapid.T, rows []row) [][]row {
	var cuts [][]row
	for len(rows) > 0 {
		n := rapid.IntRange(1, min(len(rows), 20)).Draw(t, "rows in batch")
		cuts, rows = append(cuts, rows[:n]), rows[n:]
	}
	return cuts
}

func makeBatch(mem memory.Allocator, s *arrow.Schema, rows []row, sel []int32) *batch.Batch {
	bld := array.NewRecordBuilder(mem, s)
	defer bld.Release()
	for _, r := range rows {
		for c, v := range r {
			appendValue(bld.Field(c), v)
		}
	}
	b := batch.New(bld.NewRecordBatch())
	defer b.Release()
	return b.WithSelection(sel)
}

func appendValue(bld array.Builder, v any) {
	switch v := v.(type) {
	case nil:
		bld.AppendNull()
	case bool:
		bld.(*array.BooleanBuilder).Append(v)
	case int64:
		bld.(*array.Int64Builder).Append(v)
	case float64:
		bld.(*array.Float64Builder).Append(v)
	case string:
		bld.(*array.StringBuilder).Append(v)
	case arrow.Timestamp:
		bld.(*array.TimestampBuilder).Append(v)
	case []any:
		l := bld.(*array.ListBuilder)
		l.Append(true)
		for _, e := range v {
			appendValue(l.ValueBuilder(), e)
		}
	default:
		panic(fmt.Sprintf("no column for %T", v))
	}
}

func valueOf(arr arrow.Array, i int) any {
	if arr.IsNull(i) {
		return nil
	}
	switch a := arr.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.String:
		return strings.Clone(a.Value(i)) // its batch goes back
	case *array.Timestamp:
		return a.Value(i)
	case *array.Duration:
		return a.Value(i)
	case *array.List:
		list := []any{}
		beg, end := a.ValueOffsets(i)
		for j := beg; j < end; j++ {
			list = append(list, valueOf(a.ListValues(), int(j)))
		}
		return list
	}
	panic(fmt.Sprintf("no value of %T", arr))
}

// same compares values; floats may differ by rounding, or as far as a value of type about allows, and NaN is NaN.
func same(a, b any) bool {
	switch x := a.(type) {
	case float64:
		if y, ok := b.(about); ok {
			return x == float64(y) || x != x && y != y || math.Abs(x-float64(y)) <= 0.01000001*math.Abs(float64(y))
		}
		y, ok := b.(float64)
		if !ok {
			return false
		}
		return x == y || x != x && y != y || math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y), 1)
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return a == b
}

// check compares rows in order.
func check(t tb, got, want []row) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d rows, want %d:\n got %v\nwant %v", len(got), len(want), got, want)
	}
	for i := range want {
		for c := range want[i] {
			if len(got[i]) != len(want[i]) || !same(got[i][c], want[i][c]) {
				t.Fatalf("row %d, column %d:\n got %v\nwant %v", i, c, got[i], want[i])
			}
		}
	}
}
