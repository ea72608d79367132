package plan

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
)

// push hands conditions of filters to the sources that can answer them. The filters stay: they count what was skipped, and
// look at what was not.
func push(p *Pipeline, order []*Node) {
	readers := readersOf(p)
	for _, n := range order {
		if scan, ok := n.Op.(*Scan); ok {
			scan.Pushed = nil
		}
	}
	for _, n := range order {
		f, ok := n.Op.(*Filter)
		if !ok {
			continue
		}
		source, columns := answering(n, readers)
		if source == nil {
			continue
		}
		scan := source.Op.(*Scan)
		for _, part := range ahead(f.Cond.P) {
			if part.Timed() {
				continue // a batch has its time when it is whole
			}
			from := n.Inputs[0].Source().Schema
			if moved := over(source.Output("").Schema, columns, from, part); moved != nil && scan.answers(part, from, columns) {
				scan.Pushed = append(scan.Pushed, moved)
			}
		}
	}
}

// answers reports whether a source that Pushes can answer a condition over the columns of from, where columns gives the place of
// each there.
func (s *Scan) answers(p *expr.Program, from *arrow.Schema, columns []int) bool {
	return s.PushesOver == nil || !slices.ContainsFunc(p.Columns(), func(name string) bool {
		return !slices.Contains(s.PushesOver, s.Schema.Field(columns[from.FieldIndices(name)[0]]).Name)
	})
}

// ahead are the conditions of a program for which a row may be left out before the program is computed, if one of them is
// not true. Where the program can fail for a row, the row must be left out by a condition that the program computes before
// what can fail, and only where that is false: beside null the rest is computed.
func ahead(p *expr.Program) []*expr.Program {
	parts := p.Conjuncts()
	if !p.CanFail() {
		return parts
	}
	n := slices.IndexFunc(parts, func(q *expr.Program) bool { return q.CanFail() || q.Nullable() })
	return parts[:max(n, 0)]
}

// answering finds the source that can answer the condition of the filter n, with the place there of each column that the
// filter reads, -1 where it is made in between; nil: there is none. Between them there may be projections that pass every
// row: then those skipped pass as well.
func answering(n *Node, readers map[*Output]int) (source *Node, columns []int) {
	in := n.Inputs[0].Source()
	for i := range in.Schema.NumFields() {
		columns = append(columns, i)
	}
	for {
		e := n.Inputs[0]
		if e.Output != "" || readers[e.Source()] != 1 {
			return nil, nil // others want the rows that the filter does not
		}
		n = e.From
		switch o := n.Op.(type) {
		case *Scan:
			if !o.Pushes || o.Timing != nil && o.Timing.Column.Value != o.Newest { // rows that are left out move the watermark too
				return nil, nil
			}
			return n, columns
		case *Project:
			if n.canReject() {
				return nil, nil
			}
			for i, c := range columns {
				if c >= 0 {
					columns[i] = o.Columns[c].input()
				}
			}
		default:
			return nil, nil
		}
	}
}

// input is the incoming column that a column of the result is as it is, -1 where it is computed.
func (c ProjectColumn) input() int {
	if c.Source < 0 {
		if column, ok := c.Expr.Passes(); ok {
			return column
		}
	}
	return c.Source
}

// over makes of a program over the columns of from one over those of to, where columns gives the place of each; nil where
// it reads what is not there.
func over(to *arrow.Schema, columns []int, from *arrow.Schema, p *expr.Program) *expr.Program {
	fields := slices.Clone(to.Fields())
	for i := range fields {
		fields[i].Name = fmt.Sprintf("\x00%d", i) // no name that an expression could have
	}
	same, taken := true, map[int]bool{}
	for _, name := range p.Columns() {
		i := from.FieldIndices(name)[0]
		at := columns[i]
		if at < 0 || taken[at] {
			return nil // made on the way, or one column under two names
		}
		fields[at].Name, taken[at] = name, true
		same = same && at == i
	}
	if same && from.NumFields() == to.NumFields() {
		return p
	}
	moved, list := expr.Compile(diag.Text{Value: p.Text()}, &expr.Env{Schema: arrow.NewSchema(fields, nil)})
	if list.HasErrors() || moved.CanFail() {
		return nil
	}
	return moved
}

// readersOf counts who reads each output.
func readersOf(p *Pipeline) map[*Output]int {
	readers := map[*Output]int{}
	for _, n := range p.Nodes {
		for _, e := range n.Inputs {
			readers[e.Source()]++
		}
	}
	return readers
}
