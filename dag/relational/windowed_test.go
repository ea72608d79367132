package relational

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

var visits = schemaOf("at timestamp", "who string", "n int")

// windowModel counts and sums rows by window and key, one row at a time.
type windowModel struct {
	size, every, offset, grace int64
	complete                   bool
	wm                         int64
	groups                     map[string]*windowGroup
	order                      int
	late                       []row
}

type windowGroup struct {
	start, count, sum int64
	rows              []row
	who               any
	order             int
	changed           bool
}

// add gives the windows of a row, the last one first, as the definition says: every start that is a multiple of every, from
// the offset on, such that start <= at < start+size.
func (m *windowModel) add(r row) {
	at := int64(r[0].(arrow.Timestamp))
	var starts []int64
	for start := at - m.size - m.every; start <= at; start++ {
		if mod(start-m.offset, m.every) == 0 && at < start+m.size {
			starts = append(starts, start)
		}
	}
	slices.Reverse(starts)
	in := 0
	for _, start := range starts {
		if !m.complete && start+m.size+m.grace <= m.wm {
			continue
		}
		in++
		key := fmt.Sprint(start, r[1])
		g := m.groups[key]
		if g == nil {
			g = &windowGroup{start: start, who: r[1], order: m.order}
			m.order++
			m.groups[key] = g
		}
		g.count++
		g.rows = append(g.rows, r)
		if r[2] != nil {
			g.sum += r[2].(int64)
		}
		g.changed = true
	}
	if in == 0 {
		m.late = append(m.late, append(slices.Clone(r), arrow.Timestamp(starts[0]), arrow.Timestamp(starts[0]+m.size), arrow.Duration(m.wm-at)))
	}
}

// edge gives the first or last n by time.
func (g *windowGroup) edge(last bool) any {
	rows := slices.Clone(g.rows)
	slices.SortStableFunc(rows, func(a, b row) int { return compare(a[0], b[0]) })
	return edgeOf(values(rows, 2, nil), last)
}

func mod(a, b int64) int64 { return (a%b + b) % b }

// rows gives groups and forgets what closed.
func (m *windowModel) rows(which func(*windowGroup) bool, forget bool) []row {
	var rows []row
	for key, g := range m.groups {
		if which(g) {
			rows = append(rows, row{arrow.Timestamp(g.start), arrow.Timestamp(g.start + m.size), g.who, g.count, g.sum, g.edge(false), g.edge(true), listOf(values(g.rows, 2, nil))})
			g.changed = false
			if forget {
				delete(m.groups, key)
			}
		}
	}
	return rows
}

func (m *windowModel) closed(g *windowGroup) bool { return g.start+m.size+m.grace <= m.wm }

// byText orders rows somehow, for comparing them as a multiset.
func byText(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(fmt.Sprint(a...), fmt.Sprint(b...)) })
	return rows
}

// A windowed aggregate gives what one that looks at every row and every window by itself gives, whatever the windows, the cut into
// batches, the order of rows and the watermarks in between.
func TestWindows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		every := rapid.Int64Range(1, 20).Draw(r, "every")
		m := &windowModel{every: every, size: every + rapid.SampledFrom([]int64{0, 0, 1, 7, 3 * every}).Draw(r, "longer"),
			offset: rapid.Int64Range(1-every, every-1).Draw(r, "offset"), grace: rapid.SampledFrom([]int64{0, 0, 5}).Draw(r, "grace"),
			wm: -1 << 62, groups: map[string]*windowGroup{}}
		emit := rapid.SampledFrom([]plan.Mode{plan.Final, plan.Updates, plan.Complete}).Draw(r, "emit")
		m.complete = emit == plan.Complete
		read := emit != plan.Complete && rapid.Bool().Draw(r, "late rows are read")
		us := func(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
		p := openOn(t, r, &plan.Aggregate{
			Window: &plan.Window{Size: us(m.size), Every: us(m.every), Offset: us(m.offset), Grace: us(m.grace)},
			By:     []plan.Item{item("who", "who")},
			Take: []plan.TakeItem{{Name: text("count"), Text: text("count()")}, {Name: text("sum"), Text: text("sum(n ?? 0)")},
				{Name: text("first"), Text: text("first(n)")}, {Name: text("last"), Text: text("last(n)")},
				{Name: text("all"), Text: text("collect(n)")}},
			Emit: emit,
		}, plan.Rows, nil, !read, onTime(visits, "at"))

		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			var rows []row
			for range rapid.IntRange(0, 12).Draw(r, "rows") {
				v := row{arrow.Timestamp(rapid.Int64Range(-60, 120).Draw(r, "at")), rapid.SampledFrom([]any{"a", "b", nil}).Draw(r, "who"),
					rapid.SampledFrom([]any{int64(1), int64(10), nil}).Draw(r, "n")}
				rows = append(rows, v)
				m.add(v)
			}
			p.send(0, drawBatch(r, p.rt.Allocator(), visits, rows))
			if read {
				check(r, p.emitted(plan.LateOutput), m.late)
			}
			if p.out.Behind != len(m.late) {
				r.Fatalf("%d rows are late, want %d", p.out.Behind, len(m.late))
			}
			p.out.Release()
			m.late, p.out.Behind, p.in = nil, 0, p.in-p.out.Behind

			if rapid.Bool().Draw(r, "watermark") {
				m.wm = max(m.wm, rapid.Int64Range(-60, 160).Draw(r, "watermark"))
				promise, err := p.op.Watermark(context.Background(), time.UnixMicro(m.wm), p.out)
				if err != nil || promise.UnixMicro() > m.wm {
					r.Fatalf("Watermark promises %v, %v", promise, err)
				}
				got := p.taken()
				for i := range got[min(1, len(got)):] {
					if emit == plan.Final && got[i][1].(arrow.Timestamp) > got[i+1][1].(arrow.Timestamp) {
						r.Fatalf("a window that ends later came first: %v", got)
					}
				}
				if emit != plan.Complete {
					want := m.rows(func(g *windowGroup) bool { return m.closed(g) && (emit == plan.Final || g.changed) }, true)
					m.rows(m.closed, true)
					check(r, byText(got), byText(want))
				}
			}
			if rapid.Bool().Draw(r, "barrier") {
				p.barrier()
				var want []row
				switch emit {
				case plan.Updates:
					want = m.rows(func(g *windowGroup) bool { return g.changed }, false)
				case plan.Complete:
					want = m.rows(func(*windowGroup) bool { return true }, false)
				}
				check(r, byText(p.taken()), byText(want))
			}
			if rows, _ := p.op.(op.Stateful).State(); rows != int64(len(m.groups)) {
				r.Fatalf("%d groups are kept, want %d", rows, len(m.groups))
			}
		}
		if _, err := p.op.Watermark(context.Background(), op.EndOfTime, p.out); err != nil {
			r.Fatal(err)
		}
		got := p.taken()
		switch emit {
		case plan.Final:
			check(r, byText(got), byText(m.rows(func(*windowGroup) bool { return true }, true)))
		case plan.Updates:
			check(r, byText(got), byText(m.rows(func(g *windowGroup) bool { return g.changed }, true)))
		}
		if rows, _ := p.op.(op.Stateful).State(); rows != 0 && emit != plan.Complete {
			r.Fatalf("%d groups are kept at the end of time", rows)
		}
		p.close()
	})
}
