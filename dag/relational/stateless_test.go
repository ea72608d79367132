package relational

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

func TestFilterAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := open(t, rt, &plan.Filter{Cond: expression("x % m == 1")}, plan.Rows, nil, sensors)
		rows := drawRows(rt)
		var want []row
		rejected := 0
		for _, r := range rows {
			v, ok := modulo(r)
			if !ok {
				rejected++
			} else if v == int64(1) {
				want = append(want, r)
			}
		}
		for _, rows := range cut(rt, rows) {
			p.send(0, drawBatch(rt, p.rt.Allocator(), sensors, rows))
		}
		if p.out.Passed != len(want) || len(p.out.Failures) != rejected {
			rt.Fatalf("%d passed and %d rejected, want %d and %d", p.out.Passed, len(p.out.Failures), len(want), rejected)
		}
		check(rt, p.taken(), want)
		p.close()
	})
}

// A filter that every row passes hands on the very same batch.
func TestFilterSharesWhatAllPass(t *testing.T) {
	p := open(t, t, &plan.Filter{Cond: expression("x > 0")}, plan.Rows, nil, schemaOf("x int"))
	b := makeBatch(p.rt.Allocator(), schemaOf("x int"), []row{{int64(1)}, {int64(2)}}, nil)
	p.send(0, b.Retain())
	if got := p.out.Batches[""]; len(got) != 1 || got[0] != b {
		t.Errorf("emitted %v, want the batch that came in", got)
	}
	b.Release()
	p.close()
}

// Rejects of a batch were told by the source: an operator that passes its rows on does not tell them again.
func TestRejectsAreToldOnce(t *testing.T) {
	ops := map[string]plan.Op{
		"filter": &plan.Filter{Cond: expression("x > 0")},
		"limit":  &plan.Limit{Rows: 10},
		"union":  &plan.Union{},
	}
	for name, o := range ops {
		p := open(t, t, o, plan.Rows, nil, schemaOf("x int"))
		b := makeBatch(p.rt.Allocator(), schemaOf("x int"), []row{{int64(1)}}, nil)
		b.Rejects = []batch.Reject{{Reason: "bad"}}
		p.send(0, b)
		if got := p.out.Batches[""]; len(got) != 1 || len(got[0].Rejects) != 0 {
			t.Errorf("%s passes the rejects of its input on", name)
		}
		p.close()
	}
}

func TestProjectAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		keep := rapid.Bool().Draw(rt, "derive")
		o := &plan.Project{Keep: keep, Items: []plan.Item{
			item("s", "x % m"), {Name: text("k"), Bare: true}, item("again", "x % m"), item("sum", "x + m"),
		}}
		if keep {
			o.Items = []plan.Item{item("s", "x % m"), item("again", "x % m"), item("sum", "x + m")}
		}
		p := open(t, rt, o, plan.Rows, nil, sensors)
		rows := drawRows(rt)
		var want []row
		for _, r := range rows {
			v, ok := modulo(r)
			if !ok {
				continue
			}
			var sum any
			if r[colX] != nil && r[colM] != nil {
				sum = r[colX].(int64) + r[colM].(int64)
			}
			if keep {
				made := append(row{}, r...)
				made[colS] = v
				want = append(want, append(made, v, sum))
			} else {
				want = append(want, row{v, r[colK], v, sum})
			}
		}
		for _, rows := range cut(rt, rows) {
			p.send(0, drawBatch(rt, p.rt.Allocator(), sensors, rows))
		}
		if p.out.Passed != len(want) {
			rt.Fatalf("%d passed, want %d", p.out.Passed, len(want))
		}
		check(rt, p.taken(), want)
		p.close()
	})
}

// A row that fails in several columns is rejected once, for the first of them.
func TestProjectRejectsARowOnceForItsFirstColumn(t *testing.T) {
	o := &plan.Project{Items: []plan.Item{item("a", "x % m"), item("b", "int(s)"), item("c", "x % (m - 1)")}}
	p := open(t, t, o, plan.Rows, nil, schemaOf("x int", "m int", "s string"))
	p.rows(0,
		row{int64(5), int64(0), "no number"},
		row{int64(5), int64(2), "no number"},
		row{int64(5), int64(1), "12"},
		row{int64(5), int64(3), "12"})
	if len(p.out.Failures) != 3 {
		t.Fatalf("rejected %v, want three rows", p.out.Failures)
	}
	for i, f := range p.out.Failures {
		if int(f.Row) != i {
			t.Errorf("failure %d is of row %d: they are not ascending", i, f.Row)
		}
	}
	if a, b, c := p.out.Failures[0].Reason, p.out.Failures[1].Reason, p.out.Failures[2].Reason; a != c || a == b {
		t.Errorf("reasons are %q, %q, %q: want a division, a number, a division", a, b, c)
	}
	check(t, p.taken(), []row{{int64(2), int64(12), int64(1)}})
	p.close()
}

func TestExplodeAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		column := rapid.SampledFrom([]string{"word", "l", "k"}).Draw(rt, "column")
		runtime := optest.New(t)
		runtime.Rows = rapid.IntRange(1, 30).Draw(rt, "batch rows")
		p := open(t, rt, &plan.Explode{Item: item(column, "l")}, plan.Rows, runtime, sensors)
		rows := drawRows(rt)
		var want []row
		passed := 0
		for _, r := range rows {
			list, _ := r[colL].([]any)
			if len(list) > 0 {
				passed++
			}
			for _, e := range list {
				made := append(row{}, r...)
				switch column {
				case "l":
					made[colL] = e
				case "k":
					made[colK] = e
				default:
					made = append(made, e)
				}
				want = append(want, made)
			}
		}
		for _, rows := range cut(rt, rows) {
			p.send(0, drawBatch(rt, p.rt.Allocator(), sensors, rows))
		}
		if p.out.Passed != passed || p.out.Filtered != len(rows)-passed {
			rt.Fatalf("%d passed, %d filtered; want %d of %d", p.out.Passed, p.out.Filtered, passed, len(rows))
		}
		check(rt, p.taken(), want)
		p.close()
	})
}

func TestExplodeOfAnExpression(t *testing.T) {
	p := open(t, t, &plan.Explode{Item: item("word", `split(string(100 % m), "0")`)}, plan.Rows, nil, schemaOf("m int"))
	p.rows(0, row{int64(70)}, row{int64(0)}, row{nil})
	if p.out.Passed != 1 || p.out.Filtered != 1 || len(p.out.Failures) != 1 {
		t.Errorf("%d passed, %d filtered, %d rejected: want one each", p.out.Passed, p.out.Filtered, len(p.out.Failures))
	}
	check(t, p.taken(), []row{{int64(70), "3"}, {int64(70), ""}})
	p.close()
}

// A long text in another column is copied for each element. Batches stay small, and every row arrives.
func TestExplodeBoundsCopiesOfLongTexts(t *testing.T) {
	p := open(t, t, &plan.Explode{Item: item("word", `split(value, " ")`)}, plan.Rows, nil, schemaOf("value string"))
	const words = 2000
	p.rows(0, row{strings.Repeat("w ", words-1) + strings.Repeat("x", 100_000)})
	total := 0
	for _, b := range p.out.Batches[""] {
		total += b.Rows()
		if n := b.Rows(); n > leastCut/100_000+1 {
			t.Fatalf("a batch copies a text of 100 KB %d times", n)
		}
	}
	if total != words {
		t.Errorf("%d rows, want %d", total, words)
	}
	p.close()
}

func TestLimitAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 50).Draw(rt, "limit")
		p := open(t, rt, &plan.Limit{Rows: int64(n)}, plan.Rows, nil, sensors)
		fin := p.op.(op.Finisher)
		rows := drawRows(rt)
		seen := 0
		for _, rows := range cut(rt, rows) {
			if fin.Finished() != (seen >= n) {
				rt.Fatalf("after %d rows of %d, Finished is %v", seen, n, fin.Finished())
			}
			p.send(0, drawBatch(rt, p.rt.Allocator(), sensors, rows)) // rows that still arrive are filtered
			seen += len(rows)
		}
		p.barrier()
		check(rt, p.taken(), rows[:min(n, len(rows))])
		if fin.Finished() != (seen >= n) {
			rt.Fatalf("after %d rows of %d, Finished is %v", seen, n, fin.Finished())
		}
		p.close()
	})
}

// Of complete results, a limit gives the first rows of every epoch, and never closes its input.
func TestLimitOfCompleteResultsStartsAgainEachEpoch(t *testing.T) {
	p := open(t, t, &plan.Limit{Rows: 2}, plan.Complete, nil, schemaOf("x int"))
	for range 2 {
		p.rows(0, row{int64(1)}, row{int64(2)}, row{int64(3)})
		p.rows(0, row{int64(4)})
		check(t, p.taken(), []row{{int64(1)}, {int64(2)}})
		if p.op.(op.Finisher).Finished() {
			t.Fatal("the limit is finished, and another epoch comes")
		}
		p.barrier()
	}
	p.close()
}

func TestUnionPutsColumnsInOneOrder(t *testing.T) {
	never := arrow.NewSchema([]arrow.Field{
		{Name: "s", Type: schema.String}, {Name: "x", Type: schema.Int, Nullable: true},
		{Name: "l", Type: arrow.ListOfNonNullable(schema.String), Nullable: true},
	}, nil)
	p := open(t, t, &plan.Union{}, plan.Rows, nil, schemaOf("x int", "l list", "s string"), never)
	p.rows(0, row{int64(1), []any{"p"}, "a"}, row{nil, nil, nil})
	p.rows(1, row{"b", int64(2), []any{"q", "r"}}, row{"c", nil, nil})
	check(t, p.taken(), []row{{int64(1), []any{"p"}, "a"}, {nil, nil, nil}, {int64(2), []any{"q", "r"}, "b"}, {nil, nil, "c"}})
	if p.out.Passed != 4 {
		t.Errorf("%d passed, want 4", p.out.Passed)
	}
	p.close()
}
