package relational

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// entry is a take entry and what it must give for the rows of a group.
type entry struct {
	text  string
	model func(rows []row) any
}

// values gives the values of a column that are not null, of the rows that keep keeps.
func values(rows []row, col int, keep func(row) bool) []any {
	var vs []any
	for _, r := range rows {
		if r[col] != nil && (keep == nil || keep(r)) {
			vs = append(vs, r[col])
		}
	}
	return vs
}

func compare(a, b any) int {
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case float64: // cmp puts NaN first
		y := b.(float64)
		if x != x || y != y {
			return cmp.Compare(b2i(x != x), b2i(y != y))
		}
		return cmp.Compare(x, y)
	case string:
		return cmp.Compare(x, b.(string))
	case arrow.Timestamp:
		return cmp.Compare(x, b.(arrow.Timestamp))
	}
	panic(fmt.Sprintf("no order of %T", a))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func least(sign int, vs []any) any {
	var best any
	for _, v := range vs {
		if best == nil || compare(v, best)*sign < 0 {
			best = v
		}
	}
	return best
}

func leastBy(sign int, rows []row, of, by int) any {
	var best row
	for _, r := range rows {
		if r[by] != nil && (best == nil || compare(r[by], best[by])*sign < 0) {
			best = r
		}
	}
	if best == nil {
		return nil
	}
	return best[of]
}

func float(v any) float64 {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	return v.(float64)
}

func total(vs []any) float64 {
	sum := 0.0
	for _, v := range vs {
		sum += float(v)
	}
	return sum
}

func sumOf(vs []any) any {
	if len(vs) == 0 {
		return nil
	}
	if _, ok := vs[0].(int64); ok {
		return int64(total(vs)) // exact: the ints are small
	}
	return total(vs)
}

func averageOf(vs []any) any {
	if len(vs) == 0 {
		return nil
	}
	return total(vs) / float64(len(vs))
}

func varianceOf(vs []any) any {
	if len(vs) < 2 {
		return nil
	}
	mean, sum := total(vs)/float64(len(vs)), 0.0
	for _, v := range vs {
		sum += (float(v) - mean) * (float(v) - mean)
	}
	return sum / float64(len(vs)-1)
}

func quantileOf(vs []any, p float64) any {
	if len(vs) == 0 {
		return nil
	}
	vs = slices.SortedFunc(slices.Values(vs), compare)
	at := p * float64(len(vs)-1)
	lo := int(math.Floor(at))
	x, y := float(vs[lo]), float(vs[int(math.Ceil(at))])
	if x == y {
		return x
	}
	if at == math.Floor(at) {
		return x
	}
	return x*(float64(lo+1)-at) + y*(at-float64(lo))
}

// about is a float of which a result may be 1% away.
type about float64

// rankOf is the value of rank p*(n-1), rounded down.
func rankOf(vs []any, p float64) any {
	if len(vs) == 0 {
		return nil
	}
	vs = slices.SortedFunc(slices.Values(vs), compare)
	return about(float(vs[int(p*float64(len(vs)-1))]))
}

func distinctOf(vs []any) any {
	seen := map[string]bool{}
	for _, v := range vs {
		if f, ok := v.(float64); ok && f == 0 {
			v = 0.0
		}
		seen[fmt.Sprint(v)] = true
	}
	return int64(len(seen))
}

func edgeOf(vs []any, last bool) any {
	switch {
	case len(vs) == 0:
		return nil
	case last:
		return vs[len(vs)-1]
	}
	return vs[0]
}

func listOf(vs []any) any { return append([]any{}, vs...) }

func column(col int, f func([]any) any) func([]row) any {
	return func(rows []row) any { return f(values(rows, col, nil)) }
}

func isTrue(col int) func(row) bool { return func(r row) bool { return r[col] == true } }

// edge picks the first or last value of rows, by time where they have it.
func edge(col int, last, timed bool) func([]row) any {
	return func(rows []row) any {
		if timed {
			rows = slices.Clone(rows)
			slices.SortStableFunc(rows, func(a, b row) int { return compare(a[colAt], b[colAt]) })
		}
		return edgeOf(values(rows, col, nil), last)
	}
}

