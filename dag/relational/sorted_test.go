package relational

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// timeAt is the event time of a row of visits.
func timeAt(r row) int64 { return int64(r[0].(arrow.Timestamp)) }

// release takes out of waiting, in the order in which they came, the rows before a time, in the order of their times.
func release(waiting []row, before int64) (released, left []row) {
	for _, r := range waiting {
		if timeAt(r) < before {
			released = append(released, r)
		} else {
			left = append(left, r)
		}
	}
	slices.SortStableFunc(released, func(a, b row) int { return int(timeAt(a) - timeAt(b)) })
	return released, left
}

// However rows come in batches and the watermark between them, a sort gives what sorting them by hand gives, and none before the
// watermark is behind it.
func TestSort(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		wm, delay := int64(-1<<62), rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(r, "delay")
		scan := onTime(visits, "at")
		scan.Timing.Delay = delay
		spread := rapid.SampledFrom([]int64{3, 100, 20_000}).Draw(r, "spread")
		read := rapid.Bool().Draw(r, "late rows are read")
		p := openOn(t, r, &plan.Sort{}, plan.Rows, nil, !read, scan)
		var waiting []row
		for range rapid.IntRange(1, 10).Draw(r, "batches") {
			var rows, late []row
			lates := 0
			for range rapid.IntRange(0, 12).Draw(r, "rows") {
				v := row{arrow.Timestamp(rapid.Int64Range(-spread, spread).Draw(r, "at")), rapid.SampledFrom([]any{"a", "a name of more than sixteen bytes", nil}).Draw(r, "who"),
					int64(rapid.IntRange(0, 1000).Draw(r, "n"))}
				rows = append(rows, v)
				if timeAt(v) < wm {
					lates++
					late = append(late, append(v[:3:3], arrow.Duration(wm-timeAt(v))))
				} else {
					waiting = append(waiting, v)
				}
			}
			p.out.Behind, p.in = 0, p.in-p.out.Behind
			p.send(0, drawBatch(r, p.rt.Allocator(), visits, rows))
			if p.out.Behind != lates {
				r.Fatalf("%d rows are late, want %d", p.out.Behind, lates)
			}
			if read {
				check(r, p.emitted(plan.LateOutput), late)
			}
			check(r, p.taken(), nil)
			if rapid.Bool().Draw(r, "watermark") {
				wm = max(wm, rapid.Int64Range(-spread, spread).Draw(r, "watermark"))
				p.watermark(time.UnixMicro(wm))
				var want []row
				want, waiting = release(waiting, wm)
				check(r, p.taken(), want)
				if n, _ := p.op.(op.Stateful).State(); n != int64(len(waiting)) {
					r.Fatalf("%d rows wait, want %d", n, len(waiting))
				}
			}
			p.barrier()
			check(r, p.taken(), nil)
		}
		p.watermark(op.EndOfTime)
		want, _ := release(waiting, 1<<62)
		check(r, p.taken(), want)
		p.close()
	})
}

// Rows that have no time are rejected, and the last time that there is comes with the end.
func TestSortAtTheEdges(t *testing.T) {
	p := openOn(t, t, &plan.Sort{}, plan.Rows, nil, true, onTime(visits, "at"))
	end := row{arrow.Timestamp(op.EndOfTime.UnixMicro()), "end", int64(1)}
	p.rows(0, end, row{nil, "no time", int64(2)}, row{arrow.Timestamp(-1 << 63), "begin", int64(3)})
	if f := p.out.Failures; len(f) != 1 || f[0].Row != 1 || f[0].Reason != NoEventTime {
		t.Errorf("rejected: %v", f)
	}
	p.watermark(time.UnixMicro(-1 << 63))
	check(t, p.taken(), nil)
	p.watermark(time.UnixMicro(1<<63 - 1).Add(-time.Microsecond))
	check(t, p.taken(), []row{{arrow.Timestamp(-1 << 63), "begin", int64(3)}})
	if _, err := p.op.Watermark(context.Background(), op.EndOfTime, p.out); err != nil {
		t.Fatal(err)
	}
	check(t, p.taken(), []row{end})
	p.close()
}
