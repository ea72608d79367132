package relational

import (
	"testing"

	"pgregory.net/rapid"

	"flowrun/dag/plan"
)

func branch(name, cond string) plan.Branch {
	return plan.Branch{Name: text(name), Cond: expression(cond)}
}

// A row goes to the first branch that is true for it; one that fails on its way there is rejected; null is not true.
func TestRouteAgainstModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		unread := rapid.Bool().Draw(rt, "else is not read")
		o := &plan.Route{Branches: []plan.Branch{branch("yes", "b"), branch("odd", "x % m == 1"), branch("large", "x > 0")}}
		p := openRead(t, rt, o, plan.Rows, nil, unread, sensors)
		want := map[string][]row{}
		rejected, rest := 0, 0
		rows := drawRows(rt)
		for _, r := range rows {
			to := plan.ElseOutput
			v, ok := modulo(r)
			switch x, _ := r[colX].(int64); {
			case r[colB] == true:
				to = "yes"
			case !ok:
				rejected++
				continue
			case v == int64(1):
				to = "odd"
			case x > 0:
				to = "large"
			default:
				rest++
			}
			want[to] = append(want[to], r)
		}
		for _, rows := range cut(rt, rows) {
			p.send(0, drawBatch(rt, p.rt.Allocator(), sensors, rows))
		}
		if unread {
			delete(want, plan.ElseOutput)
			if len(p.out.Batches[plan.ElseOutput]) > 0 || p.out.Filtered != rest {
				rt.Fatalf("%d filtered and %d batches to an output that nobody reads, want %d and none", p.out.Filtered,
					len(p.out.Batches[plan.ElseOutput]), rest)
			}
		}
		if len(p.out.Failures) != rejected {
			rt.Fatalf("%d rejected, want %d", len(p.out.Failures), rejected)
		}
		for _, output := range []string{"yes", "odd", "large", plan.ElseOutput} {
			check(rt, p.emitted(output), want[output])
		}
		p.close()
	})
}

// Where all rows of a batch go one way it is handed on as it is, and no output copies columns.
func TestRouteSharesColumns(t *testing.T) {
	o := &plan.Route{Branches: []plan.Branch{branch("small", "x < 10"), branch("big", "x >= 10")}}
	p := open(t, t, o, plan.Rows, nil, schemaOf("x int"))
	one := makeBatch(p.rt.Allocator(), schemaOf("x int"), []row{{int64(1)}, {int64(2)}}, nil)
	both := makeBatch(p.rt.Allocator(), schemaOf("x int"), []row{{int64(1)}, {int64(20)}}, nil)
	p.send(0, one.Retain())
	p.send(0, both.Retain())
	small, big := p.out.Batches["small"], p.out.Batches["big"]
	if len(small) != 2 || small[0] != one {
		t.Errorf("emitted %v, want the batch that came in", small)
	}
	if len(big) != 1 || small[1].Record != both.Record || big[0].Record != both.Record {
		t.Error("the outputs do not share the columns of the input")
	}
	one.Release()
	both.Release()
	p.close()
}
