package plan_test

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// graph is a plan in the making.
type graph struct {
	t  *testing.T
	p  *plan.Pipeline
	by map[string]*plan.Node
}

func newGraph(t *testing.T) *graph {
	return &graph{t: t, p: &plan.Pipeline{Name: "test"}, by: map[string]*plan.Node{}}
}

// add adds a node that reads others: "node" or "node.output".
func (g *graph) add(id string, o plan.Op, from ...string) *plan.Node {
	n := &plan.Node{ID: id, Kind: "test", Op: o}
	for _, f := range from {
		name, output, _ := strings.Cut(f, ".")
		n.Inputs = append(n.Inputs, plan.Edge{From: g.by[name], Output: output})
	}
	g.p.Nodes, g.by[id] = append(g.p.Nodes, n), n
	return n
}

// rows adds a source of the columns i: int, j: int, never null, f: float, s: string and l: a list of strings.
func (g *graph) rows() *plan.Scan {
	o := &plan.Scan{Kind: "test", Bounded: true, Replays: true, Schema: arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: schema.Int, Nullable: true},
		{Name: "j", Type: schema.Int},
		{Name: "f", Type: schema.Float, Nullable: true},
		{Name: "s", Type: schema.String, Nullable: true},
		{Name: "l", Type: schema.List(schema.String), Nullable: true},
	}, nil)}
	g.add("rows", o)
	return o
}

func (g *graph) rewrite() {
	g.t.Helper()
	if list := plan.Bind(g.p); list.HasErrors() {
		g.t.Fatal(list)
	}
	plan.Rewrite(g.p)
}

