package exec

import (
	"context"
	"sync"
)

// lanes run a chain several times over, each time in a goroutine of its own with its own instances of the operators. What
// comes in gets a ticket in the order in which it came; what a lane makes of it is kept until that ticket's turn, and then
// leaves through the edges of the chain as if there were one lane (ticket.go).
//
// Rows go to one lane. A watermark or a barrier goes to all of them, and leaves when all are done with it: so all rows before it
// have left, and every lane has seen it between the same rows. Nothing here asks that lanes be alike: a lane may keep state, if
// what belongs to it is only offered to that lane.
type lanes struct {
	*node // the head of the chain
	inbox *inbox
	desk  *desk
	each  []*lane
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
	g := &lanes{node: t.node, inbox: newInbox(t.in), desk: newDesk(t.node, len(t.instances))}
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
		if err := g.desk.issue(ctx, m); err != nil || m.kind == barrier && m.cut.last {
			return err
		}
	}
}

func (l *lane) work(ctx context.Context) {
	for {
		tk, m := l.group.desk.take(l.at)
		if tk == nil {
			return
		}
		if ctx.Err() != nil {
			if m.batch != nil {
				m.batch.Release()
			}
			return
		}
		l.take(ctx, m)
		err := l.group.desk.done(tk, l.made, l.failed)
		clear(l.made)
		l.made, l.failed = l.made[:0], nil
		if err != nil {
			l.group.run.fail(err)
		}
	}
}

// take runs the chain on a message.
func (l *lane) take(ctx context.Context, m message) {
	l.head.shares().to(busy, moment())
	err := l.head.guard(ctx, "run", func() error {
		_, err := l.head.take(ctx, 0, m)
		return err
	})
	l.head.shares().to(waiting, moment())
	if err != nil {
		l.fails(err)
	}
}

// keep keeps what leaves the chain until it is the turn of the message under way.
func (l *lane) keep(e *edge, m message) { l.made = append(l.made, parcel{l.at, e, m}) }

// fails notes why the chain failed on the message under way.
func (l *lane) fails(err error) {
	if l.failed == nil {
		l.failed = err
	}
}
