package plan_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// pushed gives the conditions that a source is to answer, each with the places of the columns it reads there.
func pushed(scan *plan.Scan) string {
	var texts []string
	for _, p := range scan.Pushed {
		texts = append(texts, strings.TrimSpace(p.Text()))
	}
	return strings.Join(texts, "; ")
}

func TestPushes(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(g *graph)
		want string
	}{
		{"a condition", func(g *graph) { g.add("hot", filter("f > 30"), "rows") }, "f > 30"},
		{"each of its parts", func(g *graph) { g.add("hot", filter(`f > 30 && (s == "a" || i == 1) && j != 3`), "rows") },
			`f > 30; s == "a" || i == 1; j != 3`},
		{"nothing that can fail", func(g *graph) { g.add("hot", filter("i % 2 == 0"), "rows") }, ""},
		{"nothing behind what can fail", func(g *graph) { g.add("hot", filter("i % 2 == 0 && j > 1"), "rows") }, ""},
		{"what decides before what can fail", func(g *graph) { g.add("hot", filter("j > 1 && j < 9 && i % 2 == 0 && j != 4"), "rows") }, "j > 1; j < 9"},
		{"null does not decide", func(g *graph) { g.add("hot", filter("j > 1 && i > 1 && i % 2 == 0"), "rows") }, "j > 1"},
		{"what is called null is no null", func(g *graph) { g.add("hot", filter("i != nil && i % 2 == 0"), "rows") }, "i != nil"},
		{"nothing that asks for the time", func(g *graph) { g.add("hot", filter(`f > 30 && now().Year() > 2000`), "rows") }, "f > 30"},
		{"others read the rows", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("all", sink(), "rows")
		}, ""},
		{"others read the rejects", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("bad", sink(), "rows.rejected")
		}, "f > 30"},
		{"only the first filter", func(g *graph) {
			g.add("warm", filter("f > 20"), "rows")
			g.add("hot", filter("f > 30"), "warm")
		}, "f > 20"},
		{"not through what counts rows", func(g *graph) {
			g.add("some", &plan.Sample{Rate: 0.5}, "rows")
			g.add("hot", filter("f > 20"), "some")
		}, ""},
		{"not through a limit", func(g *graph) {
			g.add("some", &plan.Limit{Rows: 3}, "rows")
			g.add("hot", filter("f > 20"), "some")
		}, ""},
		{"not from the rejects", func(g *graph) {
			g.add("all", sink(), "rows")
			g.add("hot", filter(`reason == "a"`), "rows.rejected")
		}, ""},
		{"through a projection", func(g *graph) {
			g.add("more", &plan.Project{Items: append(bare("s", "f"), item("x", "f * 2"), item("k", "j"))}, "rows")
			g.add("hot", filter(`f > 30 && x > 2 && k == 3 && s != "b"`), "more")
		}, `f > 30; k == 3; s != "b"`},
		{"through new names", func(g *graph) {
			g.add("other", &plan.Project{Keep: true, Rename: []plan.Renamed{{Old: text("i"), New: text("j")}, {Old: text("j"), New: text("i")}}, Drop: []diag.Text{text("l")}}, "rows")
			g.add("again", &plan.Project{Keep: true, Rename: []plan.Renamed{{Old: text("s"), New: text("the text")}}}, "other")
			g.add("hot", filter(`i == 3 && $env["the text"] != "b"`), "again")
		}, `i == 3; $env["the text"] != "b"`},
		{"one column under two names", func(g *graph) {
			g.add("twice", &plan.Project{Keep: true, Items: []plan.Item{item("k", "j")}}, "rows")
			g.add("hot", filter("k == j && k > 1"), "twice")
		}, "k > 1"},
		{"not through a projection that can fail", func(g *graph) {
			g.add("more", &plan.Project{Keep: true, Items: []plan.Item{item("x", "i % 2")}}, "rows")
			g.add("hot", filter("f > 30"), "more")
		}, ""},
		{"not through a projection that others read", func(g *graph) {
			g.add("more", &plan.Project{Keep: true, Items: []plan.Item{item("x", "f * 2")}}, "rows")
			g.add("hot", filter("f > 30"), "more")
			g.add("all", sink(), "more")
		}, ""},
		{"not through a union", func(g *graph) {
			g.add("both", &plan.Union{}, "rows", "rows")
			g.add("hot", filter("f > 30"), "both")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t)
			scan := g.rows()
			scan.Pushes = true
			c.fill(g)
			g.add("out", sink(), "hot")
			g.rewrite()
			if got := pushed(scan); got != c.want {
				t.Errorf("pushed %q, want %q", got, c.want)
			}
			for _, p := range scan.Pushed {
				if p.CanFail() {
					t.Errorf("%s can fail", p.Text())
				}
			}
			scan.Pushes = false
			plan.Rewrite(g.p)
			if scan.Pushed != nil {
				t.Error("pushed to a source that does not know how to answer")
			}
		})
	}
}

// A source may answer for some of its columns only, and with event time only where its newest row stays.
func TestPushesSome(t *testing.T) {
	rename := func(g *graph) {
		g.add("other", &plan.Project{Keep: true, Rename: []plan.Renamed{{Old: text("i"), New: text("j")}, {Old: text("j"), New: text("i")}}}, "rows")
		g.add("hot", filter(`i == 3 && j == 4`), "other")
	}
	plain := func(g *graph) { g.add("hot", filter("i == 3 && j == 4"), "rows") }
	timing := &plan.Timing{Column: text("at")}
	for _, c := range []struct {
		name string
		set  plan.Scan
		fill func(g *graph)
		want string
	}{
		{"of one column", plan.Scan{PushesOver: []string{"i"}}, plain, "i == 3"},
		{"of one under a new name", plan.Scan{PushesOver: []string{"i"}}, rename, "j == 4"},
		{"with event time", plan.Scan{Timing: timing}, plain, ""},
		{"with event time of another column than the newest row", plan.Scan{Timing: timing, Newest: "by"}, plain, ""},
		{"with the newest row", plan.Scan{Timing: timing, Newest: "at"}, plain, "i == 3; j == 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t)
			scan := g.rows()
			scan.Schema = arrow.NewSchema(append(scan.Schema.Fields(), arrow.Field{Name: "at", Type: schema.Timestamp}, arrow.Field{Name: "by", Type: schema.Timestamp}), nil)
			scan.Pushes, scan.PushesOver, scan.Timing, scan.Newest = true, c.set.PushesOver, c.set.Timing, c.set.Newest
			c.fill(g)
			g.add("out", sink(), "hot")
			g.rewrite()
			if got := pushed(scan); got != c.want {
				t.Errorf("pushed %q, want %q", got, c.want)
			}
		})
	}
}
