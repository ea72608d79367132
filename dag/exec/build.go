package exec

import (
	"context"
	"fmt"
	"log/slog"

	"flowrun/dag/batch"
	"flowrun/dag/live"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// Build makes a run of a bound plan: an operator per node, or several where it runs in lanes, and a bounded channel per edge
// that does not lie in a chain. Nothing is opened and nothing
// runs before [Run.Run]. The plan is only read.
func Build(p *plan.Pipeline, c Connectors, o Options) (*Run, error) {
	o = o.withDefaults(c)
	var own pool
	if o.Allocator == nil {
		own.Pool = batch.NewPool()
		o.Allocator = own.Pool
	}
	r := &Run{plan: p, o: o, pool: own, nudged: make(chan struct{}, 1), requests: make(chan *request), holding: make(chan struct{}), reading: make(chan struct{}), begun: make(chan struct{}), done: make(chan struct{}), byID: map[string]*edge{}}
	close(r.reading)
	if o.Watched {
		r.watchers.Add(1)
	}
	r.base, r.cancel = context.WithCancelCause(context.Background())
	r.atOnce, r.hurry = context.WithCancel(context.Background())
	r.events = newEvents(o.Events)
	places := map[string]string{}
	for _, n := range p.Nodes {
		if n.At.Known() {
			places[n.ID] = n.At.String()
		}
	}
	r.log = slog.New(masked(&logHandler{events: r.events, level: o.LogLevel, next: o.Log, now: o.Now, places: places}, p.Secrets))
	r.printer = &printer{run: r, out: o.Output}
	r.setState(live.Starting)

	byPlan := map[*plan.Node]*node{}
	for i, pn := range p.Nodes {
		n := &node{run: r, plan: pn, index: i, role: roleOf(pn.Op), out: map[string][]*edge{}}
		n.rt = newRuntime(n)
		n.emit = &emitter{n: n, ctx: r.base, writer: writer{clock: &n.meter.time}}
		r.nodes = append(r.nodes, n)
		byPlan[pn] = n
	}
	for _, n := range r.nodes {
		for port, in := range n.plan.Inputs {
			from := byPlan[in.From]
			if from == nil {
				return nil, fmt.Errorf("exec: input %d of %s is not in the plan", port, n.id())
			}
			r.connect(from, in.Output, n, port)
		}
	}
	r.down = r.downwards()
	for _, n := range r.nodes {
		if err := r.equip(n, c); err != nil {
			return nil, err
		}
	}
	r.link()
	for _, n := range r.nodes {
		if err := n.canJoin(); err != nil {
			return nil, err
		}
		if n.head == n && n.lanes() > 1 {
			t := n.op.(*transform)
			t.lanes = newLanes(t)
		}
	}
	r.acks = make(chan ack, len(r.sinks))
	if cs := newCommits(o.Checkpoint); cs != nil {
		for _, n := range r.nodes {
			if t, ok := n.op.(*transform); ok {
				for _, i := range t.instances {
					if _, ok := i.tr.(op.Durable); ok {
						cs.count++
					}
				}
			}
		}
		cs.saves = make(chan struct{}, cs.count)
		r.commits = cs
	}
	r.shower = newShower(r)
	r.history = newHistory(len(r.nodes))
	r.topology = r.draw()
	return r, nil
}

func (r *Run) connect(from *node, output string, to *node, port int) {
	e := &edge{
		id:   fmt.Sprintf("%s.%s->%s.%d", from.id(), output, to.id(), port),
		from: from, output: output, to: to, port: port, chained: chained(from, to),
	}
	if !e.chained {
		e.ch = make(chan message, r.o.Queue)
	}
	from.edges = append(from.edges, e)
	from.out[output] = append(from.out[output], e)
	from.main = from.out[""]
	from.open.Add(1)
	to.in = append(to.in, e)
	r.byID[e.id] = e
	r.edges = append(r.edges, e)
}

// equip makes a node's operator and runner.
func (r *Run) equip(n *node, c Connectors) error {
	var err error
	switch o := n.plan.Op.(type) {
	case *plan.Scan:
		var src op.Source
		if src, err = c.Source(n.plan); err == nil {
			s := &source{node: n, src: src, barriers: make(chan cut, 1), wake: make(chan struct{}, 1), timing: newTiming(o.Timing)}
			s.reading, s.cancel = context.WithCancel(r.base)
			n.op, n.emit.clock, n.emits = s, nil, []*emitter{n.emit}
			if counter, ok := src.(op.ByteCounter); ok {
				n.bytes = counter.BytesRead
			}
			n.rt.sleeps = s.sleeps
			r.sources = append(r.sources, s)
		}
	case *plan.Write:
		var snk op.Sink
		if snk, err = c.Sink(n.plan); err == nil {
			s := &sink{node: n, snk: snk, inbox: newInbox(n.in), marks: newWatermarks(len(n.in))}
			n.op, n.emits = s, []*emitter{n.emit}
			r.sinks = append(r.sinks, s)
		}
	default:
		var t *transform
		if t, err = newTransform(n, func() (op.Transform, error) { return r.o.Transforms(n.plan) }); err == nil {
			n.op = t
		}
	}
	if err != nil {
		return n.failed("build", err)
	}
	if wants := n.role != live.Source; wants != (len(n.in) > 0) {
		return fmt.Errorf("exec: %s is a %s with %d inputs", n.id(), n.role, len(n.in))
	}
	return nil
}

func roleOf(o plan.Op) live.Role {
	switch o.(type) {
	case *plan.Scan:
		return live.Source
	case *plan.Write:
		return live.Sink
	}
	return live.Transform
}

// downwards orders the edges so that those into a node come before those out of it.
func (r *Run) downwards() []*edge {
	var order []*edge
	missing := make([]int, len(r.nodes))
	var ready []*node
	for i, n := range r.nodes {
		if missing[i] = len(n.in); missing[i] == 0 {
			ready = append(ready, n)
		}
	}
	for len(ready) > 0 {
		n := ready[0]
		ready = ready[1:]
		for _, edges := range n.out {
			for _, e := range edges {
				order = append(order, e)
				if missing[e.to.index]--; missing[e.to.index] == 0 {
					ready = append(ready, e.to)
				}
			}
		}
	}
	return order
}
