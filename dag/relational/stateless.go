package relational

import (
	"context"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// stateless is the part of an operator that keeps nothing between batches.
type stateless struct{}

// Watermark passes it on.
func (stateless) Watermark(_ context.Context, wm time.Time, _ op.Emitter) (time.Time, error) {
	return wm, nil
}

// Barrier has nothing to emit.
func (stateless) Barrier(context.Context, uint64, op.Emitter) error { return nil }

// pass emits the rows of a lent batch as they are. Its rejects are told where they arose, and what it skipped ends here.
func pass(in *batch.Batch, out op.Emitter) error { return passTo("", in, out) }

// passTo is pass to an output by name.
func passTo(output string, in *batch.Batch, out op.Emitter) error {
	if len(in.Rejects) == 0 && in.Skipped == 0 {
		return out.Emit(output, in.Retain())
	}
	return out.Emit(output, in.WithSelection(in.Sel))
}
