package exec_test

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/diag"
	"flowrun/dag/exec"
	"flowrun/dag/live"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

func TestTopology(t *testing.T) {
	g := newGraph(t)
	g.p.File, g.p.Description = "p.yaml", "a plan"
	g.p.Trigger = plan.Trigger{Kind: plan.Every, Interval: ms(2000)}
	g.source("in", &source{})
	g.by["in"].Op.(*plan.Scan).Detail = "localhost:1100"
	g.add("big", &plan.Filter{Cond: plan.Expr{Text: text("n > 5")}}, "in")
	g.add("sums", &plan.Aggregate{By: []plan.Item{item("k", "n % 7")}, Emit: plan.Complete,
		Take: []plan.TakeItem{{Name: text("c"), Text: text("count()")}}}, "big")
	g.by["sums"].At = diag.Span{File: "p.yaml", Line: 7, Column: 3}
	g.sink("out", &sink{}, "sums")
	g.by["out"].Op.(*plan.Write).Shown = true
	g.sink("bad", &sink{}, "big.rejected")
	g.bind()
	r, err := exec.Build(g.p, g, exec.Options{Queue: 3})
	if err != nil {
		t.Fatal(err)
	}
	top, _ := r.Topology(t.Context())
	if top.Pipeline != "test" || top.File != "p.yaml" || top.Trigger != "2s" || top.Where != "local" || top.Description != "a plan" {
		t.Errorf("%+v", top)
	}
	wantEdges := []live.Edge{
		{ID: "in.->big.0", From: "in", To: "big", Capacity: 3},
		{ID: "big.->sums.0", From: "big", To: "sums", Capacity: 3},
		{ID: "sums.->out.0", From: "sums", To: "out", Capacity: 3},
		{ID: "big.rejected->bad.0", From: "big", Output: "rejected", To: "bad", Capacity: 3},
	}
	if d := cmp.Diff(wantEdges, top.Edges); d != "" {
		t.Error(d)
	}
	var roles []live.Role
	var details []string
	for _, n := range top.Nodes {
		roles = append(roles, n.Role)
		details = append(details, n.Detail)
	}
	if want := []live.Role{live.Source, live.Transform, live.Transform, live.Sink, live.Sink}; !slices.Equal(roles, want) {
		t.Errorf("roles %v", roles)
	}
	if want := []string{"localhost:1100", "n > 5", "c: count() by k: n % 7", "", ""}; !slices.Equal(details, want) {
		t.Errorf("details %q", details)
	}
	sums := top.Nodes[2]
	if sums.Place != "p.yaml:7:3" || len(sums.Inputs) != 1 || len(sums.Outputs) != 1 || sums.Outputs[0].Mode != "complete" {
		t.Errorf("%+v", sums)
	}
	if got := sums.Outputs[0].Changes; len(got) != 3 { // two new columns, one gone
		t.Errorf("changes %q", got)
	}
	if top.Nodes[3].Promise != "prints by epoch" || len(top.Nodes[1].Outputs) != 2 {
		t.Errorf("%+v", top.Nodes)
	}
}

func TestLogLinesBecomeEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := idleGraph(t)
		g.by["in"].At = diag.Span{File: "p.yaml", Line: 3, Column: 3}
		r, wait := g.start(exec.Options{LogLevel: slog.LevelDebug})
		synctest.Wait()
		log := g.sources["in"].rt.Log()
		log.Debug("fine\nprint", "empty", "")
		log.With("a", 1).WithGroup("g").Warn("careful", "b", `say "no"`, slog.Group("h", "c", 2))
		log.Error("elsewhere", "place", "other.yaml:1:1")
		r.Drain()
		_ = wait()
		events, _ := r.Events(t.Context(), 0)
		var got []live.Event
		for e := range events {
			e.At = e.At.UTC().Truncate(0)
			got = append(got, live.Event{Seq: e.Seq, Level: e.Level, Node: e.Node, Text: e.Text, Place: e.Place})
		}
		want := []live.Event{
			{Seq: 1, Level: live.Debug, Node: "in", Text: `fine\nprint  empty=""`},
			{Seq: 2, Level: live.Warn, Node: "in", Text: `careful  a=1 g.b="say \"no\"" g.h.c=2`, Place: "p.yaml:3:3"},
			{Seq: 3, Level: live.Error, Node: "in", Text: "elsewhere", Place: "other.yaml:1:1"},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// A watcher is told which columns nobody reads: what is not built there is no null.
func TestUnreadColumnsAreKnown(t *testing.T) {
	g := newGraph(t)
	g.source("in", &source{})
	g.add("more", &plan.Project{Keep: true, Items: []plan.Item{item("double", "n * 2"), item("warm", "n > 20")}}, "in")
	g.sink("out", &sink{}, "more")
	g.by["out"].Op.(*plan.Write).Exprs = []plan.Expr{{Text: text("double")}}
	g.by["out"].Op.(*plan.Write).ExprsOnly = true
	g.bind()
	plan.Rewrite(g.p)
	g.transforms = relational.New
	r := g.build(exec.Options{})
	top, _ := r.Topology(t.Context())
	p, err := r.Peek(t.Context(), top.Edges[1].ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range [][]live.Column{top.Nodes[1].Outputs[0].Columns, top.Nodes[2].Inputs[0].Columns, p.Columns} {
		for i, want := range []bool{true, false, true} {
			if columns[i].Unread != want {
				t.Errorf("%s is unread: %v", columns[i].Name, columns[i].Unread)
			}
		}
	}
	if in := top.Nodes[0].Outputs[0].Columns; in[0].Unread {
		t.Error("the source's only column is read")
	}
}
