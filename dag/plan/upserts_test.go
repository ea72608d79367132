package plan_test

import (
	"slices"
	"strings"
	"testing"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
)

// What explain says that a row does in a table, and by which columns it replaces another one.
func TestUpserts(t *testing.T) {
	for _, c := range []struct {
		name string
		by   []string
		from func(g *graph) string
		key  []string
		says string
	}{
		{"rows", nil, func(*graph) string { return "rows" }, nil, "each row is one more"},
		{"rows with a key", []string{"s", "i"}, func(*graph) string { return "rows" }, []string{"s", "i"}, "a row takes the place of the one with its s, i"},
		{"updates", nil, func(g *graph) string { return counts(g, plan.Updates) }, []string{"s"}, "a row takes the place of the one with its s"},
		{"updates with another key", []string{"n"}, func(g *graph) string { return counts(g, plan.Updates) }, []string{"n"}, "a row takes the place of the one with its n"},
		{"complete results", nil, func(g *graph) string { return counts(g, plan.Complete) }, nil, "the results of each commit take the place of all that was there"},
	} {
		g := newGraph(t)
		g.rows()
		w := &plan.Write{Kind: "sink", Upserts: &plan.Upserts{}}
		for _, name := range c.by {
			w.Upserts.By = append(w.Upserts.By, diag.Text{Value: name})
		}
		g.add("out", w, c.from(g))
		g.rewrite()
		var said strings.Builder
		if err := plan.Explain(&said, g.p); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(w.Replaces(), c.key) || !strings.Contains(said.String(), "\n  "+c.says+"\n") {
			t.Errorf("%s: by %q, want %q; explain says\n%s", c.name, w.Replaces(), c.key, said.String())
		}
	}
}

func counts(g *graph, emit plan.Mode) string {
	g.add("counts", &plan.Aggregate{By: bare("s"), Emit: emit, Take: []plan.TakeItem{take("n", "count()")}}, "rows")
	return "counts"
}
