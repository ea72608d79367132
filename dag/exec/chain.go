package exec

import (
	"context"
	"fmt"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// taker takes messages in the goroutine of whoever hands them on. It owns the reference to a batch that it is given.
type taker interface {
	take(ctx context.Context, port int, m message) (last bool, err error)
	shares() *shares
}

// chained reports whether a node runs in the goroutine of the one it reads. A chain never leads into or out of lanes: the
// rows are handed from one goroutine to another there, and a queue lies in between; nor from lane to lane, as they are in front
// of a node with keys.
func chained(from, to *node) bool {
	p, q := from.plan, to.plan
	return q.Chained && len(q.Inputs) == 1 && from.lanes() == to.lanes() && (to.lanes() == 1 || p.Unordered == q.Unordered && !plan.Keyed(q.Op))
}

// link makes the chains: every node that runs in another's goroutine joins the list of the one whose goroutine it is, and
// its edge calls it. Edges come from the sources down.
func (r *Run) link() {
	for _, n := range r.nodes {
		n.head = n
		n.chain = []*node{n}
	}
	for _, e := range r.down {
		if !e.chained {
			continue
		}
		e.to.head, e.to.chain = e.from.head, nil
		e.to.head.chain = append(e.to.head.chain, e.to)
		e.calls = e.to.op.takers()
	}
}

// workChain runs a node that has a goroutine, and all that are chained to it. It calls begun once all that they begin with is sent.
func (n *node) workChain(ctx context.Context, begun func()) error {
	for _, m := range n.chain {
		if err := m.op.begin(ctx); err != nil {
			return err
		}
	}
	begun()
	return n.op.work(ctx)
}

// canJoin refuses a chain for a node that cannot be in one.
func (n *node) canJoin() error {
	if n.head == n {
		return nil
	}
	if t, ok := n.op.(*transform); ok {
		if _, ok := t.instances[0].tr.(op.Clocked); ok {
			return fmt.Errorf("exec: %s acts as time passes, so that it needs a goroutine of its own", n.id())
		}
	}
	return nil
}

// call hands a message to the reader of a chained edge and returns when it is dealt with. Meanwhile the writer is neither
// busy nor blocked: the time is the reader's, and what the reader's own outputs make it wait is blocked there.
func (e *edge) call(ctx context.Context, m message, w *writer) error {
	if ctx.Err() != nil {
		m.drop()
		return context.Cause(ctx)
	}
	to := e.calls[w.lane]
	clock := to.shares()
	now := moment()
	writers, readers := w.clock.to(waiting, now), clock.to(busy, now)
	e.to.inside.Add(1)
	_, err := to.take(ctx, e.port, m)
	e.to.inside.Add(-1)
	now = moment()
	clock.to(readers, now)
	w.clock.to(writers, now)
	if err == nil {
		e.done.Add(1)
	}
	return err
}

// stuck reports whether it is this node, among those of its goroutine, that has not returned.
func (n *node) stuck() bool {
	if !n.working.Load() || n.head != n && n.inside.Load() == 0 {
		return false
	}
	for _, e := range n.edges {
		if e.chained && e.to.inside.Load() > 0 {
			return false
		}
	}
	return true
}
