package relational

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// Columns that nobody reads are not kept, and what is read is the same.
func TestColumnsThatNobodyReadAreNotKept(t *testing.T) {
	const wide = 40
	names := []string{"at timestamp", "k string", "n int"}
	for i := range wide {
		names = append(names, fmt.Sprintf("more%d %s", i, [2]string{"int", "string"}[i%2]))
	}
	left := schemaOf(names...)
	other := schemaOf("paid timestamp", "of string", "part int")
	on := []plan.JoinKey{{Left: text("k"), Right: text("of")}}
	bound := &plan.Bound{Lower: -50 * time.Microsecond, Upper: 50 * time.Microsecond}
	key := []plan.Item{{Name: text("k"), Expr: expression("k"), Bare: true}}
	for name, c := range map[string]struct {
		op   func() plan.Op
		read []string
	}{
		"inner": {func() plan.Op { return &plan.Join{On: on, Bound: bound} }, []string{"k", "n", "part"}},
		"full":  {func() plan.Op { return &plan.Join{Type: plan.FullJoin, On: on, Bound: bound} }, []string{"k", "n"}},
		"anti":  {func() plan.Op { return &plan.Join{Type: plan.AntiJoin, On: on, Bound: bound} }, []string{"n"}},
		"asof":  {func() plan.Op { return &plan.Join{Type: plan.AsofJoin, On: on, Forever: true} }, []string{"n", "part"}},
		"sort":  {func() plan.Op { return &plan.Sort{} }, []string{"n"}},
		"last":  {func() plan.Op { return &plan.Dedupe{By: key, Last: true} }, []string{"n"}},
		"top": {func() plan.Op {
			return &plan.Top{N: 3, By: []plan.Item{{Name: text("at"), Expr: expression("at"), Bare: true}}, Order: []plan.Ordered{{Column: text("n"), Desc: true}}}
		}, []string{"k"}},
	} {
		t.Run(name, func(t *testing.T) {
			var bytes [2]int64
			var results [2][]row
			for i, read := range [][]string{nil, c.read} {
				scans := []*plan.Scan{onTime(left, "at")}
				if _, joins := c.op().(*plan.Join); joins {
					scans = append(scans, onTime(other, "paid"))
				}
				p := openOn(t, t, c.op(), plan.Rows, nil, false, scans...)
				if read != nil {
					p = p.needing(read...)
				}
				rnd := rand.New(rand.NewPCG(3, 4))
				for range 10 {
					var rows, others []row
					for range 100 {
						r := row{arrow.Timestamp(rnd.Int64N(100)), fmt.Sprint("key ", rnd.IntN(200)), rnd.Int64N(1000)}
						for m := range wide {
							r = append(r, [2]any{int64(m), strings.Repeat("long ", 5)}[m%2])
						}
						rows = append(rows, r)
						others = append(others, row{arrow.Timestamp(rnd.Int64N(100)), fmt.Sprint("key ", rnd.IntN(200)), rnd.Int64N(1000)})
					}
					p.rows(0, rows...)
					if len(scans) > 1 {
						p.rows(1, others...)
					}
				}
				_, bytes[i] = p.op.(op.Stateful).State()
				p.barrier()
				if _, err := p.op.Watermark(context.Background(), op.EndOfTime, p.out); err != nil {
					t.Fatal(err)
				}
				places := make([]int, len(c.read))
				for at, name := range c.read {
					places[at] = p.node.Output("").Schema.FieldIndices(name)[0]
				}
				for _, b := range p.out.Batches[""] {
					for at := range b.Rows() {
						var r row
						for _, col := range places {
							r = append(r, valueOf(b.Record.Column(col), b.Row(at)))
						}
						results[i] = append(results[i], r)
					}
				}
				p.close()
			}
			check(t, byText(slices.Clone(results[1])), byText(slices.Clone(results[0])))
			if len(results[0]) == 0 {
				t.Error("no rows came")
			}
			t.Logf("%d bytes of state instead of %d", bytes[1], bytes[0])
			if bytes[1] > bytes[0]/4 {
				t.Errorf("%d bytes of state with few columns read, %d with all", bytes[1], bytes[0])
			}
		})
	}
}

// The last rows of keys leave in batches of bounded bytes.
func TestLastRowsAreCutByBytes(t *testing.T) {
	o := &plan.Dedupe{By: []plan.Item{{Name: text("n"), Expr: expression("n"), Bare: true}}, Last: true}
	p := open(t, t, o, plan.Rows, nil, schemaOf("n int", "s string"))
	var rows []row
	for i := range 40 {
		rows = append(rows, row{int64(i), strings.Repeat("x", leastCut/4)})
	}
	p.rows(0, rows...)
	p.barrier()
	if n := len(p.out.Batches[""]); n < 8 {
		t.Errorf("%d batches", n)
	}
	check(t, p.taken(), rows)
	p.close()
}
