package relational

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

var scores = schemaOf("at timestamp", "who string", "f float", "s string", "b bool", "n int")

// topModel keeps every row.
type topModel struct {
	o    *plan.Top
	s    *arrow.Schema
	rows []row
}

func drawTop(r *rapid.T, by ...string) *plan.Top {
	o := &plan.Top{N: rapid.IntRange(1, 4).Draw(r, "n"), Ties: rapid.Bool().Draw(r, "ties")}
	for _, name := range by {
		o.By = append(o.By, plan.Item{Name: text(name), Bare: true})
	}
	columns := rapid.Permutation([]string{"f", "s", "b"}).Draw(r, "order")
	for _, name := range columns[:rapid.IntRange(1, len(columns)).Draw(r, "columns")] {
		o.Order = append(o.Order, plan.Ordered{Column: text(name), Desc: rapid.Bool().Draw(r, "desc")})
	}
	return o
}

func drawScore(r *rapid.T, n int) row {
	return row{
		arrow.Timestamp(rapid.Int64Range(0, 8).Draw(r, "at") * 1000), rapid.SampledFrom([]any{"a", "b", nil}).Draw(r, "who"),
		rapid.SampledFrom([]any{nil, 0.0, math.Copysign(0, -1), nan, 1.5, -1.5, math.Inf(-1), math.Inf(1)}).Draw(r, "f"),
		rapid.SampledFrom([]any{nil, "", "x", "xy", "a text of more than 16 bytes", "a text of more than 16 bites"}).Draw(r, "s"),
		rapid.SampledFrom([]any{nil, true, false}).Draw(r, "b"), int64(n),
	}
}

// compareValues is the order that doc.md promises.
func compareValues(x, y any) int {
	if x == nil || y == nil {
		return cmp.Compare(btoi(x != nil), btoi(y != nil))
	}
	switch x := x.(type) {
	case float64:
		y := y.(float64)
		if math.IsNaN(x) || math.IsNaN(y) {
			return cmp.Compare(btoi(math.IsNaN(x)), btoi(math.IsNaN(y)))
		}
		return cmp.Compare(x, y)
	case bool:
		return cmp.Compare(btoi(x), btoi(y.(bool)))
	}
	return strings.Compare(x.(string), y.(string))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *topModel) compare(a, b row) int {
	for _, c := range m.o.Order {
		i := m.s.FieldIndices(c.Column.Value)[0]
		if by := compareValues(a[i], b[i]); by != 0 {
			if c.Desc {
				return -by
			}
			return by
		}
	}
	return 0
}

// first gives the first rows of each key of those, sorted by key alone for comparison. A rank is one more than the number of rows
// that are before.
func (m *topModel) first(rows []row, key func(r row) string) (groups [][]row) {
	byKey := map[string][]row{}
	var keys []string
	for _, r := range rows {
		k := key(r)
		if _, known := byKey[k]; !known {
			keys = append(keys, k)
		}
		byKey[k] = append(byKey[k], r)
	}
	for _, k := range keys {
		group := byKey[k]
		slices.SortStableFunc(group, m.compare)
		var first []row
		for i, r := range group {
			rank := i
			if m.o.Ties {
				rank = slices.IndexFunc(group, func(o row) bool { return m.compare(o, r) == 0 })
			}
			if rank < m.o.N {
				first = append(first, append(slices.Clone(r), int64(rank+1)))
			}
		}
		groups = append(groups, first)
	}
	return groups
}

func topKey(r row) string {
	var b bytes.Buffer
	if r[1] != nil {
		b.WriteString(r[1].(string))
	}
	return time.UnixMicro(timeAt(r)).String() + b.String()
}

// The first rows of each key are those that sorting all of its rows gives, however they come in batches, and come when the watermark
// has passed the key's time, not before.
func TestTop(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &topModel{o: drawTop(r, "at", "who"), s: scores}
		wm, count := int64(math.MinInt64), 0
		read := rapid.Bool().Draw(r, "late rows are read")
		p := openOn(t, r, m.o, plan.Rows, nil, !read, onTime(scores, "at"))
		expect := func(before int64) {
			var due, left []row
			for _, v := range m.rows {
				if timeAt(v) < before {
					due = append(due, v)
				} else {
					left = append(left, v)
				}
			}
			m.rows = left
			var want []row
			groups := m.first(due, topKey)
			slices.SortStableFunc(groups, func(a, b []row) int { return cmp.Compare(timeAt(a[0]), timeAt(b[0])) })
			for _, g := range groups {
				want = append(want, g...)
			}
			check(r, p.inOrder(p.taken()), p.inOrder(want))
		}
		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			var rows, late []row
			lates := 0
			for range rapid.IntRange(0, 25).Draw(r, "rows") {
				v := drawScore(r, count)
				count++
				if rows = append(rows, v); timeAt(v) < wm {
					lates++
					late = append(late, append(slices.Clone(v), arrow.Duration(wm-timeAt(v))))
				} else {
					m.rows = append(m.rows, v)
				}
			}
			p.out.Behind, p.in = 0, p.in-p.out.Behind
			p.send(0, drawBatch(r, p.rt.Allocator(), scores, rows))
			if p.out.Behind != lates {
				r.Fatalf("%d rows are late, want %d", p.out.Behind, lates)
			}
			if read {
				check(r, p.emitted(plan.LateOutput), late)
			}
			check(r, p.taken(), nil)
			p.barrier()
			check(r, p.taken(), nil)
			if rapid.Bool().Draw(r, "watermark") {
				wm = max(wm, rapid.Int64Range(0, 8500).Draw(r, "watermark"))
				p.watermark(time.UnixMicro(wm))
				expect(wm)
			}
		}
		p.watermark(op.EndOfTime)
		expect(math.MaxInt64)
		if n, _ := p.op.(op.Stateful).State(); n != 0 {
			r.Fatalf("%d rows are kept behind the end", n)
		}
		p.close()
	})
}

