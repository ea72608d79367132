package file

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/codec/columnar"
	"flowrun/dag/plan"
	"flowrun/nodes/lines"
)

// pushed answers the conditions of a scan: first by group, where the file knows the bounds of its columns, then by row.
type pushed struct {
	want       []bool // the columns to be read: those that are wanted, and those of conditions; nil: all
	conditions []columnar.Condition
	rows       lines.Conditions
	blanks     []*batch.Blank // of columns that only a condition reads; nil where there is none
}

func newPushed(s *plan.Scan, mem memory.Allocator) *pushed {
	p := &pushed{rows: lines.NewConditions(s.Pushed, mem)}
	if s.Want != nil {
		p.want = append([]bool{}, s.Want...)
	}
	for _, program := range s.Pushed {
		for _, c := range program.Comparisons() {
			p.conditions = append(p.conditions, columnar.Condition(c))
		}
		if p.want == nil {
			continue
		}
		for _, name := range program.Columns() {
			i := s.Schema.FieldIndices(name)[0]
			if !p.want[i] {
				p.want[i] = true
				if p.blanks == nil {
					p.blanks = make([]*batch.Blank, s.Schema.NumFields())
				}
				p.blanks[i] = batch.NewBlank(s.Schema.Field(i).Type, mem)
			}
		}
	}
	return p
}

// keep selects the rows for which all conditions are true and counts the others as skipped. It takes b over.
func (p *pushed) keep(b *batch.Batch) (*batch.Batch, error) {
	if err := p.rows.Apply(b); err != nil {
		b.Release()
		return nil, err
	}
	if p.blanks == nil {
		return b, nil
	}
	n := int(b.Record.NumRows())
	columns := append([]arrow.Array{}, b.Record.Columns()...)
	for i, blank := range p.blanks {
		if blank != nil {
			columns[i] = blank.Array(n)
			defer columns[i].Release()
		}
	}
	out := b.WithRecord(array.NewRecordBatch(b.Record.Schema(), columns, int64(n)), b.Sel)
	out.Rejects, out.Skipped = b.Rejects, b.Skipped
	b.Release()
	return out, nil
}

func (p *pushed) close() {
	p.rows.Close()
	for _, b := range p.blanks {
		if b != nil {
			b.Release()
		}
	}
}
