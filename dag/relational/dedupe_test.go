package relational

import (
	"context"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// dedupeModel remembers every key for ever, with the latest time of each that passed, or the last row.
type dedupeModel struct {
	within int64
	last   bool
	wm     int64
	latest map[any]int64
	rows   map[any]row
	fresh  map[any]bool // changed since they were emitted
}

// take says whether a row passes, or is late.
func (m *dedupeModel) take(r row) (passes, late bool) {
	at, who := int64(r[0].(arrow.Timestamp)), r[1]
	if m.within > 0 && at < m.wm {
		return false, true
	}
	before, known := m.latest[who]
	forgotten := m.within > 0 && known && before+m.within <= m.wm
	if m.last {
		if !known || forgotten || at >= before {
			m.latest[who], m.rows[who], m.fresh[who] = at, r, true
		}
		return false, false
	}
	switch apart := at - before; {
	case !known:
	case m.within == 0 || apart < m.within && apart > -m.within:
		return false, false
	case apart < 0:
		return true, false
	}
	m.latest[who] = at
	return true, false
}

func (m *dedupeModel) changed() []row {
	var rows []row
	for who := range m.fresh {
		rows = append(rows, m.rows[who])
	}
	clear(m.fresh)
	return rows
}

// What a watermark makes dedupe forget is never missed: it gives what one gives that forgets nothing.
func TestDedupe(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &dedupeModel{within: rapid.SampledFrom([]int64{0, 1, 10, 40}).Draw(r, "within"), last: rapid.Bool().Draw(r, "last"),
			wm: -1 << 62, latest: map[any]int64{}, rows: map[any]row{}, fresh: map[any]bool{}}
		read := rapid.Bool().Draw(r, "late rows are read")
		p := openOn(t, r, &plan.Dedupe{By: []plan.Item{{Name: text("who"), Bare: true}}, Within: time.Duration(m.within) * time.Microsecond,
			Last: m.last}, plan.Rows, nil, !read, onTime(visits, "at"))
		for range rapid.IntRange(1, 10).Draw(r, "batches") {
			var rows, want, late []row
			lates := 0
			for range rapid.IntRange(0, 12).Draw(r, "rows") {
				v := row{arrow.Timestamp(rapid.Int64Range(0, 120).Draw(r, "at")), rapid.SampledFrom([]any{"a", "b", "c", nil}).Draw(r, "who"),
					rapid.SampledFrom([]any{int64(1), int64(2), nil}).Draw(r, "n")}
				rows = append(rows, v)
				switch passes, behind := m.take(v); {
				case passes:
					want = append(want, v)
				case behind:
					lates++
					late = append(late, append(v[:3:3], arrow.Duration(m.wm-int64(v[0].(arrow.Timestamp)))))
				}
			}
			p.out.Behind, p.in = 0, p.in-p.out.Behind
			p.send(0, drawBatch(r, p.rt.Allocator(), visits, rows))
			if p.out.Behind != lates {
				r.Fatalf("%d rows are late, want %d", p.out.Behind, lates)
			}
			if read && m.within > 0 {
				check(r, p.emitted(plan.LateOutput), late)
			}
			check(r, p.taken(), want)
			if rapid.Bool().Draw(r, "watermark") {
				m.wm = max(m.wm, rapid.Int64Range(0, 170).Draw(r, "watermark"))
				p.watermark(time.UnixMicro(m.wm))
				var closed []row
				for who := range m.fresh {
					if m.within > 0 && m.latest[who]+m.within <= m.wm {
						closed = append(closed, m.rows[who])
						delete(m.fresh, who)
					}
				}
				check(r, byText(p.taken()), byText(closed))
				kept := 0
				for _, at := range m.latest {
					if m.within == 0 || at+m.within > m.wm {
						kept++
					}
				}
				if n, _ := p.op.(op.Stateful).State(); n != int64(kept) {
					r.Fatalf("%d keys are kept, want %d", n, kept)
				}
			}
			if rapid.Bool().Draw(r, "barrier") {
				p.barrier()
				check(r, byText(p.taken()), byText(m.changed()))
			}
		}
		if _, err := p.op.Watermark(context.Background(), op.EndOfTime, p.out); err != nil {
			r.Fatal(err)
		}
		got := p.taken()
		if m.within == 0 {
			p.barrier()
			got = append(got, p.taken()...)
		}
		check(r, byText(got), byText(m.changed()))
		p.close()
	})
}
