package relational

import (
	"context"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// openNeeding is open for an operator of whose main output only the named columns are read.
func openNeeding(t *testing.T, o plan.Op, s *arrow.Schema, read ...string) *pipe {
	t.Helper()
	return open(t, t, o, plan.Rows, nil, s).needing(read...)
}

// needing makes and opens the operator again, now that of its main output only the named columns are read.
func (p *pipe) needing(read ...string) *pipe {
	p.t.Helper()
	out := p.node.Output("")
	out.Need = make([]bool, out.Schema.NumFields())
	for _, name := range read {
		out.Need[out.Schema.FieldIndices(name)[0]] = true
	}
	if err := p.op.Close(); err != nil {
		p.t.Fatal(err)
	}
	var err error
	if p.op, err = New(p.node); err != nil {
		p.t.Fatal(err)
	}
	if err := p.op.Open(context.Background(), p.rt); err != nil {
		p.t.Fatal(err)
	}
	return p
}

// column gives the values of a column of what was emitted, null for what was left blank.
func (p *pipe) column(name string) []any {
	var values []any
	for _, b := range p.out.Batches[""] {
		at := b.Schema().FieldIndices(name)[0]
		for i := range b.Rows() {
			values = append(values, valueOf(b.Record.Column(at), b.Row(i)))
		}
	}
	return values
}

func blank(values []any) bool {
	for _, v := range values {
		if v != nil {
			return false
		}
	}
	return len(values) > 0
}

func TestProjectLeavesWhatNobodyReads(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "i", Type: schema.Int}, {Name: "f", Type: schema.Float}}, nil)
	p := openNeeding(t, &plan.Project{Keep: true, Items: []plan.Item{
		item("double", "f * 2"), item("text", `f > 1 ? "a" : "b"`), item("rest", "10 % i"), item("read", "f + 1"),
	}}, s, "read")
	p.rows(0, row{int64(3), 0.5}, row{int64(0), 1.5}, row{int64(4), 2.5})
	p.rows(0, row{int64(5), 3.5})
	// What can fail is computed all the same: its failures count.
	if f := p.out.Failures; len(f) != 1 || f[0].Reason != "% by zero" || f[0].Row != 1 {
		t.Errorf("rejected: %v", p.out.Failures)
	}
	if got := p.column("read"); len(got) != 3 || got[0] != 1.5 || got[1] != 3.5 || got[2] != 4.5 {
		t.Errorf("read = %v", got)
	}
	for _, name := range []string{"double", "text"} {
		if got := p.column(name); len(got) != 3 || !blank(got) {
			t.Errorf("%s = %v, and nobody reads it", name, got)
		}
	}
	p.close()
}

func TestExplodeCopiesNothingThatNobodyReads(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "line", Type: schema.String}, {Name: "n", Type: schema.Int}}, nil)
	long := make([]byte, 1<<20)
	for i := range long {
		long[i] = "abc "[i%4]
	}
	p := openNeeding(t, &plan.Explode{Item: item("word", `split(line, " ")`)}, s, "word", "n")
	p.rows(0, row{string(long), int64(7)})
	if got := p.column("line"); len(got) != 1<<18+1 || !blank(got) {
		t.Errorf("the line was copied %d times", len(got))
	}
	if got := p.column("n"); got[0] != int64(7) || got[len(got)-1] != int64(7) {
		t.Errorf("n = %v ... %v", got[0], got[len(got)-1])
	}
	// Copies of the line would fill a batch after a few rows.
	if rows := p.out.Batches[""][0].Rows(); rows != min(1<<18+1, p.rt.BatchRows()) {
		t.Errorf("the first batch has %d rows", rows)
	}
	p.close()
}

// The element's own column stays where it takes the place of another one.
func TestExplodeInPlaceOfWhatItReads(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{{Name: "l", Type: schema.List(schema.Int)}, {Name: "n", Type: schema.Int}}, nil)
	p := openNeeding(t, &plan.Explode{Item: item("l", "l")}, s)
	p.rows(0, row{[]any{int64(1), int64(2)}, int64(7)})
	if got := p.column("n"); len(got) != 2 || !blank(got) {
		t.Errorf("n = %v", got)
	}
	p.close()
}
