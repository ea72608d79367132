package plan_test

import (
	"strings"
	"testing"

	"flowrun/dag/plan"
)

func TestChains(t *testing.T) {
	derive := func(items ...plan.Item) *plan.Project { return &plan.Project{Keep: true, Items: items} }
	for _, c := range []struct {
		name string
		fill func(g *graph)
		want string // nodes that are chained to what they read
	}{
		{"the first below a source is not", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("out", sink(), "hot")
		}, ""},
		{"neighbours", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("shown", derive(item("x", "f * 9 / 5 + 32")), "hot")
			g.add("some", &plan.Sample{Rate: 0.5}, "shown")
			g.add("few", &plan.Limit{Rows: 5}, "some")
			g.add("out", sink(), "few")
		}, "shown some few"},
		{"a route ends it", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("where", &plan.Route{Branches: []plan.Branch{{Name: text("big"), Cond: expression("f > 40")}}}, "hot")
			g.add("next", filter("f > 50"), "where.big")
			g.add("out", sink(), "next")
		}, "where"},
		{"what two read", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("a", filter("f > 40"), "hot")
			g.add("b", filter("f > 50"), "hot")
			g.add("x", sink(), "a")
			g.add("y", sink(), "b")
		}, ""},
		{"rejects that are read", func(g *graph) {
			g.add("hot", filter("i % 2 > 0"), "rows")
			g.add("more", filter("f > 40"), "hot")
			g.add("bad", filter(`reason == "a"`), "hot.rejected")
			g.add("x", sink(), "more")
			g.add("y", sink(), "bad")
		}, "more"},
		{"row by row", func(g *graph) {
			g.add("a", filter("f > 40"), "rows")
			g.add("b", filter(`any(l, # == "a")`), "a")
			g.add("c", filter("f > 50"), "b")
			g.add("d", filter("f > 60"), "c")
			g.add("x", sink(), "d")
		}, "d"},
		{"row by row, and nobody reads it", func(g *graph) {
			g.add("a", filter("f > 40"), "rows")
			g.add("b", derive(item("x", `f > 50 ? 1.0 : 2.0`)), "a")
			g.add("c", &plan.Project{Items: bare("i")}, "b")
			g.add("x", sink(), "c")
		}, "b c"},
		{"what is costly together", func(g *graph) {
			g.add("a", derive(item("a", "upper(trim(s))")), "rows")
			g.add("b", derive(item("b", `s matches "a+"`)), "a")
			g.add("c", derive(item("c", "lower(trim(s))")), "b")
			g.add("d", filter("f > 1"), "c")
			g.add("x", sink(), "d")
		}, "d"},
		{"an explode has its own", func(g *graph) {
			g.add("a", filter("f > 40"), "rows")
			g.add("b", &plan.Explode{Item: item("w", "l")}, "a")
			g.add("c", filter(`w != ""`), "b")
			g.add("x", sink(), "c")
		}, ""},
		{"what waits, and what groups", func(g *graph) {
			g.add("a", filter("f > 40"), "rows")
			g.add("b", &plan.RateLimit{RowsPerSecond: 5}, "a")
			g.add("c", &plan.Aggregate{Emit: plan.Final, Take: []plan.TakeItem{take("n", "count()")}}, "b")
			g.add("d", filter("n > 3"), "c")
			g.add("x", sink(), "d")
		}, ""},
		{"other lanes", func(g *graph) {
			g.add("a", filter("f > 40"), "rows").Parallelism = 2
			g.add("b", filter("f > 50"), "a").Parallelism = 3
			g.add("c", filter("f > 60"), "b")
			g.add("x", sink(), "c")
		}, ""},
		{"the same lanes", func(g *graph) {
			g.add("a", filter("f > 40"), "rows").Parallelism = 2
			g.add("b", derive(item("x", `filter(l, # == "a")`), item("y", "upper(s)"), item("z", "lower(s)")), "a").Parallelism = 2
			g.add("c", &plan.Explode{Item: item("w", "l")}, "b").Parallelism = 2
			d := g.add("d", filter("f > 60"), "c")
			d.Parallelism, d.Unordered = 2, true
			g.add("x", sink(), "d")
		}, "b c"},
		{"keys head a chain, and rows change lanes in front of them", func(g *graph) {
			g.add("a", filter("f > 40"), "rows").Parallelism = 2
			g.add("b", &plan.Aggregate{By: bare("i"), Emit: plan.Final, Take: []plan.TakeItem{take("n", "count()")}}, "a").Parallelism = 2
			g.add("c", filter("n > 3"), "b").Parallelism = 2
			g.add("d", filter("n > 4"), "c").Parallelism = 2
			g.add("e", &plan.Dedupe{By: bare("n")}, "d").Parallelism = 2
			g.add("f", filter("n > 5"), "e").Parallelism = 3
			g.add("x", sink(), "f")
		}, "c d"},
		{"one lane is none", func(g *graph) {
			g.add("a", filter("f > 40"), "rows")
			g.add("b", filter("f > 50"), "a").Parallelism = 1
			g.add("x", sink(), "b")
		}, "b"},
		{"a union", func(g *graph) {
			g.add("a", filter("f > 40"), "rows")
			g.add("b", &plan.Union{}, "a", "rows")
			g.add("c", filter("f > 50"), "b")
			g.add("x", sink(), "c")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t)
			g.rows()
			c.fill(g)
			g.rewrite()
			var chained []string
			for _, n := range g.p.Nodes {
				if n.Chained {
					chained = append(chained, n.ID)
				}
			}
			if got := strings.Join(chained, " "); got != c.want {
				t.Errorf("chained: %q, want %q", got, c.want)
			}
		})
	}
}
