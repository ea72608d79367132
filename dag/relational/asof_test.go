package relational

import (
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

var (
	trades = schemaOf("at timestamp", "symbol string", "amount int")
	quotes = schemaOf("quoted timestamp", "of string", "price int", "note string")
)

func asofJoin() *plan.Join {
	return &plan.Join{Type: plan.AsofJoin, On: []plan.JoinKey{{Left: text("symbol"), Right: text("of")}}}
}

func timeOf(r row) int64 { return int64(r[0].(arrow.Timestamp)) }

// asofModel looks for each trade at all quotes that were not late.
type asofModel struct {
	within int64 // negative: any
	wm     int64
	rows   [2][]row
}

func (m *asofModel) result() (rows []row) {
	for _, l := range m.rows[0] {
		var best row
		for _, r := range m.rows[1] {
			if r[1] == nil || r[1] != l[1] || timeOf(r) > timeOf(l) || m.within >= 0 && timeOf(l)-timeOf(r) > m.within {
				continue
			}
			if best == nil || timeOf(r) >= timeOf(best) {
				best = r
			}
		}
		if best == nil {
			best = row{nil, nil, nil, nil}
		}
		rows = append(rows, row{l[1], l[0], l[2], best[0], best[2], best[3]})
	}
	return rows
}

// kept is how many rows have to be kept: those that the watermark has not passed, and the newest quote of each key that one can
// still find.
func (m *asofModel) kept() (n int64) {
	newest := map[any]int64{}
	for port, rows := range m.rows {
		for _, r := range rows {
			switch {
			case r[1] == nil:
			case timeOf(r) >= m.wm:
				n++
			case port == 1:
				newest[r[1]] = max(newest[r[1]], timeOf(r))
			}
		}
	}
	for _, at := range newest {
		if m.within < 0 || at+m.within >= m.wm {
			n++
		}
	}
	return n
}

// An asof join gives what looking at every pair gives, in the order of time, whatever comes first and however it is cut; and it
// keeps no more rows than it has to.
func TestAsof(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o, m := asofJoin(), &asofModel{within: rapid.Int64Range(-1, 25).Draw(r, "within"), wm: math.MinInt64}
		if m.within >= 0 {
			o.Bound = &plan.Bound{Lower: -time.Duration(m.within) * time.Microsecond}
		} else {
			o.Forever = true
		}
		p := openOn(t, r, o, plan.Rows, nil, false, onTime(trades, "at"), onTime(quotes, "quoted"))
		var got []row
		number := 0
		for range rapid.IntRange(1, 14).Draw(r, "batches") {
			port := rapid.IntRange(0, 1).Draw(r, "port")
			var rows, late []row
			for range rapid.IntRange(0, 10).Draw(r, "rows") {
				number++
				v := row{arrow.Timestamp(rapid.Int64Range(0, 60).Draw(r, "at")), rapid.SampledFrom([]any{"a", "b", "c", nil}).Draw(r, "key"), int64(number)}
				if port == 1 {
					v = append(v, strings.Repeat("long ", number%5))
				}
				rows = append(rows, v)
				if at := timeOf(v); at < m.wm {
					late = append(late, append(slices.Clone(v), arrow.Duration(m.wm-at)))
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
			for _, alone := range p.taken() {
				if alone[0] != nil {
					r.Fatalf("%v came before the watermark", alone)
				}
				got = append(got, alone)
			}
			if rapid.Bool().Draw(r, "watermark") {
				m.wm = max(m.wm, rapid.Int64Range(0, 90).Draw(r, "watermark"))
				before := int64(math.MinInt64)
				p.watermark(time.UnixMicro(m.wm))
				for _, row := range p.taken() {
					at := int64(row[1].(arrow.Timestamp))
					if at < before || at >= m.wm {
						r.Fatalf("%v came behind %d, at the watermark %d", row, before, m.wm)
					}
					before = at
					got = append(got, row)
				}
			}
			if rows, _ := p.op.(op.Stateful).State(); rows != m.kept() {
				r.Fatalf("%d rows are kept at %d, want %d", rows, m.wm, m.kept())
			}
			p.barrier()
		}
		p.watermark(op.EndOfTime)
		got = append(got, p.taken()...)
		check(r, byText(got), byText(m.result()))
		if rows, _ := p.op.(op.Stateful).State(); rows != 0 {
			r.Fatalf("%d rows are kept at the end of time", rows)
		}
		p.close()
	})
}

// However old it is, of the right rows of a key one is kept; and not for longer than it can be found.
func TestAsofKeepsOneRowOfAKey(t *testing.T) {
	o := asofJoin()
	o.Bound = &plan.Bound{Lower: -100 * time.Microsecond}
	p := openOn(t, t, o, plan.Rows, nil, false, onTime(trades, "at"), onTime(quotes, "quoted"))
	kept := func(want int64) {
		t.Helper()
		if rows, _ := p.op.(op.Stateful).State(); rows != want {
			t.Errorf("%d rows are kept, want %d", rows, want)
		}
	}
	at := arrow.Timestamp(0)
	for range 50 {
		var rows []row
		for range 20 {
			rows = append(rows, row{at, fmt.Sprint(at % 2), int64(at), nil})
			at++
		}
		p.rows(1, rows...)
		p.watermark(time.UnixMicro(int64(at)))
		kept(2)
	}
	asof := p.op.(*asof)
	if n := asof.age.Len(); n != 2 {
		t.Errorf("%d timers are set for 2 keys", n)
	}
	p.watermark(time.UnixMicro(998 + 100)) // the last even one is just young enough
	kept(2)
	p.watermark(time.UnixMicro(998 + 101))
	kept(1)
	p.rows(0, row{arrow.Timestamp(1099), "1", int64(7)}, row{arrow.Timestamp(1099), "0", int64(8)})
	p.watermark(time.UnixMicro(1100))
	check(t, p.taken(), []row{{"1", arrow.Timestamp(1099), int64(7), arrow.Timestamp(999), int64(999), nil}, {"0", arrow.Timestamp(1099), int64(8), nil, nil, nil}})
	kept(0)
	p.close()
}

// Long texts make more batches.
func TestAsofCutsByBytes(t *testing.T) {
	o := asofJoin()
	o.Forever = true
	rt := optest.New(t)
	p := openOn(t, t, o, plan.Rows, rt, false, onTime(trades, "at"), onTime(quotes, "quoted"))
	p.rows(1, row{arrow.Timestamp(0), "a", int64(1), strings.Repeat("x", leastCut/4)})
	var rows []row
	for i := range 40 {
		rows = append(rows, row{arrow.Timestamp(i), "a", int64(i)})
	}
	p.rows(0, rows...)
	if _, err := p.op.Watermark(context.Background(), op.EndOfTime, p.out); err != nil {
		t.Fatal(err)
	}
	if n := len(p.out.Batches[""]); n < 8 {
		t.Errorf("%d batches", n)
	}
	if n := len(p.taken()); n != 40 {
		t.Errorf("%d rows", n)
	}
	p.close()
}
