package relational

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// sessionModel keeps the open sessions of each key as rows, and looks at every one of them for every row.
type sessionModel struct {
	gap, grace, wm int64
	keyless        bool
	own            bool // each row has a gap of its own
	open           []*modelSession
	late           []row
}

type modelSession struct {
	who        any
	start, end int64
	rows       []row
}

// ownGap is how the rows of visits say their gap: null, below zero, or up to 11us.
const ownGap = `who == "b" && n == 1 ? nil : duration("1us") * (n ?? -1)`

// gapOf gives the gap of a row, 0 where it has none.
func (m *sessionModel) gapOf(r row) int64 {
	switch {
	case !m.own:
		return m.gap
	case r[1] == "b" && r[2] == int64(1) || r[2] == nil:
		return 0
	}
	return r[2].(int64)
}

func (m *sessionModel) over(end int64) bool { return end+m.grace < m.wm }

func (m *sessionModel) add(r row) {
	at, who, gap := int64(r[0].(arrow.Timestamp)), r[1], m.gapOf(r)
	if gap == 0 {
		return
	}
	if m.keyless {
		who = nil
	}
	var touched, others []*modelSession
	for _, s := range m.open {
		if s.who == who && s.start <= at+gap && at <= s.end {
			touched = append(touched, s)
		} else {
			others = append(others, s)
		}
	}
	if len(touched) == 0 && m.over(at+gap) {
		m.late = append(m.late, append(slices.Clone(r), arrow.Timestamp(at), arrow.Timestamp(at+gap), arrow.Duration(m.wm-at)))
		return
	}
	slices.SortFunc(touched, func(a, b *modelSession) int { return int(a.start - b.start) })
	one := &modelSession{who: who, start: at, end: at + gap}
	for _, s := range touched {
		one.start, one.end, one.rows = min(one.start, s.start), max(one.end, s.end), append(one.rows, s.rows...)
	}
	one.rows = append(one.rows, r)
	m.open = append(others, one)
}

// closed gives the rows of the sessions that are over, and forgets them.
func (m *sessionModel) closed() []row {
	var rows []row
	m.open = slices.DeleteFunc(m.open, func(s *modelSession) bool {
		if m.over(s.end) {
			rows = append(rows, s.row(m.keyless))
			return true
		}
		return false
	})
	return rows
}

func (s *modelSession) row(keyless bool) row {
	out := row{arrow.Timestamp(s.start), arrow.Timestamp(s.end)}
	if !keyless {
		out = append(out, s.who)
	}
	byTime := slices.Clone(s.rows)
	slices.SortStableFunc(byTime, func(a, b row) int { return compare(a[0], b[0]) })
	edge := func(last bool) any { return edgeOf(values(byTime, 2, nil), last) }
	list := []any{}
	for _, r := range s.rows {
		if r[2] != nil {
			list = append(list, r[2])
		}
	}
	return append(out, int64(len(s.rows)), list, varianceOf(list), distinctOf(list), distinctOf(list), rankOf(list, 0.5), edge(false), edge(true))
}

func drawVisit(r *rapid.T, from, to int64) row {
	return row{arrow.Timestamp(rapid.Int64Range(from, to).Draw(r, "at")), rapid.SampledFrom([]any{"a", "b", "a user with a longer name", nil}).Draw(r, "who"),
		rapid.SampledFrom([]any{int64(1), int64(10), int64(11), nil}).Draw(r, "n")}
}

func openSessions(t *testing.T, r tb, m *sessionModel, unread bool) *pipe {
	o := &plan.Aggregate{
		Window: &plan.Window{Session: true, Size: time.Duration(m.gap) * time.Microsecond, Every: time.Duration(m.gap) * time.Microsecond,
			Grace: time.Duration(m.grace) * time.Microsecond},
		Take: []plan.TakeItem{{Name: text("count"), Text: text("count()")}, {Name: text("all"), Text: text("collect(n)")},
			{Name: text("var"), Text: text("var(n)")}, {Name: text("different"), Text: text("count_distinct(n)")},
			{Name: text("about"), Text: text("count_distinct_approx(n)")},
			{Name: text("middle"), Text: text("quantile_approx(n, 0.5)")},
			{Name: text("first"), Text: text("first(n)")}, {Name: text("last"), Text: text("last(n)")}},
		Emit: plan.Final,
	}
	if m.own {
		o.Window.Size, o.Window.Every, o.Window.Gap = 0, 0, expression(ownGap)
	}
	if !m.keyless {
		o.By = []plan.Item{item("who", "who")}
	}
	return openOn(t, r, o, plan.Rows, nil, unread, onTime(visits, "at"))
}

