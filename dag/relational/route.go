package relational

import (
	"context"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// route sends rows to the output of the first branch whose predicate is true for them. Every output gets a selection over
// the same columns.
type route struct {
	stateless
	outputs  []string // by branch, and then the rest
	programs []*expr.Program
	restRead bool // somebody reads the rest
	set      *expr.Set
	taken    [][]int32 // of the batch in hand, by output: rows that go there
}

func newRoute(n *plan.Node, o *plan.Route) *route {
	r := &route{taken: make([][]int32, len(o.Branches)+1)}
	for _, b := range o.Branches {
		r.outputs = append(r.outputs, b.Name.Value)
		r.programs = append(r.programs, b.Cond.P)
	}
	r.outputs = append(r.outputs, plan.ElseOutput)
	if rest := n.Output(plan.ElseOutput); rest != nil {
		r.restRead = rest.Read
	}
	return r
}

func (r *route) Open(_ context.Context, rt op.Runtime) error {
	r.set = expr.NewSet(rt.Allocator(), r.programs...)
	return nil
}

func (r *route) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	rows := in.Rows()
	if rows == 0 {
		return nil
	}
	left := survivorsOf(in)
	defer left.release()
	clear(r.taken)
	r.set.Begin(in)
	defer r.set.End()
	for i := range r.programs {
		if left.left.Rows() == 0 {
			break
		}
		sel, err := r.set.Select(i, left.left.Sel)
		if err != nil {
			return err
		}
		left.take(sel)
		r.taken[i] = sel
	}
	failed := r.set.Failures()
	left.drop(failed)
	rest := left.left.Rows()
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	switch {
	case !r.restRead:
		out.Filter(rest)
		out.Pass(rows - rest - len(failed))
	default:
		r.taken[len(r.programs)] = rowsOf(left.left)
		out.Pass(rows - len(failed))
	}
	for i, sel := range r.taken {
		var err error
		switch len(sel) {
		case 0:
		case rows:
			err = passTo(r.outputs[i], in, out)
		default:
			err = out.Emit(r.outputs[i], in.WithSelection(sel))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsOf lists the rows of b that count. What it gives is only read.
func rowsOf(b *batch.Batch) []int32 {
	if b.Sel != nil {
		return b.Sel
	}
	return without(b, nil)
}

func (r *route) Close() error {
	if r.set != nil {
		r.set.Close()
	}
	return nil
}
