package plan_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/plan"
)

var update = flag.Bool("update", false, "write what the tests expect anew")

// What explain says of the plan that runs, beside the one that was written.
func TestExplainWhatRuns(t *testing.T) {
	var out strings.Builder
	for _, c := range []struct {
		name string
		fill func(g *graph)
	}{
		{"as written", func(g *graph) { g.add("out", sink(), "rows") }},
		{"pruned, pushed and chained", func(g *graph) {
			g.by["rows"].Op.(*plan.Scan).Pushes = true
			g.add("hot", filter(`f > 30 && (s == "a" || i == 1)`), "rows")
			g.add("shown", &plan.Project{Keep: true, Items: []plan.Item{item("c", "(f - 32.0) / 1.8"), item("warm", "f > 20"), item("rest", "10 % j")}}, "hot")
			g.add("few", &plan.Project{Items: bare("s", "c")}, "shown")
			g.add("out", sink(), "few")
		}},
		{"only counted", func(g *graph) {
			g.add("words", &plan.Explode{Item: item("word", "l")}, "rows")
			g.add("n", &plan.Aggregate{By: bare("word"), Emit: plan.Final, Take: []plan.TakeItem{take("n", "count()")}}, "words")
			g.add("out", sink(), "n")
			g.add("all", &plan.Aggregate{Emit: plan.Final, Take: []plan.TakeItem{take("n", "count()")}}, "words")
			g.add("more", discard(), "all")
		}},
		{"nothing is read", func(g *graph) { g.add("out", discard(), "rows") }},
		{"rejects are read", func(g *graph) {
			g.add("shown", &plan.Project{Items: []plan.Item{item("rest", "10 % j"), item("warm", "f > 20")}}, "rows")
			g.add("few", &plan.Project{Items: bare("rest")}, "shown")
			g.add("out", sink(), "few")
			g.add("bad", sink(), "shown.rejected")
		}},
	} {
		g := newGraph(t)
		g.rows()
		c.fill(g)
		g.rewrite()
		var text strings.Builder
		if err := plan.Explain(&text, g.p); err != nil {
			t.Fatal(err)
		}
		_, runs, ok := strings.Cut(text.String(), "\nwhat runs\n")
		if !ok {
			t.Fatal("it does not say what runs")
		}
		runs, _, _ = strings.Cut(runs, "\n\n")
		out.WriteString("== " + c.name + "\n" + runs + "\n")
	}
	golden := filepath.Join("testdata", "what_runs.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), out.String()); d != "" {
		t.Error(d)
	}
}
