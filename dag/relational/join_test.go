package relational

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

var (
	orders   = schemaOf("at timestamp", "card string", "amount int")
	payments = schemaOf("paid timestamp", "card_no string", "part int")
)

// joinModel joins by looking at every pair of rows that were not late.
type joinModel struct {
	o    *plan.Join
	wm   int64
	rows [2][]row
}

func (m *joinModel) pair(l, r row) bool {
	if l[1] == nil || r[1] == nil || l[1] != r[1] {
		return false
	}
	if b := m.o.Bound; b != nil {
		apart := int64(r[0].(arrow.Timestamp)) - int64(l[0].(arrow.Timestamp))
		if apart < b.Lower.Microseconds() || apart > b.Upper.Microseconds() {
			return false
		}
	}
	return m.o.Where.Text.Value == "" || l[2] != nil && r[2] != nil && l[2].(int64) > r[2].(int64)
}

func (m *joinModel) result() []row {
	var rows []row
	right := make([]bool, len(m.rows[1]))
	for _, l := range m.rows[0] {
		found := false
		for i, r := range m.rows[1] {
			if m.pair(l, r) {
				found, right[i] = true, true
				if !m.o.Type.LeftOnly() {
					rows = append(rows, row{l[1], l[0], l[2], r[0], r[2]})
				}
			}
		}
		switch {
		case found && m.o.Type == plan.SemiJoin, !found && m.o.Type == plan.AntiJoin:
			rows = append(rows, l)
		case !found && m.o.Type.KeepsLeft() && m.o.Type != plan.AntiJoin:
			rows = append(rows, row{l[1], l[0], l[2], nil, nil})
		}
	}
	for i, r := range m.rows[1] {
		if !right[i] && m.o.Type.KeepsRight() {
			rows = append(rows, row{r[1], nil, nil, r[0], r[2]})
		}
	}
	return rows
}

func drawJoin(r *rapid.T) *plan.Join {
	o := &plan.Join{Type: plan.JoinType(rapid.IntRange(0, 5).Draw(r, "type")), On: []plan.JoinKey{{Left: text("card"), Right: text("card_no")}}}
	if rapid.Bool().Draw(r, "where") {
		o.Where = expression("left.amount > right.part")
	}
	return o
}

func drawOrder(r *rapid.T) row {
	return row{arrow.Timestamp(rapid.Int64Range(0, 60).Draw(r, "at")), rapid.SampledFrom([]any{"a", "b", "c", nil}).Draw(r, "card"),
		rapid.SampledFrom([]any{int64(1), int64(2), int64(3), nil}).Draw(r, "n")}
}

