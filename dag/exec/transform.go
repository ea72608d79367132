package exec

import (
	"context"
	"time"

	"flowrun/dag/op"
)

// transform runs the operator of a node in between: one instance of it, in the node's own goroutine or in the one of the
// node that it reads, or an instance in each of several lanes.
type transform struct {
	*node
	instances []*instance
	lanes     *lanes // of the head of a chain that runs in lanes
}

// newTransform makes as many operators as the node has lanes.
func newTransform(n *node, operator func() (op.Transform, error)) (*transform, error) {
	t := &transform{node: n}
	for lane := range n.lanes() {
		tr, err := operator()
		if err != nil {
			return nil, err
		}
		emit, rt := n.emit, op.Runtime(n.rt)
		if n.lanes() > 1 {
			clock := &shares{}
			n.clocks = append(n.clocks, clock)
			emit = &emitter{n: n, ctx: n.run.base, writer: writer{clock: clock, lane: lane}}
			rt = &laneRuntime{runtime: n.rt, clock: clock}
		}
		t.instances = append(t.instances, newInstance(n, tr, emit, rt))
	}
	return t, nil
}

func (t *transform) takers() []taker {
	all := make([]taker, len(t.instances))
	for i, in := range t.instances {
		all[i] = in
	}
	return all
}

// openOp opens all instances or none.
func (t *transform) openOp(ctx context.Context) error {
	for i, in := range t.instances {
		if err := in.open(ctx); err != nil {
			t.giveUp(ctx, t.instances[:i])
			return err
		}
	}
	err := t.spread(ctx)
	if err == nil {
		err = t.pack(ctx)
	}
	if err != nil {
		t.giveUp(ctx, t.instances)
	}
	return err
}

// giveUp closes instances of a node that could not be opened whole: the run fails of that.
func (t *transform) giveUp(ctx context.Context, opened []*instance) {
	for _, in := range opened {
		_ = t.guard(ctx, "close", in.close)
	}
}

func (t *transform) closeOp() error {
	if t.lanes != nil {
		t.lanes.close()
	}
	var first error
	for _, in := range t.instances {
		err := t.guard(context.WithoutCancel(t.run.base), "close", in.close)
		if first == nil {
			first = err
		}
	}
	return first
}

func (t *transform) stop() {}

func (t *transform) begin(ctx context.Context) error {
	for _, in := range t.instances {
		if in.memory != nil && !in.fresh { // perhaps no row follows that makes the watermark
			if err := in.mark(); err != nil {
				return err
			}
		}
		if err := in.finish(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *transform) work(ctx context.Context) error {
	if t.lanes != nil {
		return t.lanes.work(ctx)
	}
	return t.drive(ctx, t.instances[0], t.instances[0].inbox)
}

// arm notes, before anything runs, which times the operators wait for: what was restored may be due.
func (t *transform) arm() {
	var first int64
	for i, in := range t.instances {
		at := in.wake()
		if at.IsZero() {
			continue
		}
		ns := at.UnixNano()
		if t.lanes != nil && t.lanes.desk.ticking != nil {
			t.lanes.desk.ticking.wakes[i] = ns
		}
		if first == 0 || ns < first {
			first = ns
		}
	}
	t.awaits.Store(first)
}

// drive reads the inputs of a node that has a goroutine of its own, until the last barrier has come.
func (n *node) drive(ctx context.Context, op taker, in *inbox) error {
	clock := op.shares()
	clock.to(busy, moment())
	defer func() { clock.to(waiting, moment()) }()
	timed, _ := op.(clocked)
	wait := alarm{run: n.run}
	for {
		var ring <-chan time.Time
		if timed != nil {
			ring = wait.ring(n.await(timed))
		}
		port, m, err := in.next(ctx, clock, n.run.idle, ring)
		if err != nil {
			return err
		}
		if timed != nil {
			if err := n.due(ctx, timed); err != nil {
				return err
			}
		}
		if m.kind == rung {
			wait.rang()
			continue
		}
		last, err := op.take(ctx, port, m)
		if timed != nil {
			n.await(timed) // known before the message counts as dealt with
		}
		n.in[port].done.Add(1)
		if err != nil || last {
			return err
		}
	}
}
