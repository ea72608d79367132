package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/exec"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

// reads makes a node read an output by name.
func (g *graph) reads(id, from, output string) {
	g.by[id].Inputs = append(g.by[id].Inputs, plan.Edge{From: g.by[from], Output: output})
}

func condition(s string) plan.Expr { return plan.Expr{Text: text(s)} }

// Every output of a route gets its rows, in order, and a row that fails goes to the rejects; the run adds up.
func TestARouteSendsEachRowOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: count(0, 10)}, {after: ms(700), rows: count(10, 20)}}})
		g.add("sorted", &plan.Route{Branches: []plan.Branch{
			{Name: text("low"), Cond: condition("n < 5")},
			{Name: text("bad"), Cond: condition("[n][n == 7 ? 9 : 0] == 12")},
		}}, "in")
		outs := map[string]*sink{}
		for _, output := range []string{"low", "bad", plan.ElseOutput, plan.RejectedOutput} {
			outs[output] = g.sink("out-"+output, &sink{})
			g.reads("out-"+output, "sorted", output)
		}
		g.bind()
		g.transforms = relational.New
		g.run(exec.Options{})
		rest := slices.Concat([]int64{5, 6, 8, 9, 10, 11}, count(13, 20))
		for output, want := range map[string][]int64{"low": count(0, 5), "bad": {12}, plan.ElseOutput: rest} {
			if got := outs[output].rows; !slices.Equal(got, want) {
				t.Errorf("%s got %v, want %v", output, got, want)
			}
		}
		if got := outs[plan.RejectedOutput].text; len(got) != 1 || !strings.HasPrefix(got[0], "|sorted|index out of range") {
			t.Errorf("rejected: %q", got)
		}
		for output, s := range outs {
			if len(s.epochs) != 2 {
				t.Errorf("%s saw %d epochs: every sink sees all of them", output, len(s.epochs))
			}
		}
	})
}

// A route whose outputs all have had enough closes its input.
func TestARouteStopsWhenAllItsOutputsAreFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		src := g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{1, 2, 3}}}, 50), live: true})
		g.add("sorted", &plan.Route{Branches: []plan.Branch{{Name: text("one"), Cond: condition("n == 1")}, {Name: text("two"), Cond: condition("n == 2")}}}, "in")
		for _, output := range []string{"one", "two"} {
			g.add("first-"+output, &plan.Limit{Rows: 3})
			g.reads("first-"+output, "sorted", output)
			g.sink("out-"+output, &sink{}, "first-"+output)
		}
		g.bind()
		g.transforms = relational.New
		g.run(exec.Options{})
		if n := src.reads(); n > 20 {
			t.Errorf("%d batches were read for three rows of each output", n)
		}
	})
}

// paced is a plan of a source that has a lot at once, and a limit on its rate.
func paced(t *testing.T, rate float64, live bool) (*graph, *sink) {
	g := newGraph(t)
	g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1, 2, 3, 4, 5}}}, 200), live: live})
	g.add("slow", &plan.RateLimit{RowsPerSecond: rate}, "in")
	out := g.sink("out", &sink{}, "slow")
	g.bind()
	g.transforms = relational.New
	return g, out
}

// While a rate limit holds rows back epochs are still cut, none of them long after the one before.
func TestEpochsPassARateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, out := paced(t, 50, false)
		begin := time.Now()
		r := g.run(exec.Options{})
		if took := time.Since(begin); took < 19*time.Second || took > 21*time.Second {
			t.Errorf("1000 rows at 50 a second took %v", took)
		}
		last := begin
		for _, at := range out.cuts {
			if at.Sub(last) > 2*time.Second {
				t.Errorf("no epoch for %v", at.Sub(last))
			}
			last = at
		}
		if len(out.cuts) < 10 || len(out.rows) != 1000 {
			t.Errorf("%d epochs, %d rows", len(out.cuts), len(out.rows))
		}
		for _, n := range r.Snapshot().Nodes {
			if n.Rejected > 0 || n.Filtered > 0 {
				t.Errorf("a rate limit loses rows: %+v", n)
			}
		}
	})
}

// A drain lets go what a limit of one row in an hour holds back, and all that was read arrives.
func TestADrainIsNotHeldByARateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, out := paced(t, 1.0/3600, true)
		r, wait := g.start(exec.Options{})
		time.Sleep(10 * time.Second)
		begin := time.Now()
		r.Drain()
		if err := wait(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the drain took %v", took)
		}
		if n := len(out.rows); n != 5*g.sources["in"].reads() {
			t.Errorf("%d rows arrived of %d batches of 5", n, g.sources["in"].reads())
		}
	})
}

// Stopping ends the wait as well, and so does a reader that has had enough.
func TestARateLimitNobodyReadsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := paced(t, 1.0/3600, true)
		r, wait := g.start(exec.Options{})
		time.Sleep(10 * time.Second)
		begin := time.Now()
		r.Stop()
		if err := wait(); err == nil {
			t.Error("a stopped run ends well")
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: count(0, 100)}}, live: true})
		g.add("slow", &plan.RateLimit{RowsPerSecond: 0.001}, "in")
		g.add("first", &plan.Limit{Rows: 1}, "slow")
		out := g.sink("out", &sink{}, "first")
		g.bind()
		g.transforms = relational.New
		begin := time.Now()
		g.run(exec.Options{})
		if took := time.Since(begin); took > time.Second || len(out.rows) != 1 {
			t.Errorf("the run took %v for %v", took, out.rows)
		}
	})
}

// What lies above a rate limit makes batches of 100 ms of rows, all else as large as ever; waiting counts as waiting.
func TestARateLimitBoundsTheBatchesAboveIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := paced(t, 50, false)
		g.add("twice", &plan.Explode{Item: item("n", "[n, n]")}, "slow")
		g.sink("more", &sink{}, "twice")
		g.bind()
		g.run(exec.Options{})
		got := fmt.Sprint(g.by["in"].BatchRows, g.by["slow"].BatchRows, g.by["twice"].BatchRows, g.sources["in"].rt.BatchRows(),
			g.sinks["more"].rt.BatchRows())
		if want := "5 0 0 5 4096"; got != want {
			t.Errorf("batches hold %s rows, want %s", got, want)
		}
	})
}
