package relational

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// project makes new columns and shares those it keeps. What nobody reads it computes only where that can fail.
type project struct {
	stateless
	schema   *arrow.Schema
	programs []*expr.Program // each once
	columns  []source
	blanks   blanks
	set      *expr.Set
	pieces   pieces
	skipped  skips
	mem      memory.Allocator
}

// source says where a column comes from: from the input, from a program, or, where both are -1, from nowhere.
type source struct{ input, program int }

func newProject(n *plan.Node, o *plan.Project) *project {
	out := n.Output("")
	p := &project{schema: out.Schema}
	for i, c := range o.Columns {
		switch {
		case c.Source >= 0:
			p.columns = append(p.columns, source{input: c.Source, program: -1})
		case o.Computes(out, i):
			p.columns = append(p.columns, source{input: -1, program: indexOf(&p.programs, c.Expr)})
		default:
			p.columns = append(p.columns, source{input: -1, program: -1})
		}
	}
	p.pieces = piecesOf(p.programs)
	return p
}

func (p *project) Open(_ context.Context, rt op.Runtime) error {
	p.mem = rt.Allocator()
	p.set = expr.NewSet(p.mem, p.programs...)
	p.blanks = newBlanks(p.schema, p.mem, func(i int) bool { return p.columns[i] == source{-1, -1} })
	return nil
}

func (p *project) Process(ctx context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	p.skipped.take(in, out)
	err := p.pieces.each(ctx, in, func(piece *batch.Batch) (int64, error) { return p.piece(piece, out) })
	if err != nil {
		return err
	}
	return p.skipped.rest(p.schema, p.mem, in, out)
}

// piece makes one batch, and gives about how many bytes its new columns take.
func (p *project) piece(in *batch.Batch, out op.Emitter) (int64, error) {
	rows := survivorsOf(in)
	defer rows.release()
	made := make([]arrow.Array, 0, len(p.programs))
	p.set.Begin(in)
	defer func() {
		p.set.End()
		releaseAll(made)
	}()
	for i := range p.programs {
		values, err := p.set.Eval(i, nil)
		if err != nil {
			return 0, err
		}
		made = append(made, values)
	}
	rows.drop(p.set.Failures())
	if failed := rows.failures(); len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return 0, err
		}
	}
	var bytes int64
	for i, values := range made {
		bytes += weigh(p.programs[i], values)
	}
	left := rows.left.Rows()
	out.Pass(left)
	if left == 0 {
		return bytes, nil
	}
	length := int(in.Record.NumRows())
	columns := make([]arrow.Array, len(p.columns))
	for i, c := range p.columns {
		switch {
		case c.input >= 0:
			columns[i] = in.Record.Column(c.input)
		case c.program >= 0:
			columns[i] = made[c.program]
		default:
			columns[i] = p.blanks[i].Array(length)
			defer columns[i].Release()
		}
	}
	rec := recordOf(p.schema, columns, length)
	return bytes, out.Emit("", p.skipped.with(in.WithRecord(rec, rows.left.Sel)))
}

func (p *project) Close() error {
	if p.set != nil {
		p.set.Close()
	}
	p.blanks.close()
	return nil
}

// sameProgram reports whether two programs over the same columns give the same. Next to the text the type counts: an int
// may have been made a float for the one who takes it.
func sameProgram(p, q *expr.Program) bool {
	return p == q || p.Text() == q.Text() && arrow.TypeEqual(p.Type(), q.Type())
}

// indexOf gives the place of a program in a list, to which it is added when it is new: what is there twice is computed once.
func indexOf(list *[]*expr.Program, p *expr.Program) int {
	for i, q := range *list {
		if sameProgram(p, q) {
			return i
		}
	}
	*list = append(*list, p)
	return len(*list) - 1
}

func releaseAll(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}
