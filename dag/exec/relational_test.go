package exec_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/apache/arrow-go/v18/arrow/array"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

func text(s string) diag.Text { return diag.Text{Value: s} }

func item(name, expr string) plan.Item {
	return plan.Item{Name: text(name), Expr: plan.Expr{Text: text(expr)}}
}

// real makes the nodes of a shape of the algebra's own operations.
func (s shape) real(g *graph) {
	for i, n := range s.nodes {
		var from []string
		for _, f := range n.from {
			from = append(from, s.id(f))
		}
		id := s.id(len(s.sources) + i)
		var o plan.Op
		switch n.kind {
		case "filter":
			o = &plan.Filter{Cond: plan.Expr{Text: text(fmt.Sprintf("n %% %d == 0", n.mod))}}
		case "pass":
			o = &plan.Project{Items: []plan.Item{item("n", "n + 0")}}
		case "twice":
			o = &plan.Explode{Item: item("n", "[n, n]")}
		case "picky":
			o = &plan.Project{Keep: true, Items: []plan.Item{item("n", "[n][n < 0 ? 7 : 0]")}}
		case "sum":
			o = &plan.Aggregate{Take: []plan.TakeItem{{Name: text("n"), Text: text("sum(n) ?? 0")}}, Emit: plan.Final}
		default:
			o = &plan.Union{}
		}
		g.add(id, o, from...)
		if n.kind == "picky" {
			g.sink(id+"-bad", &sink{}, id+".rejected")
		}
	}
}

// bind types the plan of a graph.
func (g *graph) bind() {
	for _, n := range g.p.Nodes {
		n.Outputs = nil
	}
	if list := plan.Bind(g.p); list.HasErrors() {
		g.t.Fatal(list)
	}
}

// The same as for fakes holds with the algebra's own operators.
func TestTheSameRowsWithRealOperators(t *testing.T) {
	sweep(t, shape.real, true)
}

// Aggregates show the same at the end however the run is cut: complete its last epoch, updates the last row per key,
// final once.
func TestAggregatesAreTheSameHoweverTheRunIsCut(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOfN(rapid.Int64Range(0, 1000), 1, 400).Draw(rt, "rows")
		want := map[int64][2]int64{}
		for _, v := range rows {
			w := want[v%7]
			want[v%7] = [2]int64{w[0] + 1, w[1] + v}
		}
		g := newGraph(rt)
		s := shape{sources: [][]int64{rows}}
		s.build(rt, g, func(*graph) {})
		sinks := map[plan.Mode]*grouped{}
		for _, emit := range []plan.Mode{plan.Complete, plan.Updates, plan.Final} {
			name := emit.String()
			g.add(name, &plan.Aggregate{By: []plan.Item{item("k", "n % 7")}, Emit: emit, Take: []plan.TakeItem{
				{Name: text("c"), Text: text("count()")}, {Name: text("s"), Text: text("sum(n)")}}}, "source0").Parallelism = rapid.IntRange(1, 4).Draw(rt, "lanes")
			sinks[emit] = &grouped{replace: emit == plan.Complete, got: map[int64][2]int64{}}
			out := g.sink(name+"-out", &sink{}, name)
			out.write = sinks[emit].write
			out.epoch = sinks[emit].epoch
		}
		g.sink("all", &sink{}, "source0")
		g.bind()
		g.transforms = relational.New
		o := exec.Options{Queue: rapid.IntRange(1, 5).Draw(rt, "queue"), BatchRows: rapid.IntRange(1, 70).Draw(rt, "batch rows")}
		var err error
		synctest.Test(t, func(t *testing.T) {
			r := g.build(o)
			if err = r.Run(t.Context()); err == nil && len(r.Summary().Problems) > 0 {
				err = fmt.Errorf("%v", r.Summary().Problems)
			}
		})
		if err != nil {
			rt.Fatal(err)
		}
		for emit, got := range sinks {
			if fmt.Sprint(got.got) != fmt.Sprint(want) {
				rt.Fatalf("%v shows %v, want %v", emit, got.got, want)
			}
			if emit == plan.Final && got.rows != len(want) {
				rt.Fatalf("final shows %d rows for %d keys", got.rows, len(want))
			}
		}
		if n := g.mem.CurrentAlloc(); n != 0 {
			rt.Fatalf("%d bytes are not given back", n)
		}
	})
}

// grouped keeps the last row per key of k, c, s.
type grouped struct {
	replace bool // each epoch's rows replace the last one's
	fresh   bool
	rows    int
	got     map[int64][2]int64
}

func (s *grouped) write(in *batch.Batch, _ op.Emitter) error {
	if s.replace && s.fresh {
		clear(s.got)
	}
	s.fresh = false
	col := func(i int) *array.Int64 { return in.Record.Column(i).(*array.Int64) }
	for i := range in.Rows() {
		row := in.Row(i)
		s.got[col(0).Value(row)] = [2]int64{col(1).Value(row), col(2).Value(row)}
		s.rows++
	}
	return nil
}

func (s *grouped) epoch(uint64) error { s.fresh = true; return nil }

// A limit over a live source ends the run.
func TestARealLimitEndsALiveRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{1, 2, 3}}}, 50), live: true})
		g.add("first", &plan.Limit{Rows: 10}, "in")
		out := g.sink("out", &sink{}, "first")
		g.bind()
		g.transforms = relational.New
		g.run(exec.Options{})
		if len(out.rows) != 10 {
			t.Errorf("rows %v", out.rows)
		}
	})
}
