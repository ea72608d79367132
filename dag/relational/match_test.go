package relational

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// matchCase is a pattern, and the same conditions in Go: of the rows that took steps so far and the row at hand.
type matchCase struct {
	name    string
	op      plan.Match
	steps   []func(took []row, r row) bool
	without func(took []row, r row) bool
	absent  func(took []row, r row) bool
	take    func(took []row) row // the columns of Take
}

func n(r row) int64 { return r[2].(int64) }

// matchCases read n of rows: 0 to 9.
var matchCases = []matchCase{
	{
		name: "two steps",
		op: plan.Match{Steps: []plan.Item{item("small", "n < 3"), item("large", "n > 6 && n != small.n + 7")},
			Take: []plan.Item{item("first", "small.n"), item("last", "large.n"), item("apart", "large.at - small.at")}},
		steps: []func([]row, row) bool{
			func(_ []row, r row) bool { return n(r) < 3 },
			func(t []row, r row) bool { return n(r) > 6 && n(r) != n(t[0])+7 },
		},
		take: func(t []row) row { return row{n(t[0]), n(t[1]), arrow.Duration(timeAt(t[1]) - timeAt(t[0]))} },
	},
	{
		name: "three steps, without",
		op: plan.Match{Steps: []plan.Item{item("a", "n < 5"), item("b", "n > a.n && n < 8"), item("c", "n == a.n || n > b.n")},
			Without: []plan.Item{item("x", "n == 5"), item("y", "n == b.n")},
			Take:    []plan.Item{item("all", "string(a.n) + string(b.n) + string(c.n)")}},
		steps: []func([]row, row) bool{
			func(_ []row, r row) bool { return n(r) < 5 },
			func(t []row, r row) bool { return n(r) > n(t[0]) && n(r) < 8 },
			func(t []row, r row) bool { return n(r) == n(t[0]) || n(r) > n(t[1]) },
		},
		without: func(t []row, r row) bool { return n(r) == 5 || len(t) > 1 && n(r) == n(t[1]) },
		take:    func(t []row) row { return row{fmt.Sprintf("%d%d%d", n(t[0]), n(t[1]), n(t[2]))} },
	},
	{
		name:   "one step, and something absent",
		op:     plan.Match{Steps: []plan.Item{item("ordered", "n < 5")}, Absent: []plan.Item{item("paid", "n == ordered.n + 5"), item("gone", "n == 9")}, Take: []plan.Item{item("order", "ordered.n")}},
		steps:  []func([]row, row) bool{func(_ []row, r row) bool { return n(r) < 5 }},
		absent: func(t []row, r row) bool { return n(r) == n(t[0])+5 || n(r) == 9 },
		take:   func(t []row) row { return row{n(t[0])} },
	},
	{
		name: "two steps, without, and something absent",
		op: plan.Match{Steps: []plan.Item{item("a", "n < 6"), item("b", "n > 3")}, Without: []plan.Item{item("x", "n == 2 || n == a.n")},
			Absent: []plan.Item{item("z", "n > b.n")}, Take: []plan.Item{item("first", "a.n"), item("last", "b.n")}},
		steps: []func([]row, row) bool{
			func(_ []row, r row) bool { return n(r) < 6 },
			func(_ []row, r row) bool { return n(r) > 3 },
		},
		without: func(t []row, r row) bool { return n(r) == 2 || n(r) == n(t[0]) },
		absent:  func(t []row, r row) bool { return n(r) > n(t[1]) },
		take:    func(t []row) row { return row{n(t[0]), n(t[1])} },
	},
}

// found is a match of the model: its rows' places, and its result.
type found struct {
	first, last int
	end         int64
	row         row
}

// matchesOf looks from each row on for what becomes of a try that begins with it, among rows in order; then it leaves out what
// an earlier match ends.
func (c *matchCase) matchesOf(rows []row) []row {
	var all []found
	for i := range rows {
		if f, ok := c.try(rows, i); ok {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b found) int { return int(a.end - b.end) })
	if c.absent == nil {
		slices.SortStableFunc(all, func(a, b found) int { return a.last - b.last })
	}
	var result []row
	last := map[any]int{}
	for _, f := range all {
		who := f.row[2]
		if before, ok := last[who]; !c.op.Overlap && ok && f.first <= before {
			continue
		}
		last[who] = f.last
		result = append(result, f.row)
	}
	return result
}