// Of complete results the first rows of each epoch come at its end, and nothing is left of it for the next.
func TestTopOfCompleteResults(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		by := rapid.SampledFrom([][]string{nil, {"who"}}).Draw(r, "by")
		m := &topModel{o: drawTop(r, by...), s: scores}
		p := openTopOfComplete(t, r, m.o)
		count := 0
		for range rapid.IntRange(1, 4).Draw(r, "epochs") {
			m.rows = nil
			for range rapid.IntRange(0, 3).Draw(r, "batches") {
				var rows []row
				for range rapid.IntRange(0, 25).Draw(r, "rows") {
					rows = append(rows, drawScore(r, count))
					count++
				}
				m.rows = append(m.rows, rows...)
				p.send(0, drawBatch(r, p.rt.Allocator(), scores, rows))
			}
			p.watermark(time.UnixMicro(int64(count)))
			check(r, p.taken(), nil)
			p.barrier()
			var want []row
			for _, g := range m.first(m.rows, func(v row) string {
				if by == nil || v[1] == nil {
					return ""
				}
				return v[1].(string)
			}) {
				want = append(want, g...)
			}
			check(r, p.taken(), want)
		}
		p.close()
	})
}

// openTopOfComplete opens a top of the complete results of an aggregate that the test stands in for.
func openTopOfComplete(outer testing.TB, r *rapid.T, o *plan.Top) *pipe {
	r.Helper()
	all := &plan.Aggregate{Emit: plan.Complete}
	for _, f := range scores.Fields() {
		all.By = append(all.By, plan.Item{Name: text(f.Name), Bare: true})
	}
	scan := &plan.Node{ID: "in", Op: &plan.Scan{Schema: scores, Bounded: true}}
	groups := &plan.Node{ID: "groups", Op: all, Inputs: []plan.Edge{{From: scan}}}
	n := &plan.Node{ID: "under_test", Kind: "top", Op: o, Inputs: []plan.Edge{{From: groups}}}
	sink := &plan.Node{ID: "sink", Op: &plan.Write{}, Inputs: []plan.Edge{{From: n}}}
	if list := plan.Bind(&plan.Pipeline{Name: "test", Nodes: []*plan.Node{scan, groups, n, sink}}); list.HasErrors() {
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

// However many rows come, few are kept; what is behind the bar is filtered at once.
func TestTopKeepsLittle(t *testing.T) {
	o := &plan.Top{N: 3, By: []plan.Item{{Name: text("at"), Bare: true}}, Order: []plan.Ordered{{Column: text("n")}}}
	p := openOn(t, t, o, plan.Rows, nil, true, onTime(visits, "at"))
	for i := range 1000 {
		n := int64(1000 - i) // each is a new first
		p.rows(0, row{arrow.Timestamp(1), "a", n}, row{arrow.Timestamp(1), "b", int64(2000)})
		if kept, _ := p.op.(op.Stateful).State(); kept > 6 {
			t.Fatalf("%d rows are kept for the first 3", kept)
		}
	}
	if p.out.Filtered < 990 {
		t.Errorf("%d rows were filtered", p.out.Filtered)
	}
	p.watermark(time.UnixMicro(2))
	check(t, p.taken(), []row{{arrow.Timestamp(1), "a", int64(1), int64(1)}, {arrow.Timestamp(1), "a", int64(2), int64(2)}, {arrow.Timestamp(1), "a", int64(3), int64(3)}})
	p.close()
}

// With updates the last row of a key and rank is the one that sorting all rows of the key so far gives, and a barrier behind
// which nothing changed emits nothing.
func TestTopUpdates(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		by := rapid.SampledFrom([][]string{nil, {"who"}}).Draw(r, "by")
		m := &topModel{o: drawTop(r, by...), s: scores}
		m.o.Ties, m.o.Updates = false, true
		p := open(t, r, m.o, plan.Rows, nil, scores)
		who := func(v row) string {
			if by == nil || v[1] == nil {
				return ""
			}
			return v[1].(string)
		}
		holds := map[string]row{}
		count := 0
		for range rapid.IntRange(1, 6).Draw(r, "epochs") {
			for range rapid.IntRange(0, 3).Draw(r, "batches") {
				var rows []row
				for range rapid.IntRange(0, 25).Draw(r, "rows") {
					rows = append(rows, drawScore(r, count))
					count++
				}
				m.rows = append(m.rows, rows...)
				p.send(0, drawBatch(r, p.rt.Allocator(), scores, rows))
				p.watermark(time.UnixMicro(int64(count)))
				check(r, p.taken(), nil)
			}
			p.barrier()
			for _, v := range p.taken() {
				holds[fmt.Sprint(who(v), v[len(v)-1])] = v
			}
			var want, got []row
			for _, g := range m.first(m.rows, who) {
				for _, v := range g {
					want = append(want, v)
					got = append(got, holds[fmt.Sprint(who(v), v[len(v)-1])])
				}
			}
			check(r, got, want)
			if len(holds) != len(want) {
				r.Fatalf("%d keys and ranks hold, want %d", len(holds), len(want))
			}
			p.barrier()
			check(r, p.taken(), nil)
		}
		p.close()
	})
}
