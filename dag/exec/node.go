package exec

import (
	"context"
	goruntime "runtime"
	"sync/atomic"
	"time"

	"flowrun/dag/live"
	"flowrun/dag/plan"
	"flowrun/dag/state"
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
	edges []*edge            // of all outputs
	open  atomic.Int32       // outputs edges that are not closed
	meter meter
	rt    *runtime
	emit  *emitter   // of what runs in the node's own goroutine
	emits []*emitter // of the instances of its operator: emit, or one for each lane
	op    worker

	clocks  []*shares    // of its lanes; none: its one goroutine's is the meter's
	sharing *shares      // of who shares rows out to lanes by key; nil: nobody does
	enough  atomic.Int32 // instances that want no more
	head    *node        // in whose goroutine it runs; itself: it has one
	chain   []*node      // of a head: itself and those that run in its goroutine, writers before readers
	inside  atomic.Int32 // calls under way from other nodes of its chain
	awaits  atomic.Int64 // the time that its operator is to be woken at, in nanoseconds of the Unix epoch; 0: none

	spilled atomic.Bool    // a lane of it had too much state for memory
	spills  []*state.Spill // of the instances of its operator, from when they are opened on

	abandoned atomic.Bool // every output is closed
	working   atomic.Bool // the runner has not returned
	bytes     func() uint64
}

// worker is a node's runner.
type worker interface {
	openOp(ctx context.Context) error
	// takers are what the node's chained edge calls, by lane.
	takers() []taker
	// begin is called before anything comes, in the goroutine of the head of the node's chain.
	begin(ctx context.Context) error
	// work runs until the last barrier has passed, or fails; only heads of chains are asked to.
	work(ctx context.Context) error
	closeOp() error
	// stop makes a source stop reading; others do nothing.
	stop()
}

func (n *node) id() string { return n.plan.ID }

// routed returns the edges that carry the node's rejects.
func (n *node) routed() []*edge { return n.out[plan.RejectedOutput] }

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

// lanes is in how many goroutines, each with an operator of its own, the node runs.
func (n *node) lanes() int {
	if n.role != live.Transform {
		return 1
	}
	return max(n.plan.Parallelism, 1)
}

// shown is how many lanes watchers are told of; 0: one.
func (n *node) shown() int {
	lanes := n.lanes()
	if scan, ok := n.plan.Op.(*plan.Scan); ok && scan.Lanes {
		lanes = n.rt.Lanes()
	}
	if lanes == 1 {
		return 0
	}
	return lanes
}

// sharable reports whether more lanes could make the node faster here.
func (n *node) sharable() bool {
	if n.role != live.Transform || n.lanes() > 1 || goruntime.GOMAXPROCS(0) == 1 {
		return false
	}
	why, _ := plan.NoLanes(n.plan.Op)
	return why == ""
}

// spent sums up what the node did. Of several lanes busy is the mean, so that 1 means that all of them work all the time, or
// that of who shares rows out to them, if it is that which they wait for; blocked is how long what leaves them was held up, once
// for all.
func (n *node) spent(now time.Duration) [activities]time.Duration {
	spent := n.meter.time.read(now)
	if len(n.clocks) > 0 {
		var sum time.Duration
		for _, c := range n.clocks {
			sum += c.read(now)[busy]
		}
		spent[busy] = sum / time.Duration(len(n.clocks))
	}
	if n.sharing != nil {
		spent[busy] = max(spent[busy], n.sharing.read(now)[busy])
	}
	return spent
}
