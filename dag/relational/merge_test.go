package relational

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// Groups that are merged give, for every aggregate, what one group gives that had the rows of the first and then those of the
// second; also when more rows come, and when merged groups are merged.
func TestMergeIsAsOneGroup(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		timed := rapid.Bool().Draw(r, "event time")
		takes := rapid.SliceOfNDistinct(rapid.SampledFrom(entries(timed)), 1, 8, func(e entry) string { return e.text }).Draw(r, "take")
		o := &plan.Aggregate{Emit: plan.Final, By: []plan.Item{{Name: text("k"), Bare: true}}}
		for i, e := range takes {
			o.Take = append(o.Take, plan.TakeItem{Name: text(fmt.Sprintf("t%d", i)), Text: text(e.text)})
		}
		p := openOn(t, r, o, plan.Rows, optest.New(t), false, sensorsOn(timed))
		a := p.op.(*aggregate)
		groups := map[string][]row{}
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			rows := drawTimed(r, timed)
			p.send(0, drawBatch(r, p.rt.Allocator(), sensors, rows))
			for _, v := range rows {
				groups[fmt.Sprint(v[colK])] = append(groups[fmt.Sprint(v[colK])], v)
			}
			slots := rapid.Permutation(slices.Clone(a.everything())).Draw(r, "order")
			var into, from []int32
			for range rapid.IntRange(0, 4).Draw(r, "merges") {
				if len(slots) < 2 {
					break
				}
				f, s := slots[0], rapid.SampledFrom(slots[1:]).Draw(r, "into")
				into, from, slots = append(into, s), append(from, f), slots[1:]
				fk, sk := p.keyAt(a, f), p.keyAt(a, s)
				groups[sk] = append(groups[sk], groups[fk]...)
				delete(groups, fk)
			}
			for _, c := range a.calls {
				if err := c.acc.merge(into, from); err != nil {
					r.Fatal(err)
				}
			}
			a.table.Remove(from)

			all := slices.Clone(a.everything())
			var want []row
			for _, s := range all {
				rows := groups[p.keyAt(a, s)]
				out := row{nil}
				for _, e := range takes {
					out = append(out, e.model(rows))
				}
				want = append(want, out)
			}
			if err := a.emit(all, p.out); err != nil {
				r.Fatal(err)
			}
			got := p.taken()
			for i := range got {
				got[i][0] = nil
			}
			check(r, got, want)
			if len(groups) != len(all) {
				r.Fatalf("%d groups, want %d", len(all), len(groups))
			}
		}
		p.close()
	})
}

// keyAt prints the key of a group.
func (p *pipe) keyAt(a *aggregate, slot int32) string {
	p.t.Helper()
	arr, err := a.table.Key(0).Build(p.rt.Allocator(), []int32{slot})
	if err != nil {
		p.t.Fatal(err)
	}
	defer arr.Release()
	return fmt.Sprint(valueOf(arr, 0))
}
