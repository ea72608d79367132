package exec

import (
	"context"
	"sync/atomic"
	"time"

	"flowrun/dag/live"
	"flowrun/dag/plan"
)

// node is what all runners share: the place in the graph, meters and outputs.
type node struct {
	run   *Run
	plan  *plan.Node
	index int // in file order
	role  live.Role
	in    []*edge            // by port
	out   map[string][]*edge // by output; only those that are read
	main  []*edge            // of the main output
	open  atomic.Int32       // outputs edges that are not closed
	meter meter
	rt    *runtime
	emit  *emitter
	op    worker

	// since is when the first row came that no barrier has ended yet, in nanoseconds of the Unix epoch on the run's clock;
	// 0: none. The node sets it, its barrier clears it.
	since     atomic.Int64
	abandoned atomic.Bool // every output is closed
	working   atomic.Bool // the runner has not returned
	bytes     func() uint64
	raw       rowText
}

// worker is a node's runner.
type worker interface {
	openOp(ctx context.Context) error
	// work runs until the last barrier has passed, or fails.
	work(ctx context.Context) error
	closeOp() error
	// stop makes a source stop reading; others do nothing.
	stop()
}

func (n *node) id() string { return n.plan.ID }

// routed returns the edges that carry the node's rejects.
func (n *node) routed() []*edge { return n.out[plan.RejectedOutput] }

// mark notes that rows came which the next barrier has to end.
func (n *node) mark() {
	if n.since.Load() == 0 {
		n.since.Store(max(n.run.o.Now().UnixNano(), 1))
		n.run.nudge()
	}
}

// abandon closes the inputs of a node that nobody reads any more.
func (n *node) abandon() {
	if n.role == live.Sink {
		return // what it writes is wanted, whether or not its rejects are
	}
	n.abandoned.Store(true)
	n.rt.hurryUp()
	for _, e := range n.in {
		e.close()
	}
	if len(n.in) == 0 {
		n.op.stop()
	}
}

// forward sends a watermark or a barrier on every output.
func (n *node) forward(ctx context.Context, m message, c *shares) error {
	for _, edges := range n.out {
		for _, e := range edges {
			if err := e.send(ctx, m, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// watermarks keeps the watermark of each input; the node's is the least.
type watermarks struct {
	each []time.Time
	last time.Time
}

func newWatermarks(inputs int) watermarks { return watermarks{each: make([]time.Time, inputs)} }

// set takes an input's watermark and reports whether the node's rises, and to what.
func (w *watermarks) set(port int, t time.Time) (time.Time, bool) {
	if t.After(w.each[port]) {
		w.each[port] = t
	}
	low := w.each[0]
	for _, t := range w.each[1:] {
		if t.Before(low) {
			low = t
		}
	}
	if !low.After(w.last) {
		return w.last, false
	}
	w.last = low
	return low, true
}
