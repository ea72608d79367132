package relational

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// skipping hands in rows of a batch that has skipped some.
func (p *pipe) skipping(skipped int, rows ...row) {
	p.t.Helper()
	b := makeBatch(p.rt.Allocator(), p.node.Inputs[0].Source().Schema, rows, nil)
	b.Skipped = skipped
	p.in += skipped
	p.send(0, b)
}

// skippedOn counts the skipped rows that were handed on.
func (p *pipe) skippedOn() (n int) {
	for _, b := range p.out.Batches[""] {
		n += b.Skipped
	}
	return n
}

func TestFilterCountsSkippedRows(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}}, nil)
	p := open(t, t, &plan.Filter{Cond: expression("n > 1")}, plan.Rows, nil, s)
	p.skipping(3, row{int64(1)}, row{int64(2)})
	p.skipping(4, row{int64(5)}, row{int64(6)}) // all pass
	p.skipping(5)
	if p.out.Passed != 3 || p.out.Filtered != 13 || p.skippedOn() != 0 {
		t.Errorf("passed %d, filtered %d, handed on %d", p.out.Passed, p.out.Filtered, p.skippedOn())
	}
	check(t, p.taken(), []row{{int64(2)}, {int64(5)}, {int64(6)}})
	p.close()
}

func TestProjectHandsSkippedRowsOn(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "s", Type: schema.String}}, nil)
	p := open(t, t, &plan.Project{Items: []plan.Item{item("x", `upper(s)`)}}, plan.Rows, nil, s)
	// A batch that is cut into pieces hands them on once.
	long := make([]row, 200)
	for i := range long {
		long[i] = row{strings.Repeat("c", 100_000)}
	}
	p.skipping(7, long...)
	p.skipping(3, row{"a"}, row{"b"})
	p.skipping(5)
	if n := len(p.out.Batches[""]); n < 5 {
		t.Fatalf("%d batches", n)
	}
	if p.out.Passed != 217 || p.out.Filtered != 0 || p.skippedOn() != 15 {
		t.Errorf("passed %d, filtered %d, handed on %d", p.out.Passed, p.out.Filtered, p.skippedOn())
	}
	p.out.Release()
	p.close()
}

// The runner cuts a batch's way short with an error: what was not handed on is not carried into the next batch.
func TestSkippedRowsAreOfOneBatch(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}}, nil)
	p := open(t, t, &plan.Project{Items: []plan.Item{item("x", `10 % n`)}}, plan.Rows, nil, s)
	p.skipping(3, row{int64(0)}) // the only row is a reject
	if p.skippedOn() != 3 || len(p.out.Failures) != 1 {
		t.Errorf("handed on %d, rejected %d", p.skippedOn(), len(p.out.Failures))
	}
	p.rows(0, row{int64(3)})
	if p.skippedOn() != 3 || p.out.Passed != 4 {
		t.Errorf("handed on %d, passed %d", p.skippedOn(), p.out.Passed)
	}
	if err := p.op.Barrier(context.Background(), 0, p.out); err != nil {
		t.Fatal(err)
	}
	p.out.Release()
	p.close()
}
