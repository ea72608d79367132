package exec

import (
	"context"
	"sync"
)

// lanes run a chain several times over, each time in a goroutine of its own with its own instances of the operators. What
// comes in gets a ticket in the order in which it came; what a lane makes of it is kept until that ticket's turn, and then
// leaves through the edges of the chain as if there were one lane (ticket.go).
//
// Rows go to one lane, the next that has nothing to do. A watermark or a barrier goes to all of them, one ticket each, and
// leaves once the last of these has: so all rows before it have left, and every lane has seen it between the same rows.
// Nothing here asks that lanes be alike: a lane may keep state, if what belongs to it is given a ticket for that lane.
type lanes struct {
	*node // the head of the chain
	inbox *inbox
	desk  *desk
	each  []*lane
}

// perLane is how many tickets there are for each lane: one that it works on, and one that waits for it or for its turn.
const perLane = 2

// lane is one run of the chain.
type lane struct {
	group *lanes
	at    int // its place among them
	head  *instance
	now   *ticket
}

// newLanes puts the chain of a head into its lanes.
func newLanes(t *transform) *lanes {
	g := &lanes{node: t.node, inbox: newInbox(t.in), desk: newDesk(t.node, perLane*len(t.instances))}
	for i, head := range t.instances {
		l := &lane{group: g, at: i, head: head}
		g.each = append(g.each, l)
		for _, n := range t.chain {
			n.op.(*transform).instances[i].emit.lane = l
		}
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
	for {
		_, m, err := g.inbox.next(ctx, nil, g.run.idle, nil)
		if err != nil {
			return err
		}
		if err := g.give(ctx, m); err != nil || m.kind == barrier && m.cut.last {
			return err
		}
	}
}

// give hands rows to any lane, and everything else to all.
func (g *lanes) give(ctx context.Context, m message) error {
	if m.kind == data {
		return g.desk.issue(ctx, anyLane, m, true)
	}
	for i := range g.each {
		if err := g.desk.issue(ctx, i, m, i == len(g.each)-1); err != nil {
			return err
		}
	}
	return nil
}

func (l *lane) work(ctx context.Context) {
	for tk := l.group.desk.take(l.at); tk != nil && ctx.Err() == nil; tk = l.group.desk.take(l.at) {
		l.take(ctx, tk)
		if err := l.group.desk.done(tk); err != nil {
			l.group.run.fail(err)
		}
	}
}

// take runs the chain on what came with a ticket.
func (l *lane) take(ctx context.Context, tk *ticket) {
	m := tk.message
	l.now, tk.message.batch = tk, nil
	l.head.shares().to(busy, moment())
	err := l.head.guard(ctx, "run", func() error {
		_, err := l.head.take(ctx, 0, m)
		return err
	})
	l.head.shares().to(waiting, moment())
	if err != nil {
		l.fails(err)
	}
	l.now = nil
}

// keep keeps what leaves the chain until it is the turn of its ticket.
func (l *lane) keep(e *edge, m message) { l.now.kept = append(l.now.kept, parcel{e, m}) }

// fails notes why the chain failed on what came with the ticket under way.
func (l *lane) fails(err error) {
	if l.now.err == nil {
		l.now.err = err
	}
}
