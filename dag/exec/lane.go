package exec

import (
	"context"
	"slices"
	"sync"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

// lanes run a chain several times over, each time in a goroutine of its own with its own instances of the operators. What
// comes in gets a ticket in the order in which it came; what a lane makes of it is kept until that ticket's turn, and then
// leaves through the edges of the chain as if there were one lane (ticket.go).
//
// Rows go to one lane: where the head of the chain keeps something for each key, to the one that the key belongs to, so that a
// batch is cut into parts; else to the next that has nothing to do. What comes between the rows goes to all lanes: watermarks, of
// several inputs the least, barriers, aligned, and alarms. It leaves when all are done with it: so all rows before it have left,
// and every lane has seen it between the same rows of its own.
type lanes struct {
	*node // the head of the chain
	inbox *inbox
	marks watermarks
	more  []bool // by port: more follows of what came in, see message
	desk  *desk
	each  []*lane
	cuts  []*relational.Exchange // by port, where rows belong to lanes; else none
}

// lane is one run of the chain.
type lane struct {
	group  *lanes
	at     int // its place among them
	head   *instance
	made   []parcel // of the message under way: what leaves
	failed error    // and why the chain failed on it
}

// newLanes puts the chain of a head into its lanes.
func newLanes(t *transform) *lanes {
	keyed := plan.Keyed(t.plan.Op)
	g := &lanes{node: t.node, inbox: newInbox(t.in), marks: newWatermarks(len(t.in)), more: make([]bool, len(t.in)), desk: newDesk(t.node, len(t.instances), keyed)}
	if keyed {
		for port := range t.in {
			g.cuts = append(g.cuts, relational.NewExchange(t.plan.LaneKeys(port), len(t.instances), t.run.o.Allocator))
		}
		t.sharing = &shares{}
		g.desk.giving = t.sharing
	}
	for i, head := range t.instances {
		l := &lane{group: g, at: i, head: head}
		head.marks, head.more = newWatermarks(1), make([]bool, 1) // they come merged
		g.each = append(g.each, l)
		for _, n := range t.chain {
			n.op.(*transform).instances[i].emit.lane = l
		}
	}
	if _, timed := t.instances[0].tr.(op.Clocked); timed {
		g.desk.ticking = newTicking(t.node, len(t.instances))
		g.inbox.stirred = g.desk.ticking.stirred
	}
	for _, n := range t.chain {
		for _, e := range n.edges {
			e.merge = merge{marks: newWatermarks(len(g.each))}
		}
	}
	return g
}

// work gives out what comes in until the last barrier, and waits until everything has left.
func (g *lanes) work(ctx context.Context) error {
	var running sync.WaitGroup
	for _, l := range g.each {
		running.Go(func() { l.work(ctx) })
	}
	defer func() {
		g.desk.close()
		running.Wait()
		g.desk.clear()
	}()
	g.sharing.to(busy, moment())
	defer func() { g.sharing.to(waiting, moment()) }()
	for {
		port, m, err := g.inbox.next(ctx, g.sharing, g.run.idle, g.desk.ticking.ring())
		if err != nil {
			return err
		}
		if last, err := g.give(ctx, port, m); err != nil || last {
			return err
		}
	}
}

// give gives a message out, and reports whether it was the last.
func (g *lanes) give(ctx context.Context, port int, m message) (last bool, err error) {
	s := slip{message: m, port: port, lane: anyLane}
	if m.kind < rung {
		s.edge = g.in[port]
		g.more[port] = m.open
		s.message.open = slices.Contains(g.more, true)
	}
	switch m.kind {
	case stirred:
		return false, nil
	case rung:
		g.desk.ticking.rang()
	case data:
		if g.cuts != nil {
			return false, g.share(ctx, s)
		}
	case watermark:
		now, rises, turns := g.marks.set(port, m.standing)
		if !rises && !turns {
			s.edge.done.Add(1)
			return false, nil
		}
		s.message.standing, s.port = now, 0
	case barrier:
		if !g.inbox.hold(port) {
			s.edge.done.Add(1)
			return false, nil
		}
		last = m.cut.last
	}
	return last, g.desk.issue(ctx, s)
}

// share gives each lane the rows of a batch that belong to it.
func (g *lanes) share(ctx context.Context, s slip) error {
	parts, err := g.cuts[s.port].Cut(ctx, s.message.batch)
	if err != nil {
		return g.failed("share out", err)
	}
	left := 0
	for _, part := range parts {
		if part != nil {
			left++
		}
	}
	if left > 1 {
		s.cut = &pieces{all: left}
	}
	for lane, part := range parts {
		switch {
		case part == nil:
		case err != nil:
			part.Release()
		default:
			s.lane, s.message.batch = lane, part
			err = g.desk.issue(ctx, s)
		}
	}
	return err
}

// close gives back what sharing out holds.
func (g *lanes) close() {
	for _, x := range g.cuts {
		x.Close()
	}
}

func (l *lane) work(ctx context.Context) {
	for {
		tk, m := l.group.desk.take(l.at)
		if tk == nil {
			return
		}
		if ctx.Err() != nil {
			m.drop()
			return
		}
		l.take(ctx, tk.port, m)
		err := l.group.desk.done(tk, l, l.wake())
		clear(l.made)
		l.made, l.failed = l.made[:0], nil
		if err != nil {
			l.group.run.fail(err)
		}
	}
}

// take runs the chain on a message, behind what the clock has made due.
func (l *lane) take(ctx context.Context, port int, m message) {
	l.head.shares().to(busy, moment())
	err := l.head.guard(ctx, "run", func() error {
		if l.group.desk.ticking != nil {
			if err := l.head.due(ctx, l.head); err != nil {
				m.drop()
				return err
			}
		}
		switch m.kind {
		case rung:
			return nil
		case barrier:
			return l.head.barrier(ctx, m.cut)
		}
		_, err := l.head.take(ctx, port, m)
		return err
	})
	l.head.shares().to(waiting, moment())
	if err != nil {
		l.fails(err)
	}
}

// wake is when the lane's operator wants to be woken, as in ticket.
func (l *lane) wake() int64 {
	if l.group.desk.ticking == nil {
		return unknown
	}
	if at := l.head.wake(); !at.IsZero() {
		return at.UnixNano()
	}
	return 0
}

// keep keeps what leaves the chain until it is the turn of the message under way.
func (l *lane) keep(e *edge, m message) { l.made = append(l.made, parcel{l.at, e, m}) }

// fails notes why the chain failed on the message under way.
func (l *lane) fails(err error) {
	if l.failed == nil {
		l.failed = err
	}
}