// entries are every aggregate over several types, and what each must give; of rows with event time where timed.
func entries(timed bool) []entry {
	counted := func(vs []any) any { return int64(len(vs)) }
	truths := func(all bool) func([]any) any {
		return func(vs []any) any {
			if len(vs) == 0 {
				return nil
			}
			return slices.Contains(vs, any(!all)) != all
		}
	}
	bigX := func(r row) bool { return r[colX] != nil && r[colX].(int64) > 2 }
	return []entry{
		{"count()", func(rows []row) any { return int64(len(rows)) }},
		{"count(x)", column(colX, counted)},
		{"count(s)", column(colS, counted)},
		{"count_distinct(f)", column(colF, distinctOf)},
		{"count_distinct(s)", column(colS, distinctOf)},
		{"count_distinct_approx(f)", column(colF, distinctOf)}, // right while there are few
		{"count_distinct_approx(l)", column(colL, distinctOf)},
		{"count_distinct_approx_if(s, b)", func(rows []row) any { return distinctOf(values(rows, colS, isTrue(colB))) }},
		{"sum(x)", column(colX, sumOf)},
		{"sum(f)", column(colF, sumOf)},
		{"avg(x)", column(colX, averageOf)},
		{"avg(f)", column(colF, averageOf)},
		{"min(x)", column(colX, func(vs []any) any { return least(1, vs) })},
		{"max(x)", column(colX, func(vs []any) any { return least(-1, vs) })},
		{"min(f)", column(colF, func(vs []any) any { return least(1, vs) })},
		{"max(f)", column(colF, func(vs []any) any { return least(-1, vs) })},
		{"min(s)", column(colS, func(vs []any) any { return least(1, vs) })},
		{"max(s)", column(colS, func(vs []any) any { return least(-1, vs) })},
		{"max(at)", column(colAt, func(vs []any) any { return least(-1, vs) })},
		{"first(s)", edge(colS, false, timed)},
		{"last(s)", edge(colS, true, timed)},
		{"first(f)", edge(colF, false, timed)},
		{"last(l)", edge(colL, true, timed)},
		{"last_if(x, b)", func(rows []row) any {
			return edge(colX, true, timed)(slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r[colB] != true }))
		}},
		{"any(b)", column(colB, truths(false))},
		{"all(b)", column(colB, truths(true))},
		{"collect(s)", column(colS, listOf)},
		{"collect(x)", column(colX, listOf)},
		{"var(x)", column(colX, varianceOf)},
		{"stddev(x)", column(colX, func(vs []any) any {
			if v := varianceOf(vs); v != nil {
				return math.Sqrt(v.(float64))
			}
			return nil
		})},
		{"median(x)", column(colX, func(vs []any) any { return quantileOf(vs, 0.5) })},
		{"quantile(f, 0.3)", column(colF, func(vs []any) any { return quantileOf(vs, 0.3) })},
		{"quantile_approx(x, 0.5)", column(colX, func(vs []any) any { return rankOf(vs, 0.5) })},
		{"quantile_approx(f, 0.3)", column(colF, func(vs []any) any { return rankOf(vs, 0.3) })},
		{"quantile_approx_if(x, 1, b)", func(rows []row) any { return rankOf(values(rows, colX, isTrue(colB)), 1) }},
		{"max_by(s, x)", func(rows []row) any { return leastBy(-1, rows, colS, colX) }},
		{"min_by(x, s)", func(rows []row) any { return leastBy(1, rows, colX, colS) }},
		{"max_by(l, f)", func(rows []row) any { return leastBy(-1, rows, colL, colF) }},
		{"count_if(b)", func(rows []row) any { return int64(len(values(rows, colB, isTrue(colB)))) }},
		{"sum_if(x, b)", func(rows []row) any { return sumOf(values(rows, colX, isTrue(colB))) }},
		{"max_if(s, x > 2)", func(rows []row) any { return least(-1, values(rows, colS, bigX)) }},
		{"collect_if(s, x > 2)", func(rows []row) any { return listOf(values(rows, colS, bigX)) }},
		{"count_distinct_if(s, b)", func(rows []row) any { return distinctOf(values(rows, colS, isTrue(colB))) }},
		{"max_by_if(s, x, b)", func(rows []row) any {
			return leastBy(-1, slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r[colB] != true }), colS, colX)
		}},
		{"sum_if(100 % m, m != 0)", func(rows []row) any { // computed only where the condition holds: never % 0
			var vs []any
			for _, r := range rows {
				if r[colM] != nil && r[colM] != int64(0) {
					vs = append(vs, 100%r[colM].(int64))
				}
			}
			return sumOf(vs)
		}},
		{"max(x) - min(x)", func(rows []row) any {
			vs := values(rows, colX, nil)
			if len(vs) == 0 {
				return nil
			}
			return least(-1, vs).(int64) - least(1, vs).(int64)
		}},
		{"sum(x) / count()", func(rows []row) any {
			if vs := values(rows, colX, nil); len(vs) > 0 {
				return total(vs) / float64(len(rows))
			}
			return nil
		}},
	}
}

