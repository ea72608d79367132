package relational

import (
	"context"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// aggregate groups rows by key and keeps one accumulator per call and group. Without keys all rows are one group.
//
// Every input row is held. Updates gives the groups that changed at each barrier, Complete all groups at each barrier, also
// where none changed: an epoch without rows would say that there are no groups. Final gives all of them once, at the end of
// the input; a final aggregate without keys has a row even if nothing came, as in SQL. Reading complete results, it gives
// all groups of each epoch and then forgets them.
type aggregate struct {
	*grouping
	mode     plan.Mode
	perEpoch bool
	keyless  bool
	done     bool // Final: emitted
}

func newAggregate(n *plan.Node, o *plan.Aggregate) (*aggregate, error) {
	g, err := newGrouping(n, o)
	if err != nil {
		return nil, err
	}
	return &aggregate{grouping: g, mode: o.Emit, perEpoch: perEpoch(n), keyless: len(o.By) == 0}, nil
}

func (a *aggregate) Open(_ context.Context, rt op.Runtime) error {
	a.open(rt)
	return nil
}

func (a *aggregate) Process(ctx context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	return a.args.pieces.each(ctx, in, func(piece *batch.Batch) (int64, error) {
		err := a.piece(piece, out)
		bytes := a.args.weigh()
		a.args.release()
		return bytes, err
	})
}

// piece takes one batch in. What it computes stays in args.
func (a *aggregate) piece(in *batch.Batch, out op.Emitter) error {
	failed, err := a.args.eval(in)
	if err != nil {
		return err
	}
	if len(failed) > 0 {
		if err := out.Reject(in, failed); err != nil {
			return err
		}
	}
	a.timesOf(in, nil)
	a.args.load()
	if a.slots, err = a.table.Slots(a.args.keys, a.args.n, a.slots); err != nil {
		return err
	}
	if err := a.accumulate(); err != nil {
		return err
	}
	out.Hold(a.args.n)
	return nil
}

// Watermark emits what is final at the end of the input.
func (a *aggregate) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	if a.mode != plan.Final || a.perEpoch || a.done || wm.Before(op.EndOfTime) {
		return wm, nil
	}
	a.done = true
	if a.keyless {
		slots, err := a.table.Slots(nil, 1, a.slots) // the one group, also if nothing came
		if err != nil {
			return wm, err
		}
		a.slots = slots
	}
	return wm, a.emit(a.everything(), out)
}

// Barrier emits the epoch's updates.
func (a *aggregate) Barrier(_ context.Context, _ uint64, out op.Emitter) error {
	defer a.table.Unmark()
	switch {
	case a.table.Len() == 0:
		return nil
	case a.perEpoch:
		err := a.emit(a.everything(), out)
		a.table.Clear()
		return err
	case a.mode == plan.Complete:
		return a.emit(a.everything(), out)
	case a.mode == plan.Updates && len(a.table.Marked()) > 0:
		return a.emit(a.table.Marked(), out)
	}
	return nil
}

func (a *aggregate) Close() error {
	a.close()
	return nil
}
