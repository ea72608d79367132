package relational

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// Values counted with and without conditions are those of the rows of each group, also where groups are forgotten and their
// places used again.
func TestDistinctUnderConditions(t *testing.T) {
	const size = 3000
	rapid.Check(t, func(r *rapid.T) {
		o := &plan.Aggregate{Emit: plan.Final, By: []plan.Item{{Name: text("who"), Bare: true}},
			Window: &plan.Window{Size: size * time.Microsecond, Every: size * time.Microsecond}}
		takes := rapid.Permutation([]string{"count_distinct(s)", "count_distinct_if(s, b)", "count_distinct_if(s, n % 2 == 0)", "count_distinct_if(f, b)", "count_distinct(s) + 1"}).Draw(r, "take")
		for i, take := range takes {
			o.Take = append(o.Take, plan.TakeItem{Name: text(fmt.Sprint("t", i)), Text: text(take)})
		}
		p := openOn(t, r, o, plan.Rows, nil, true, onTime(scores, "at"))
		counts := func(rows []row) (made []any) {
			b := func(v row) bool { return v[4] == true }
			for _, take := range takes {
				made = append(made, map[string]any{
					"count_distinct(s)":                distinctOf(values(rows, 3, nil)),
					"count_distinct_if(s, b)":          distinctOf(values(rows, 3, b)),
					"count_distinct_if(s, n % 2 == 0)": distinctOf(values(rows, 3, func(v row) bool { return v[5].(int64)%2 == 0 })),
					"count_distinct_if(f, b)":          distinctOf(values(rows, 2, b)),
					"count_distinct(s) + 1":            distinctOf(values(rows, 3, nil)).(int64) + 1,
				}[take])
			}
			return made
		}
		var open []row
		wm, count := int64(0), 0
		closed := func(before int64) []row {
			groups := map[string][]row{}
			open = slices.DeleteFunc(open, func(v row) bool {
				end := timeAt(v)/size*size + size
				if end <= before {
					key := fmt.Sprint(end, v[1])
					groups[key] = append(groups[key], v)
				}
				return end <= before
			})
			var want []row
			for _, rows := range groups {
				start := timeAt(rows[0]) / size * size
				want = append(want, append(row{arrow.Timestamp(start), arrow.Timestamp(start + size), rows[0][1]}, counts(rows)...))
			}
			return want
		}
		for range rapid.IntRange(1, 6).Draw(r, "batches") {
			var rows []row
			for range rapid.IntRange(0, 25).Draw(r, "rows") {
				v := drawScore(r, count)
				v[0] = arrow.Timestamp(wm/size*size + timeAt(v)%(2*size))
				count++
				rows = append(rows, v)
			}
			open = append(open, rows...)
			p.send(0, drawBatch(r, p.rt.Allocator(), scores, rows))
			if rapid.Bool().Draw(r, "watermark") {
				wm += rapid.SampledFrom([]int64{1, size, 2 * size}).Draw(r, "more")
				p.watermark(time.UnixMicro(wm))
				check(r, byText(p.taken()), byText(closed(wm)))
			}
		}
		p.watermark(op.EndOfTime)
		check(r, byText(p.taken()), byText(closed(1<<60)))
		p.close()
	})
}