func (c *matchCase) try(rows []row, i int) (found, bool) {
	if !c.steps[0](nil, rows[i]) {
		return found{}, false
	}
	took := []row{rows[i]}
	f := found{first: i, last: i}
	end := timeAt(rows[i]) + c.op.Within.Microseconds()
	for j := i + 1; j < len(rows) && timeAt(rows[j]) <= end; j++ {
		r := rows[j]
		if r[1] != rows[i][1] {
			continue
		}
		if len(took) == len(c.steps) {
			if c.absent(took, r) {
				return found{}, false
			}
			continue
		}
		takes := c.steps[len(took)](took, r)
		final := takes && len(took) == len(c.steps)-1
		if !final && c.without != nil && c.without(took, r) {
			return found{}, false
		}
		if takes {
			took, f.last = append(took, r), j
		}
		if final && c.absent == nil {
			end = timeAt(r)
			break
		}
	}
	if len(took) < len(c.steps) {
		return found{}, false
	}
	f.end = end
	f.row = append(row{rows[i][0], arrow.Timestamp(end), rows[i][1]}, c.take(took)...)
	return f, true
}

// However rows come in batches and the watermark between them, a match finds what looking from each row on finds, and each once the
// watermark has passed it.
func TestMatch(t *testing.T) {
	for _, c := range matchCases {
		t.Run(c.name, func(t *testing.T) { rapid.Check(t, func(r *rapid.T) { c.check(t, r) }) })
	}
}

func (c matchCase) check(outer testing.TB, r *rapid.T) {
	o := c.op
	o.By = []plan.Item{{Name: text("who"), Bare: true}}
	o.Within = time.Duration(rapid.SampledFrom([]int64{1, 10, 60}).Draw(r, "within")) * time.Microsecond
	o.Overlap = rapid.Bool().Draw(r, "overlap")
	c.op = o
	wm := int64(-1 << 62)
	read := rapid.Bool().Draw(r, "late rows are read")
	p := openOn(outer, r, &o, plan.Rows, nil, !read, onTime(visits, "at"))
	var rows, got []row
	spread := rapid.SampledFrom([]int64{10, 100}).Draw(r, "spread")
	released := func(before int64) {
		p.watermark(time.UnixMicro(before))
		got = append(got, p.taken()...)
		sorted, _ := release(rows, before)
		var want []row
		for _, m := range c.matchesOf(sorted) {
			if int64(m[1].(arrow.Timestamp)) < before || before == 1<<63-1 {
				want = append(want, m)
			}
		}
		check(r, byText(slices.Clone(got)), byText(want))
		if !slices.IsSortedFunc(got, func(a, b row) int { return int(a[1].(arrow.Timestamp) - b[1].(arrow.Timestamp)) }) {
			r.Fatalf("matches are not in the order of their end: %v", got)
		}
	}
	for range rapid.IntRange(1, 8).Draw(r, "batches") {
		var now, late []row
		lates := 0
		for range rapid.IntRange(0, 16).Draw(r, "rows") {
			v := row{arrow.Timestamp(rapid.Int64Range(0, spread).Draw(r, "at")), rapid.SampledFrom([]any{"a", "a", "a name of more than sixteen bytes", nil}).Draw(r, "who"),
				rapid.Int64Range(0, 9).Draw(r, "n")}
			now = append(now, v)
			if timeAt(v) < wm {
				lates++
				late = append(late, append(v[:3:3], arrow.Duration(wm-timeAt(v))))
			} else {
				rows = append(rows, v)
			}
		}
		p.out.Behind, p.in = 0, p.in-p.out.Behind
		p.send(0, drawBatch(r, p.rt.Allocator(), visits, now))
		if p.out.Behind != lates {
			r.Fatalf("%d rows are late, want %d", p.out.Behind, lates)
		}
		if read {
			check(r, p.emitted(plan.LateOutput), late)
		}
		check(r, p.taken(), nil)
		if rapid.Bool().Draw(r, "watermark") {
			wm = max(wm, rapid.Int64Range(0, spread+70).Draw(r, "watermark"))
			released(wm)
		}
	}
	released(op.EndOfTime.UnixMicro())
	if n, _ := p.op.(op.Stateful).State(); n != 0 {
		r.Fatalf("%d rows are kept at the end of time", n)
	}
	if m := p.op.(*match); m.table.Live() != 0 || m.tries.rows.Live() != 0 {
		r.Fatalf("%d keys and %d tries are kept at the end of time", m.table.Live(), m.tries.rows.Live())
	}
	p.close()
}