// A join gives what looking at every pair gives, whatever comes first, however it is cut, and though rows are forgotten as the
// watermark rises; and in the end it has forgotten all.
func TestJoin(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := drawJoin(r)
		if o.Forever = rapid.IntRange(0, 3).Draw(r, "unbounded") == 0; o.Forever {
			joinForever(t, r, o)
			return
		}
		lower := rapid.Int64Range(-20, 15).Draw(r, "lower")
		o.Bound = &plan.Bound{Lower: time.Duration(lower) * time.Microsecond,
			Upper: time.Duration(lower+rapid.Int64Range(0, 20).Draw(r, "span")) * time.Microsecond}
		m := &joinModel{o: o, wm: math.MinInt64}
		p := openOn(t, r, o, plan.Rows, nil, false, onTime(orders, "at"), onTime(payments, "paid"))
		var got []row
		promised := int64(math.MinInt64)
		take := func() {
			rows := p.taken()
			for _, row := range rows {
				if at := joinedAt(o, row); at < promised {
					r.Fatalf("%v at %d came behind the promised watermark %d", row, at, promised)
				}
			}
			got = append(got, rows...)
		}
		for range rapid.IntRange(1, 12).Draw(r, "batches") {
			port := rapid.IntRange(0, 1).Draw(r, "port")
			var rows, late []row
			for range rapid.IntRange(0, 10).Draw(r, "rows") {
				v := drawOrder(r)
				rows = append(rows, v)
				if at := int64(v[0].(arrow.Timestamp)); at < m.wm {
					late = append(late, row{v[0], v[1], v[2], arrow.Duration(m.wm - at)})
				} else {
					m.rows[port] = append(m.rows[port], v)
				}
			}
			p.out.Behind, p.in = 0, p.in-p.out.Behind
			p.send(port, drawBatch(r, p.rt.Allocator(), p.node.Inputs[port].Source().Schema, rows))
			if p.out.Behind != len(late) {
				r.Fatalf("%d rows are late, want %d", p.out.Behind, len(late))
			}
			check(r, p.emitted(plan.LateSides[port]), late)
			take()
			if rapid.Bool().Draw(r, "watermark") {
				m.wm = max(m.wm, rapid.Int64Range(0, 90).Draw(r, "watermark"))
				promise, err := p.op.Watermark(context.Background(), time.UnixMicro(m.wm), p.out)
				if err != nil || promise.UnixMicro() > m.wm {
					r.Fatalf("Watermark promises %v, %v", promise, err)
				}
				take()
				promised = max(promised, promise.UnixMicro())
			}
			p.barrier()
		}
		if _, err := p.op.Watermark(context.Background(), op.EndOfTime, p.out); err != nil {
			r.Fatal(err)
		}
		promised = math.MinInt64
		take()
		check(r, byText(got), byText(m.result()))
		if rows, _ := p.op.(op.Stateful).State(); rows != 0 {
			r.Fatalf("%d rows are kept at the end of time", rows)
		}
		p.close()
	})
}

// joinForever joins inputs that end, and keeps everything until they do.
func joinForever(t *testing.T, r *rapid.T, o *plan.Join) {
	m := &joinModel{o: o}
	p := openOn(t, r, o, plan.Rows, nil, false, &plan.Scan{Schema: orders, Bounded: true}, &plan.Scan{Schema: payments, Bounded: true})
	for range rapid.IntRange(1, 8).Draw(r, "batches") {
		port := rapid.IntRange(0, 1).Draw(r, "port")
		var rows []row
		for range rapid.IntRange(0, 10).Draw(r, "rows") {
			rows = append(rows, drawOrder(r))
		}
		m.rows[port] = append(m.rows[port], rows...)
		p.send(port, drawBatch(r, p.rt.Allocator(), p.node.Inputs[port].Source().Schema, rows))
		p.barrier()
	}
	p.watermark(op.EndOfTime)
	check(r, byText(p.taken()), byText(m.result()))
	p.close()
}

// joinedAt is the event time of a row of the result: the later of its two, or the one that it has.
func joinedAt(o *plan.Join, r row) int64 {
	if o.Type.LeftOnly() {
		return int64(r[0].(arrow.Timestamp))
	}
	at := int64(math.MinInt64)
	for _, i := range []int{1, 3} {
		if r[i] != nil {
			at = max(at, int64(r[i].(arrow.Timestamp)))
		}
	}
	return at
}

// What a join keeps goes as soon as the watermark proves that nothing can match it.
func TestJoinForgets(t *testing.T) {
	o := &plan.Join{Type: plan.LeftJoin, On: []plan.JoinKey{{Left: text("card"), Right: text("card_no")}},
		Bound: &plan.Bound{Lower: -10 * time.Microsecond, Upper: 5 * time.Microsecond}}
	p := openOn(t, t, o, plan.Rows, nil, false, onTime(orders, "at"), onTime(payments, "paid"))
	p.rows(0, row{arrow.Timestamp(100), "a", int64(1)}, row{arrow.Timestamp(100), "b", int64(2)})
	p.rows(1, row{arrow.Timestamp(105), "a", int64(1)}, row{arrow.Timestamp(106), "b", int64(2)})
	check(t, p.taken(), []row{{"a", arrow.Timestamp(100), int64(1), arrow.Timestamp(105), int64(1)}})
	for _, step := range []struct{ wm, kept int64 }{{105, 4}, {106, 2}, {115, 2}, {116, 1}, {117, 0}} {
		if _, err := p.op.Watermark(context.Background(), time.UnixMicro(step.wm), p.out); err != nil {
			t.Fatal(err)
		}
		if rows, _ := p.op.(op.Stateful).State(); rows != step.kept {
			t.Errorf("%d rows are kept at %d, want %d", rows, step.wm, step.kept)
		}
	}
	check(t, p.taken(), []row{{"b", arrow.Timestamp(100), int64(2), nil, nil}})
	p.close()
}