// Sessions are what merging the rows one by one gives, whatever the cut into batches, the order of rows and the watermarks in
// between; late rows too; and in the end nothing is kept.
func TestSessions(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &sessionModel{gap: rapid.Int64Range(1, 12).Draw(r, "gap"), grace: rapid.SampledFrom([]int64{0, 0, 5}).Draw(r, "grace"),
			wm: math.MinInt64 / 2, keyless: rapid.IntRange(0, 3).Draw(r, "without key") == 0, own: rapid.Bool().Draw(r, "own gaps")}
		read := rapid.Bool().Draw(r, "late rows are read")
		p := openSessions(t, r, m, !read)
		for range rapid.IntRange(1, 8).Draw(r, "batches") {
			var rows []row
			for range rapid.IntRange(0, 16).Draw(r, "rows") {
				v := drawVisit(r, -60, 120)
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
				if err != nil {
					r.Fatal(err)
				}
				inOrder(r, p.emitted(""))
				check(r, byText(p.taken()), byText(m.closed()))
				for _, s := range m.open {
					if s.end-1 < promise.UnixMicro() {
						r.Fatalf("%v is promised, and a session that ends at %d is open", promise.UnixMicro(), s.end)
					}
				}
			}
			if rapid.Bool().Draw(r, "barrier") {
				p.barrier()
			}
			if rows, _ := p.op.(op.Stateful).State(); rows != int64(len(m.open)) {
				r.Fatalf("%d sessions are kept, want %d", rows, len(m.open))
			}
		}
		m.wm = math.MaxInt64
		m.end(r, p)
	})
}

// end closes everything, and checks that nothing is left.
func (m *sessionModel) end(r *rapid.T, p *pipe) {
	p.watermark(op.EndOfTime)
	inOrder(r, p.emitted(""))
	check(r, byText(p.taken()), byText(m.closed()))
	s := p.op.(*sessions)
	if s.table.Live() != 0 || s.keys.Live() != 0 || s.spans.rows.Live() != 0 || s.timers.Len() != 0 {
		r.Fatalf("at the end of time %d groups, %d keys, %d spans and %d timers are kept", s.table.Live(), s.keys.Live(), s.spans.rows.Live(), s.timers.Len())
	}
	p.close()
}

func inOrder(r *rapid.T, got []row) {
	for i := range got[min(1, len(got)):] {
		if got[i][1].(arrow.Timestamp) > got[i+1][1].(arrow.Timestamp) {
			r.Fatalf("a session that ends later came first: %v", got)
		}
	}
}

// Rows that are on time give the sessions that all of them sorted give, wherever the watermark stands when they come: also where
// it stands at the end of a session that a row at this very time continues.
func TestSessionsOfRowsOnTime(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		gap, delay := rapid.Int64Range(1, 6).Draw(r, "gap"), rapid.Int64Range(0, 12).Draw(r, "delay")
		m := &sessionModel{gap: gap, own: rapid.Bool().Draw(r, "own gaps")}
		p := openSessions(t, r, m, true)
		var got, all []row
		newest := int64(0)
		for range rapid.IntRange(1, 12).Draw(r, "batches") {
			var rows []row
			for range rapid.IntRange(0, 4).Draw(r, "rows") {
				v := drawVisit(r, newest-delay, newest+8)
				newest = max(newest, int64(v[0].(arrow.Timestamp)))
				rows = append(rows, v)
			}
			all = append(all, rows...)
			p.send(0, drawBatch(r, p.rt.Allocator(), visits, rows))
			if _, err := p.op.Watermark(context.Background(), time.UnixMicro(newest-delay), p.out); err != nil {
				r.Fatal(err)
			}
			got = append(got, p.taken()...)
		}
		p.watermark(op.EndOfTime)
		got = append(got, p.taken()...)
		if p.out.Behind > 0 {
			r.Fatalf("%d rows are late", p.out.Behind)
		}
		p.close()

		slices.SortStableFunc(all, func(a, b row) int { return int(a[0].(arrow.Timestamp) - b[0].(arrow.Timestamp)) })
		var want []row
		last := map[any]row{} // by key: start, end, key, count
		for _, v := range all {
			own := m.gapOf(v)
			if own == 0 {
				continue
			}
			at, end := v[0].(arrow.Timestamp), v[0].(arrow.Timestamp)+arrow.Timestamp(own)
			if s := last[v[1]]; s != nil && at <= s[1].(arrow.Timestamp) {
				s[1], s[3] = max(end, s[1].(arrow.Timestamp)), s[3].(int64)+1
				continue
			}
			last[v[1]] = row{at, end, v[1], int64(1)}
			want = append(want, last[v[1]])
		}
		for i := range got {
			got[i] = got[i][:4]
		}
		check(r, byText(got), byText(want))
	})
}

// The rows of the session case of Spark's EventTimeWatermarkSuite: a row exactly the gap behind another one goes on with its
// session.
func TestSessionsTouch(t *testing.T) {
	p := openSessions(t, t, &sessionModel{gap: 5, keyless: true}, true)
	for _, at := range []arrow.Timestamp{10, 11, 17, 25, 35, 40} {
		p.rows(0, row{at, nil, int64(at)})
	}
	p.watermark(op.EndOfTime)
	got := p.taken()
	for i := range got {
		got[i] = got[i][:4]
	}
	ints := func(n ...any) []any { return n }
	check(t, got, []row{
		{arrow.Timestamp(10), arrow.Timestamp(16), int64(2), ints(int64(10), int64(11))},
		{arrow.Timestamp(17), arrow.Timestamp(22), int64(1), ints(int64(17))},
		{arrow.Timestamp(25), arrow.Timestamp(30), int64(1), ints(int64(25))},
		{arrow.Timestamp(35), arrow.Timestamp(45), int64(2), ints(int64(35), int64(40))},
	})
	p.close()
}
