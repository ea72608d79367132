package relational

import (
	"context"
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// aggregate groups rows by key and keeps one accumulator per call and group. Without keys all rows are one group.
//
// Every input row is held. Updates gives the groups that changed at each barrier, Complete all groups at each barrier, also
// where none changed: an epoch without rows would say that there are no groups. Final gives all of them once, at the end of
// the input; a final aggregate without keys has a row even if nothing came, as in SQL. Reading complete results, it gives
// all groups of each epoch and then forgets them.
type aggregate struct {
	emit     plan.Mode
	perEpoch bool
	keyless  bool
	args     arguments
	calls    []call
	out      output
	table    *state.Table
	slots    []int32
	all      []int32
	done     bool // Final: emitted
}

// call is an aggregate call with what it accumulates.
type call struct {
	acc   accumulator
	where int   // which condition
	args  []int // which operands
}

func newAggregate(n *plan.Node, o *plan.Aggregate) (*aggregate, error) {
	a := &aggregate{emit: o.Emit, perEpoch: perEpoch(n), keyless: len(o.By) == 0}
	types := make([]arrow.DataType, len(o.By))
	for i, it := range o.By {
		types[i] = it.Expr.P.Type()
		a.args.by = append(a.args.by, it.Expr.P)
	}
	table, err := state.NewTable(types...)
	if err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", n.ID, err)
	}
	a.table = table
	for _, it := range o.Take {
		first := len(a.calls)
		for i, c := range it.Take.Calls {
			if err := a.addCall(c, fmt.Sprintf("%s/%d/%s", it.Name.Value, i, c.Func)); err != nil {
				return nil, fmt.Errorf("aggregate %s: %s: %w", n.ID, it.Name.Value, err)
			}
		}
		a.out.addTake(it.Take, first)
	}
	a.out.schema, a.out.keys = n.Output("").Schema, len(o.By)
	return a, nil
}

func (a *aggregate) addCall(c expr.Call, name string) error {
	acc, err := newAccumulator(c)
	if err != nil {
		return err
	}
	acc.attach(a.table, name)
	where := a.args.condition(c.If)
	made := call{acc: acc, where: where}
	for _, p := range c.Args {
		made.args = append(made.args, a.args.operand(p, where, c.Func == "count_distinct"))
	}
	a.calls = append(a.calls, made)
	return nil
}

func (a *aggregate) Open(_ context.Context, rt op.Runtime) error {
	a.args.open(rt)
	a.out.open(rt)
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
	if a.slots, err = a.table.Slots(a.args.keys, a.args.n, a.slots); err != nil {
		return err
	}
	a.table.Mark(a.slots)
	a.args.assign(a.slots)
	for i := range a.calls {
		if err := a.add(&a.calls[i]); err != nil {
			return err
		}
	}
	out.Hold(a.args.n)
	return nil
}

func (a *aggregate) add(c *call) error {
	switch len(c.args) {
	case 0:
		return c.acc.add(a.args.where[c.where].slots, nil, nil)
	case 1:
		x := &a.args.operands[c.args[0]]
		return c.acc.add(x.slots, x.vector(), nil)
	}
	// Two arguments: the second decides which rows count, the first may be null.
	x, y := &a.args.operands[c.args[0]], &a.args.operands[c.args[1]]
	return c.acc.add(y.slots, y.vector(), x.along(y.rows))
}

// Watermark emits what is final at the end of the input.
func (a *aggregate) Watermark(_ context.Context, wm time.Time, out op.Emitter) (time.Time, error) {
	if a.emit != plan.Final || a.perEpoch || a.done || wm.Before(op.EndOfTime) {
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
	return wm, a.emitGroups(a.everything(), out)
}

// Barrier emits the epoch's updates.
func (a *aggregate) Barrier(_ context.Context, _ uint64, out op.Emitter) error {
	defer a.table.Unmark()
	switch {
	case a.table.Len() == 0:
		return nil
	case a.perEpoch:
		err := a.emitGroups(a.everything(), out)
		a.table.Clear()
		return err
	case a.emit == plan.Complete:
		return a.emitGroups(a.everything(), out)
	case a.emit == plan.Updates && len(a.table.Marked()) > 0:
		return a.emitGroups(a.table.Marked(), out)
	}
	return nil
}

// everything lists all groups, in the order in which they first came.
func (a *aggregate) everything() []int32 {
	n := a.table.Len()
	for len(a.all) < n {
		a.all = append(a.all, int32(len(a.all)))
	}
	return a.all[:n]
}

func (a *aggregate) emitGroups(slots []int32, out op.Emitter) error {
	return a.out.emit(a.table, a.calls, slots, out)
}

func (a *aggregate) Close() error {
	a.args.close()
	a.out.close()
	return nil
}
