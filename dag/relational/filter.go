package relational

import (
	"context"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
)

// filter passes the rows for which its condition is true. Rows for which its source has answered that it is not are skipped,
// and count here.
type filter struct {
	stateless
	cond *expr.Program
	ev   *expr.Evaluator
}

func (f *filter) Open(_ context.Context, rt op.Runtime) error {
	f.ev = f.cond.Evaluator(rt.Allocator())
	return nil
}

func (f *filter) Process(_ context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	out.Filter(in.Skipped)
	rows := in.Rows()
	if rows == 0 {
		return nil
	}
	sel, failed, err := f.ev.Select(in)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	out.Pass(len(sel))
	out.Filter(rows - len(sel) - len(failed))
	switch len(sel) {
	case 0:
		return nil
	case rows:
		return pass(in, out)
	}
	return out.Emit("", in.WithSelection(sel))
}

func (f *filter) Close() error {
	if f.ev != nil {
		f.ev.Close()
	}
	return nil
}