// group is what the model knows of a key.
type group struct {
	key  row
	rows []row
}

// keyOf prints the key so that equal keys are equal prints.
func keyOf(r row) string {
	s := ""
	for _, v := range r {
		if f, ok := v.(float64); ok && f == 0 {
			v = 0.0
		}
		s += fmt.Sprintf("%T %v|", v, v)
	}
	return s
}

// Every aggregate, over keys of every kind of trouble (null, NaN, -0.0), in every emit mode, however the rows are cut, gives
// what a plain model gives; rows that fail an expression change nothing.
func TestAggregateAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		by := rapid.SampledFrom([][]int{nil, {colK}, {colG}, {colX}, {colK, colG}, {colB, colAt, colK}}).Draw(rt, "by")
		mode := rapid.SampledFrom([]plan.Mode{plan.Updates, plan.Complete, plan.Final}).Draw(rt, "emit")
		perEpoch := rapid.IntRange(0, 3).Draw(rt, "complete input") == 0
		timed := !perEpoch && rapid.Bool().Draw(rt, "event time")
		takes := rapid.SliceOfNDistinct(rapid.SampledFrom(entries(timed)), 1, 8, func(e entry) string { return e.text }).Draw(rt, "take")
		rejecting := rapid.Bool().Draw(rt, "rejecting")

		o := &plan.Aggregate{Emit: mode}
		for _, c := range by {
			o.By = append(o.By, plan.Item{Name: text(sensors.Field(c).Name), Bare: true})
		}
		for i, e := range takes {
			o.Take = append(o.Take, plan.TakeItem{Name: text(fmt.Sprintf("t%d", i)), Text: text(e.text)})
		}
		if rejecting {
			o.Take = append(o.Take, plan.TakeItem{Name: text("r"), Text: text("sum(x % m)")})
		}
		in := plan.Rows
		if perEpoch {
			in = plan.Complete
		}
		runtime := optest.New(t)
		runtime.Rows = rapid.IntRange(1, 20).Draw(rt, "batch rows")
		p := openOn(t, rt, o, in, runtime, false, sensorsOn(timed))

		groups, order := map[string]*group{}, []string{}
		changed := []string{}
		result := func(keys []string) []row {
			var rows []row
			for _, k := range keys {
				g := groups[k]
				out := append(row{}, g.key...)
				for _, e := range takes {
					out = append(out, e.model(g.rows))
				}
				if rejecting {
					var vs []any
					for _, r := range g.rows {
						if v, _ := modulo(r); v != nil {
							vs = append(vs, v)
						}
					}
					out = append(out, sumOf(vs))
				}
				rows = append(rows, out)
			}
			return rows
		}
		rejected := 0
		for _, rows := range cut(rt, drawTimed(rt, timed)) {
			p.send(0, drawBatch(rt, p.rt.Allocator(), sensors, rows))
			for _, r := range rows {
				if _, ok := modulo(r); rejecting && !ok {
					rejected++
					continue
				}
				key := row{}
				for _, c := range by {
					key = append(key, r[c])
				}
				k := keyOf(key)
				if groups[k] == nil {
					groups[k], order = &group{key: key}, append(order, k)
				}
				groups[k].rows = append(groups[k].rows, r)
				if !slices.Contains(changed, k) {
					changed = append(changed, k)
				}
			}
			check(rt, p.taken(), nil)
			if rapid.IntRange(0, 2).Draw(rt, "barrier") > 0 {
				continue
			}
			p.barrier()
			p.checkEpoch(rt, mode, perEpoch, result, order, changed)
			changed = changed[:0]
			if perEpoch {
				groups, order = map[string]*group{}, nil
			}
			p.barrier() // nothing came since: a complete result is the same again
			p.checkEpoch(rt, mode, perEpoch, result, order, nil)
		}
		if len(p.out.Failures) != rejected || p.out.Held != p.in-rejected {
			rt.Fatalf("%d rejected, %d held of %d; want %d rejected", len(p.out.Failures), p.out.Held, p.in, rejected)
		}
		p.watermark(op.EndOfTime)
		if mode == plan.Final && !perEpoch {
			if len(by) == 0 && len(order) == 0 {
				groups[""], order = &group{}, []string{""} // a row for nothing at all
			}
			check(rt, p.inOrder(p.taken()), p.inOrder(result(order)))
			p.watermark(op.EndOfTime)
		}
		check(rt, p.taken(), nil)
		p.barrier()
		p.checkEpoch(rt, mode, perEpoch, result, order, changed)
		p.close()
	})
}