// need gives the columns that somebody reads of "node" or "node.output".
func (g *graph) need(of string) string {
	id, output, _ := strings.Cut(of, ".")
	o := g.by[id].Output(output)
	if o.Need == nil {
		return "all"
	}
	var names []string
	for i, f := range o.Schema.Fields() {
		if o.Needs(i) {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, " ")
}

func text(s string) diag.Text { return diag.Text{Value: s} }

func expression(s string) plan.Expr { return plan.Expr{Text: text(s)} }

func item(name, e string) plan.Item { return plan.Item{Name: text(name), Expr: expression(e)} }

func bare(names ...string) []plan.Item {
	items := make([]plan.Item, len(names))
	for i, n := range names {
		items[i] = plan.Item{Name: text(n), Bare: true}
	}
	return items
}

func filter(e string) *plan.Filter { return &plan.Filter{Cond: expression(e)} }

func take(name, e string) plan.TakeItem { return plan.TakeItem{Name: text(name), Text: text(e)} }

// discard is a sink that looks at no row, sink one that looks at all.
func discard() *plan.Write { return &plan.Write{Kind: "discard", ExprsOnly: true} }
func sink() *plan.Write    { return &plan.Write{Kind: "sink"} }

func lookup(required bool) *plan.Lookup {
	return &plan.Lookup{Path: "f.csv", Required: required, On: []plan.LookupKey{{Column: text("s"), In: text("id")}},
		Take:   []plan.LookupColumn{{Name: text("name"), In: text("name")}, {Name: text("age"), In: text("age")}},
		Schema: arrow.NewSchema([]arrow.Field{{Name: "age", Type: schema.Int}, {Name: "name", Type: schema.String}, {Name: "id", Type: schema.String}}, nil)}
}

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(g *graph)
		want map[string]string
	}{
		{"a sink reads all", func(g *graph) { g.add("out", sink(), "rows") },
			map[string]string{"rows": "all"}},
		{"a sink that looks at no row reads nothing", func(g *graph) { g.add("out", discard(), "rows") },
			map[string]string{"rows": ""}},
		{"a sink's expressions are read", func(g *graph) {
			g.add("out", &plan.Write{Exprs: []plan.Expr{expression("s + string(i)")}, ExprsOnly: true}, "rows")
		}, map[string]string{"rows": "i s"}},
		{"what readers read adds up", func(g *graph) {
			g.add("a", &plan.Project{Items: bare("i")}, "rows")
			g.add("b", &plan.Project{Items: bare("f")}, "rows")
			g.add("c", sink(), "a")
			g.add("d", sink(), "b")
		}, map[string]string{"rows": "i f", "a": "all"}},
		{"a sink beside others", func(g *graph) {
			g.add("a", &plan.Project{Items: bare("i")}, "rows")
			g.add("b", sink(), "a")
			g.add("c", sink(), "rows")
		}, map[string]string{"rows": "all"}},
		{"filter and projection", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("shown", &plan.Project{Items: append(bare("s"), item("j2", "f * 2"))}, "hot")
			g.add("out", sink(), "shown")
		}, map[string]string{"rows": "f s", "hot": "f s", "shown": "all"}},
		{"what nobody reads and cannot fail", func(g *graph) {
			g.add("more", &plan.Project{Keep: true, Items: []plan.Item{item("x", "f * 2"), item("s", `s == "a" ? 1.0 : 2.0`)}}, "rows")
			g.add("one", &plan.Project{Items: bare("j")}, "more")
			g.add("out", sink(), "one")
		}, map[string]string{"rows": "j", "more": "j"}},
		{"what nobody reads and can fail", func(g *graph) {
			g.add("more", &plan.Project{Keep: true, Items: []plan.Item{item("x", "i % 2"), item("y", "f * 2")}}, "rows")
			g.add("one", &plan.Project{Items: bare("j")}, "more")
			g.add("out", sink(), "one")
		}, map[string]string{"rows": "i j", "more": "j"}},
		{"dropped and renamed", func(g *graph) {
			g.add("other", &plan.Project{Keep: true, Drop: []diag.Text{text("l")}, Rename: []plan.Renamed{{Old: text("s"), New: text("i")}, {Old: text("i"), New: text("s")}}}, "rows")
			g.add("out", &plan.Write{Exprs: []plan.Expr{expression("s")}, ExprsOnly: true}, "other")
		}, map[string]string{"rows": "i", "other": "s"}},
		{"a sort reads event time", func(g *graph) {
			g.add("timed", &plan.Project{Keep: true, Items: []plan.Item{item("at", `timestamp(i, "ms")`)}}, "rows")
			g.add("marked", &plan.Watermark{Timing: plan.Timing{Column: text("at")}}, "timed")
			g.add("sorted", &plan.Sort{}, "marked")
			g.add("out", &plan.Write{Exprs: []plan.Expr{expression("s")}, ExprsOnly: true}, "sorted")
		}, map[string]string{"timed": "s at", "marked": "s at", "sorted": "s"}},
		{"late rows are read whole", func(g *graph) {
			g.add("timed", &plan.Project{Keep: true, Items: []plan.Item{item("at", `timestamp(i, "ms")`)}}, "rows")
			g.add("marked", &plan.Watermark{Timing: plan.Timing{Column: text("at")}}, "timed")
			g.add("sorted", &plan.Sort{}, "marked")
			g.add("out", discard(), "sorted")
			g.add("late", sink(), "sorted.late")
		}, map[string]string{"marked": "all", "sorted": ""}},
		{"a top reads its keys and its order", func(g *graph) {
			g.add("all", &plan.Aggregate{By: bare("i", "j", "f", "s"), Emit: plan.Complete}, "rows")
			g.add("first", &plan.Top{N: 1, By: bare("s"), Order: []plan.Ordered{{Column: text("f")}}}, "all")
			g.add("out", &plan.Write{Exprs: []plan.Expr{expression("rank + j")}, ExprsOnly: true}, "first")
		}, map[string]string{"all": "j f s", "first": "j rank"}},
		{"rejects that can be read are whole", func(g *graph) {
			g.add("more", &plan.Project{Keep: true, Items: []plan.Item{item("x", "i % 2")}}, "rows")
			g.add("out", discard(), "more")
			g.add("bad", sink(), "more.rejected")
		}, map[string]string{"rows": "all", "more": "", "more.rejected": "all"}},
		{"also far above", func(g *graph) {
			g.add("first", &plan.Project{Keep: true, Items: []plan.Item{item("x", "f * 2")}}, "rows")
			g.add("second", filter("i % 2 == 0"), "first")
			g.add("out", discard(), "second")
			g.add("bad", sink(), "second.rejected")
		}, map[string]string{"rows": "all", "first": "all", "second": ""}},
		{"no rejects can come", func(g *graph) {
			g.add("hot", filter("f > 30"), "rows")
			g.add("out", discard(), "hot")
			g.add("bad", sink(), "hot.rejected")
		}, map[string]string{"rows": "f", "hot": ""}},
		{"a source's rejects are its input", func(g *graph) {
			g.add("out", discard(), "rows")
			g.add("bad", sink(), "rows.rejected")
		}, map[string]string{"rows": ""}},
		{"rows that a sink rejects", func(g *graph) {
			g.add("out", &plan.Write{Exprs: []plan.Expr{expression("s")}, ExprsOnly: true}, "rows")
			g.add("bad", sink(), "out.rejected")
		}, map[string]string{"rows": "all"}},
		{"aggregate", func(g *graph) {
			g.add("n", &plan.Aggregate{By: bare("s"), Emit: plan.Complete, Take: []plan.TakeItem{
				take("n", "count()"), take("m", "max_by(f, i)"), take("k", "count_if(j > 1) + 1")}}, "rows")
			g.add("out", discard(), "n")
		}, map[string]string{"rows": "i j f s"}},
		{"only how many rows", func(g *graph) {
			g.add("n", &plan.Aggregate{Emit: plan.Final, Take: []plan.TakeItem{take("n", "count()")}}, "rows")
			g.add("out", sink(), "n")
		}, map[string]string{"rows": "", "n": "all"}},
		{"explode", func(g *graph) {
			g.add("words", &plan.Explode{Item: item("word", "l")}, "rows")
			g.add("out", &plan.Project{Items: append(bare("word"), bare("i")...)}, "words")
			g.add("show", sink(), "out")
		}, map[string]string{"rows": "i l", "words": "i word"}},
		{"explode in place", func(g *graph) {
			g.add("words", &plan.Explode{Item: item("s", "l")}, "rows")
			g.add("out", &plan.Project{Items: bare("s", "l")}, "words")
			g.add("show", sink(), "out")
		}, map[string]string{"rows": "l", "words": "s l"}},
		{"parse", func(g *graph) {
			g.add("more", &plan.Parse{Column: text("s"), As: "kv", Schema: arrow.NewSchema([]arrow.Field{{Name: "k", Type: schema.String, Nullable: true}}, nil)}, "rows")
			g.add("out", &plan.Project{Items: bare("l")}, "more")
			g.add("show", sink(), "out")
		}, map[string]string{"rows": "s l", "more": "l"}},
		{"parse and keep", func(g *graph) {
			g.add("more", &plan.Parse{Column: text("s"), As: "kv", Keep: true, Schema: arrow.NewSchema([]arrow.Field{{Name: "k", Type: schema.String, Nullable: true}}, nil)}, "rows")
			g.add("out", &plan.Project{Items: bare("s", "k", "i")}, "more")
			g.add("show", sink(), "out")
		}, map[string]string{"rows": "i s", "more": "i s k"}},
		{"rejects of parse", func(g *graph) {
			g.add("more", &plan.Parse{Column: text("s"), As: "kv", Schema: arrow.NewSchema([]arrow.Field{{Name: "k", Type: schema.String, Nullable: true}}, nil)}, "rows")
			g.add("out", discard(), "more")
			g.add("bad", sink(), "more.rejected")
		}, map[string]string{"rows": "all", "more": ""}},
		{"lookup", func(g *graph) {
			g.add("more", lookup(false), "rows")
			g.add("out", &plan.Project{Items: bare("l", "name")}, "more")
			g.add("show", sink(), "out")
		}, map[string]string{"rows": "s l", "more": "l name"}},
		{"a lookup that can reject nothing", func(g *graph) {
			g.add("more", lookup(false), "rows")
			g.add("out", discard(), "more")
			g.add("bad", sink(), "more.rejected")
		}, map[string]string{"rows": "s", "more": ""}},
		{"rejects of a lookup", func(g *graph) {
			g.add("more", lookup(true), "rows")
			g.add("out", discard(), "more")
			g.add("bad", sink(), "more.rejected")
		}, map[string]string{"rows": "all", "more": ""}},
		{"route", func(g *graph) {
			g.add("where", &plan.Route{Branches: []plan.Branch{{Name: text("big"), Cond: expression("f > 30")}, {Name: text("odd"), Cond: expression("j == 1")}}}, "rows")
			g.add("a", &plan.Project{Items: bare("s")}, "where.big")
			g.add("b", discard(), "where.odd")
			g.add("c", &plan.Project{Items: bare("i")}, "where.else")
			g.add("d", sink(), "a")
			g.add("e", sink(), "c")
		}, map[string]string{"rows": "i j f s", "where.big": "s", "where.odd": "", "where.else": "i"}},
		{"union", func(g *graph) {
			g.add("a", &plan.Project{Items: bare("i", "s", "f")}, "rows")
			g.add("b", &plan.Project{Items: append(bare("f", "s"), item("i", "j"))}, "rows")
			g.add("both", &plan.Union{}, "a", "b")
			g.add("out", &plan.Project{Items: bare("f", "i")}, "both")
			g.add("show", sink(), "out")
		}, map[string]string{"rows": "i j f", "a": "i f", "b": "f i", "both": "i f"}},
		{"limit, sample and rate limit", func(g *graph) {
			g.add("a", &plan.Limit{Rows: 3}, "rows")
			g.add("b", &plan.Sample{Rate: 0.5}, "a")
			g.add("c", &plan.RateLimit{RowsPerSecond: 10}, "b")
			g.add("out", &plan.Project{Items: bare("l")}, "c")
			g.add("show", sink(), "out")
		}, map[string]string{"rows": "l", "a": "l", "b": "l", "c": "l"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t)
			scan := g.rows()
			c.fill(g)
			g.rewrite()
			for of, want := range c.want {
				if got := g.need(of); got != want {
					t.Errorf("of %s somebody reads %q, want %q", of, got, want)
				}
			}
			need := g.by["rows"].Output("").Need
			if len(scan.Want) != len(need) || len(need) > 0 && &scan.Want[0] != &need[0] {
				t.Errorf("the source is to build %v, and %v is needed", scan.Want, need)
			}
		})
	}
}

// Rewriting again forgets what was.
func TestNeedsAreFoundAnew(t *testing.T) {
	g := newGraph(t)
	scan := g.rows()
	out := discard()
	g.add("out", out, "rows")
	g.rewrite()
	if scan.Want == nil {
		t.Error("all is read")
	}
	out.ExprsOnly = false
	plan.Rewrite(g.p)
	if scan.Want != nil || g.need("rows") != "all" {
		t.Errorf("read: %v", scan.Want)
	}
}
