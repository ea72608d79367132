package plan_test

import (
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// timed adds a source with the columns at: timestamp, other: timestamp, k: string and f: float, whose event time is at.
func (g *graph) timed(id string) *plan.Scan {
	o := &plan.Scan{Kind: "test", Pushes: true, Schema: arrow.NewSchema([]arrow.Field{
		{Name: "at", Type: schema.Timestamp, Nullable: true},
		{Name: "other", Type: schema.Timestamp, Nullable: true},
		{Name: "k", Type: schema.String, Nullable: true},
		{Name: "f", Type: schema.Float, Nullable: true},
	}, nil), Timing: &plan.Timing{Column: diag.Text{Value: "at"}, Delay: time.Minute}}
	g.add(id, o)
	return o
}

func minutes(emit plan.Mode) *plan.Aggregate {
	return &plan.Aggregate{Window: &plan.Window{Size: time.Minute, Every: time.Minute}, Emit: emit,
		Take: []plan.TakeItem{{Name: diag.Text{Value: "n"}, Text: diag.Text{Value: "count()"}}}}
}

func TestWhereEventTimeGoes(t *testing.T) {
	for name, c := range map[string]struct {
		op   plan.Op
		want string // column of the result; "": none
	}{
		"a filter passes it on":            {filter("f > 1"), "at"},
		"a renamed column still is it":     {&plan.Project{Keep: true, Rename: []plan.Renamed{{Old: diag.Text{Value: "at"}, New: diag.Text{Value: "then"}}}}, "then"},
		"an expression that is a column":   {&plan.Project{Items: []plan.Item{item("then", "at"), item("f", "f")}}, "then"},
		"a copy beside the column":         {&plan.Project{Keep: true, Items: []plan.Item{item("then", "at")}}, "at"},
		"a column that changes places":     {&plan.Project{Items: []plan.Item{item("at", "other"), item("then", "at")}}, "then"},
		"a column made anew is not":        {&plan.Project{Keep: true, Items: []plan.Item{item("at", "other")}}, ""},
		"a dropped column is gone":         {&plan.Project{Items: bare("k", "f")}, ""},
		"a watermark says it anew":         {&plan.Watermark{Timing: plan.Timing{Column: diag.Text{Value: "other"}}}, "other"},
		"windows have that of their end":   {minutes(plan.Final), plan.WindowEnd},
		"updates come again and have none": {minutes(plan.Updates), ""},
	} {
		g := newGraph(t)
		g.timed("rows")
		n := g.add("n", c.op, "rows")
		g.add("out", sink(), "n")
		g.rewrite()
		got := ""
		if o := n.Output(""); o.Time != nil {
			got = o.Time.Column
		}
		if got != c.want {
			t.Errorf("%s: event time is %q, want %q", name, got, c.want)
		}
	}
}

// First and last read the event time that they go by; other aggregates without windows leave it alone.
func TestFirstAndLastReadEventTime(t *testing.T) {
	for e, want := range map[string]string{"last(f)": "at f", "max(f)": "f", "first_if(f, f > 1) + 1": "at f"} {
		g := newGraph(t)
		g.timed("rows")
		g.add("mid", filter("f > 1"), "rows")
		g.add("n", &plan.Aggregate{Emit: plan.Updates, Take: []plan.TakeItem{take("x", e)}}, "mid")
		g.add("out", discard(), "n")
		g.rewrite()
		if got := g.need("mid"); got != want {
			t.Errorf("%s needs %q, want %q", e, got, want)
		}
	}
}

func TestInputsShareEventTime(t *testing.T) {
	g := newGraph(t)
	g.timed("a")
	g.timed("b").Timing.Delay = time.Hour
	c := g.timed("c")
	c.Timing.Column.Value = "other"
	same, differ := g.add("same", &plan.Union{}, "a", "b"), g.add("differ", &plan.Union{}, "a", "c")
	g.add("out", sink(), "same")
	g.add("out2", sink(), "differ")
	g.rewrite()
	if o := same.Output(""); o.Time == nil || o.Time.Column != "at" || o.Time.Delay != time.Hour {
		t.Errorf("of two inputs with the same column: %+v", o.Time)
	}
	if o := differ.Output(""); o.Time != nil {
		t.Errorf("of two inputs with different columns: %+v", o.Time)
	}
}

// Behind a join the time of a row is the later one of its two, and behind an asof join that of its left row, under whatever names.
func TestEventTimeBehindJoins(t *testing.T) {
	g := newGraph(t)
	g.timed("a")
	g.timed("b").Timing.Delay = time.Hour
	on := []plan.JoinKey{{Left: diag.Text{Value: "k"}, Right: diag.Text{Value: "k"}}}
	both := g.add("both", &plan.Join{On: on, Bound: &plan.Bound{Upper: time.Minute}, Prefix: [2]string{"l_", "r_"}}, "a", "b")
	asof := g.add("asof", &plan.Join{Type: plan.AsofJoin, On: on, Forever: true, Prefix: [2]string{"", "r_"}}, "a", "b")
	chained := g.add("chained", &plan.Join{Type: plan.AsofJoin, On: on, Forever: true}, "both", "a")
	again := g.add("again", &plan.Join{Type: plan.AsofJoin, On: on, Forever: true, Prefix: [2]string{"first_", ""}}, "asof", "b")
	for _, id := range []string{"both", "asof", "chained", "again"} {
		g.add("out_"+id, sink(), id)
	}
	g.rewrite()
	for _, c := range []struct {
		n    *plan.Node
		want plan.EventTime
	}{
		{both, plan.EventTime{Column: "l_at", Or: "r_at", Delay: time.Hour}},
		{asof, plan.EventTime{Column: "at", Delay: time.Hour}},
		{chained, plan.EventTime{Column: "l_at", Or: "r_at", Delay: time.Hour}},
		{again, plan.EventTime{Column: "first_at", Delay: time.Hour}},
	} {
		if got := c.n.Output("").Time; got == nil || *got != c.want {
			t.Errorf("%s: %+v, want %+v", c.n.ID, got, c.want)
		}
	}
}

// The late rows of a join are those of one side: reading them asks for the columns of that one.
func TestLateRowsOfAJoinAskForTheirOwnColumns(t *testing.T) {
	g := newGraph(t)
	g.timed("a")
	g.timed("b")
	g.add("both", &plan.Join{On: []plan.JoinKey{{Left: diag.Text{Value: "k"}, Right: diag.Text{Value: "k"}}}, Bound: &plan.Bound{}, Prefix: [2]string{"", "r_"}}, "a", "b")
	g.add("few", &plan.Project{Items: bare("k")}, "both")
	g.add("out", sink(), "few")
	g.add("late", sink(), "both.late_right")
	g.rewrite()
	if a, b := g.need("a"), g.need("b"); a != "at k" || b != "all" {
		t.Errorf("read of the left input: %s, of the right one: %s", a, b)
	}
}

// What moves the watermark is read, and no row is left out before it has.
func TestRewriteLeavesTheWatermarkAlone(t *testing.T) {
	g := newGraph(t)
	scan := g.timed("rows")
	g.add("hot", filter("f > 1"), "rows")
	g.add("out", &plan.Write{Kind: "test", ExprsOnly: true}, "hot")
	g.rewrite()
	if len(scan.Pushed) != 0 {
		t.Errorf("pushed %s", pushed(scan))
	}
	if got := g.need("rows"); got != "at f" {
		t.Errorf("read of the source: %s", got)
	}

	g = newGraph(t)
	g.timed("rows")
	g.add("n", minutes(plan.Final), "rows")
	g.add("out", sink(), "n")
	g.rewrite()
	if got := g.need("rows"); got != "at" {
		t.Errorf("read for a window: %s", got)
	}
	g.add("late", sink(), "n.late")
	for _, n := range g.p.Nodes {
		n.Outputs = nil
	}
	g.rewrite()
	if got := g.need("rows"); got != "all" {
		t.Errorf("read for a window whose late rows are read: %s", got)
	}
}