// checkEpoch checks what a barrier gave.
func (p *pipe) checkEpoch(t tb, mode plan.Mode, perEpoch bool, result func([]string) []row, order, changed []string) {
	t.Helper()
	switch {
	case perEpoch || mode == plan.Complete:
		check(t, p.inOrder(p.taken()), p.inOrder(result(order)))
	case mode == plan.Updates:
		check(t, p.inOrder(p.taken()), p.inOrder(result(changed)))
	default:
		check(t, p.taken(), nil)
	}
}

// A sum may pass through values that do not fit; only a result that does not fit is rejected, as a row of the output.
func TestSumOverflowRejectsTheOutputRow(t *testing.T) {
	o := &plan.Aggregate{Emit: plan.Updates, By: []plan.Item{{Name: text("k"), Bare: true}}, Take: []plan.TakeItem{
		{Name: text("n"), Text: text("count()")},
		{Name: text("sum"), Text: text("sum(x)")},
		{Name: text("again"), Text: text("sum(x) + 1")},
		{Name: text("avg"), Text: text("avg(x)")},
	}}
	p := open(t, t, o, plan.Rows, nil, schemaOf("k string", "x int"))
	const most = math.MaxInt64
	p.rows(0, row{"over", int64(most)}, row{"back", int64(most)}, row{"edge", int64(most)}, row{"fine", int64(1)})
	p.rows(0, row{"over", int64(1)}, row{"back", int64(most)}, row{"back", int64(-most)}, row{"back", int64(-1)})
	p.barrier()
	check(t, p.taken(), []row{
		{"back", int64(4), int64(most - 1), int64(most), float64(most-1) / 4},
		{"fine", int64(1), int64(1), int64(2), 1.0},
	})
	if p.out.Held != 8 || len(p.out.Failures) != 0 {
		t.Errorf("%d held, %d rejected: every input row is held", p.out.Held, len(p.out.Failures))
	}
	if len(p.out.OutputFailures) != 2 || p.out.OutputFailures[0].Row != 0 || p.out.OutputFailures[1].Row != 2 {
		t.Errorf("rejected output rows are %v, want rows 0 (the sum) and 2 (the sum plus one)", p.out.OutputFailures)
	}
	p.rows(0, row{"over", int64(-2)}) // what was rejected is still counted, and fits again
	p.barrier()
	check(t, p.taken(), []row{{"over", int64(3), int64(most - 1), int64(most), float64(most-1) / 3}})
	p.close()
}

// Long texts in results cut batches by their bytes.
func TestAggregateBoundsBatchesByBytes(t *testing.T) {
	o := &plan.Aggregate{Emit: plan.Updates, By: []plan.Item{{Name: text("x"), Bare: true}}, Take: []plan.TakeItem{
		{Name: text("all"), Text: text("collect(s)")}, {Name: text("last"), Text: text("last(s)")},
	}}
	p := open(t, t, o, plan.Rows, nil, schemaOf("x int", "s string"))
	long := string(make([]byte, leastCut/4))
	for i := range 20 {
		p.rows(0, row{int64(i), long})
	}
	p.barrier()
	if n := len(p.out.Batches[""]); n < 10 {
		t.Errorf("20 rows of half a MiB came in %d batches", n)
	}
	if rows := p.taken(); len(rows) != 20 {
		t.Errorf("%d rows, want 20", len(rows))
	}
	p.close()
}

func TestAggregateOfUnknownFunctionIsAnError(t *testing.T) {
	if _, err := newAccumulator(expr.Call{Func: "mode"}, false); err == nil {
		t.Error("an accumulator for mode was made")
	}
}