// However many rows a row matches, and however long they are, they leave in batches of bounded size.
func TestJoinCutsWhatItMakes(t *testing.T) {
	o := &plan.Join{On: []plan.JoinKey{{Left: text("card"), Right: text("card_no")}}, Bound: &plan.Bound{}}
	for _, where := range []string{"", `left.card == right.card_no`} {
		o.Where = expression(where)
		p := openOn(t, t, o, plan.Rows, nil, false, onTime(schemaOf("at timestamp", "card string", "note string"), "at"), onTime(payments, "paid"))
		var many []row
		for i := range 40 {
			many = append(many, row{arrow.Timestamp(0), "a", int64(i)})
		}
		p.rows(0, row{arrow.Timestamp(0), "a", strings.Repeat("x", leastCut/4)})
		p.rows(1, many...)
		p.rows(0, row{arrow.Timestamp(0), "a", strings.Repeat("y", leastCut/4)})
		for _, b := range p.out.Batches[""] {
			if b.Rows() > 5 {
				t.Errorf("a batch of %d rows", b.Rows())
			}
		}
		if n := len(p.taken()); n != 80 {
			t.Errorf("%d rows", n)
		}
		p.close()
	}
}

// Complete results are joined epoch by epoch, and without a bound.
func TestJoinOfCompleteResults(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o := drawJoin(r)
		p := openComplete(t, r, o)
		for range rapid.IntRange(1, 4).Draw(r, "epochs") {
			m := &joinModel{o: o}
			for range rapid.IntRange(0, 4).Draw(r, "batches") {
				port := rapid.IntRange(0, 1).Draw(r, "port")
				var rows []row
				for range rapid.IntRange(0, 8).Draw(r, "rows") {
					rows = append(rows, drawOrder(r))
				}
				m.rows[port] = append(m.rows[port], rows...)
				p.send(port, drawBatch(r, p.rt.Allocator(), p.node.Inputs[port].Source().Schema, rows))
			}
			p.barrier()
			check(r, byText(p.taken()), byText(m.result()))
		}
		p.close()
	})
}

// openComplete opens a join of two inputs that carry complete results: those of aggregates that the test stands in for.
func openComplete(outer testing.TB, r *rapid.T, o *plan.Join) *pipe {
	r.Helper()
	n := &plan.Node{ID: "under_test", Kind: "join", Op: o}
	p := &plan.Pipeline{Name: "test"}
	for i, s := range []*arrow.Schema{orders, payments} {
		scan := &plan.Node{ID: fmt.Sprintf("in%d", i), Op: &plan.Scan{Schema: s, Bounded: true}}
		all := &plan.Aggregate{Emit: plan.Complete}
		for _, f := range s.Fields() {
			all.By = append(all.By, plan.Item{Name: text(f.Name), Bare: true})
		}
		groups := &plan.Node{ID: fmt.Sprintf("groups%d", i), Op: all, Inputs: []plan.Edge{{From: scan}}}
		p.Nodes = append(p.Nodes, scan, groups)
		n.Inputs = append(n.Inputs, plan.Edge{From: groups})
	}
	p.Nodes = append(p.Nodes, n, &plan.Node{ID: "sink", Op: &plan.Write{}, Inputs: []plan.Edge{{From: n}}})
	if list := plan.Bind(p); list.HasErrors() {
		r.Fatalf("the plan does not bind: %v", list)
	}
	tr, err := New(n)
	if err != nil {
		r.Fatal(err)
	}
	rt := optest.New(outer)
	if err := tr.Open(context.Background(), rt); err != nil {
		r.Fatal(err)
	}
	return &pipe{t: r, node: n, op: tr, rt: rt, out: &optest.Emitter{}}
}