// A row that cannot be part of a match is not kept, one that has had its turn is kept while a try needs it, and none behind that.
func TestMatchKeepsWhatItNeeds(t *testing.T) {
	c := matchCases[0].op
	c.By, c.Within = []plan.Item{{Name: text("who"), Bare: true}}, 10*time.Microsecond
	p := openOn(t, t, &c, plan.Rows, nil, true, onTime(visits, "at"))
	kept := func(want int64) {
		t.Helper()
		if n, _ := p.op.(op.Stateful).State(); n != want {
			t.Errorf("%d rows are kept, want %d", n, want)
		}
	}
	p.rows(0, row{arrow.Timestamp(1), "a", int64(1)}, row{arrow.Timestamp(2), "a", int64(5)}, row{arrow.Timestamp(3), "b", int64(9)})
	if p.out.Filtered != 1 || p.out.Held != 2 {
		t.Errorf("%d filtered and %d held, want 1 and 2", p.out.Filtered, p.out.Held)
	}
	kept(2)
	p.watermark(time.UnixMicro(5))
	kept(1)
	p.watermark(time.UnixMicro(11))
	kept(1)
	p.watermark(time.UnixMicro(12))
	kept(0)
	p.close()
}

// What cannot be computed of a row alone rejects it; with the rows of steps it is told, and the test is not true.
func TestMatchFailures(t *testing.T) {
	o := &plan.Match{Steps: []plan.Item{item("a", "10 % n > 0"), item("b", "n % a.n == 0 && n > 3")}, Within: time.Second, Take: []plan.Item{item("rest", "100 % (b.n - 8)")}}
	p := openOn(t, t, o, plan.Rows, nil, true, onTime(visits, "at"))
	p.rows(0, row{arrow.Timestamp(1), "a", int64(0)}, row{arrow.Timestamp(2), "a", int64(3)}, row{arrow.Timestamp(3), "a", int64(9)})
	if len(p.out.Failures) != 1 || p.out.Failures[0].Row != 0 {
		t.Errorf("rejected: %v", p.out.Failures)
	}
	p.watermark(op.EndOfTime)
	check(t, p.taken(), []row{{arrow.Timestamp(2), arrow.Timestamp(3), int64(0)}})
	p.close()

	p = openOn(t, t, &plan.Match{Steps: []plan.Item{item("a", "n < 4"), item("b", "10 % (n - a.n) == 0")}, Within: time.Second}, plan.Rows, nil, true, onTime(visits, "at"))
	p.rows(0, row{arrow.Timestamp(1), "a", int64(3)}, row{arrow.Timestamp(2), "a", int64(3)}, row{arrow.Timestamp(3), "a", int64(8)})
	p.watermark(op.EndOfTime)
	if len(p.out.OutputFailures) != 1 {
		t.Errorf("told: %v", p.out.OutputFailures)
	}
	check(t, p.taken(), []row{{arrow.Timestamp(1), arrow.Timestamp(3)}})
	p.close()

	o = &plan.Match{Steps: []plan.Item{item("a", "n == 1"), item("b", "n == 8")}, Within: time.Second, Take: []plan.Item{item("rest", "100 % (b.n - 8)")}}
	p = openOn(t, t, o, plan.Rows, nil, true, onTime(visits, "at"))
	p.rows(0, row{arrow.Timestamp(1), "a", int64(1)}, row{arrow.Timestamp(2), "a", int64(8)})
	p.watermark(op.EndOfTime)
	if len(p.out.OutputFailures) != 1 || len(p.taken()) != 0 {
		t.Errorf("told: %v", p.out.OutputFailures)
	}
	p.close()
}

// BenchmarkMatch looks for a small amount and then a large one of 1,000 cards; one row in fifty can take part.
func BenchmarkMatch(b *testing.B) {
	s := schemaOf("k int", "at timestamp", "f float")
	at := int64(0)
	all := randomBatches(s, 64, func(r *rand.Rand, bld *array.RecordBuilder) {
		addInt(bld, 0, int64(r.IntN(1000)))
		bld.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(at))
		at += 1000
		addFloat(bld, 2, r.Float64()*1000)
	})
	for _, c := range []struct{ name, large string }{{"alone", "f > 990"}, {"with", "f > 990 && f > small.f * 100"}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				o := &plan.Match{By: []plan.Item{{Name: text("k"), Bare: true}}, Steps: []plan.Item{item("small", "f < 10"), item("large", c.large)}, Within: 10 * time.Minute,
					Take: []plan.Item{item("amount", "large.f")}}
				p := openOn(b, b, o, plan.Rows, nil, true, onTime(s, "at"))
				for i, in := range all {
					if err := p.op.Process(b.Context(), 0, in, discard{}); err != nil {
						b.Fatal(err)
					}
					if _, err := p.op.Watermark(b.Context(), time.UnixMicro(int64(i+1)*benchRows*1000), discard{}); err != nil {
						b.Fatal(err)
					}
					n += benchRows
				}
				if err := p.op.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
