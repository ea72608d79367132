package exec

import (
	"context"
	"sync"

	"flowrun/dag/op"
)

// ticket is the place of a message in the order in which what lanes make of it leaves them.
type ticket struct {
	lane    int // that it is for, and of which it is once taken; anyLane: the next that has nothing to do
	message message
	whole   bool // the message is dealt with when this ticket has left: others before it went to other lanes
	state   ticketState
	kept    []parcel
	err     error // the chain failed on it: the run fails when it is its turn
}

const anyLane = -1

type ticketState uint8

const (
	unused ticketState = iota
	issued
	taken
	ready // what was made of it may leave
	left
)

// parcel is what leaves a chain, and where.
type parcel struct {
	edge    *edge
	message message
}

// desk gives tickets to what comes in, and lets out what lanes made of it in the order of the tickets. Where order was given
// up rows leave as they are done, but watermarks and barriers, to which all lanes contribute, keep their place between the
// rows.
//
// There is no goroutine for it: a lane that is done lets out whatever may leave, also of the others, unless one is at it.
// There are so many tickets and no more, so what waits for its turn is bounded.
type desk struct {
	head    *node
	writer  writer   // of what leaves
	tickets []ticket // number n lies at n modulo their number
	room    chan struct{}

	mu      sync.Mutex
	come    sync.Cond
	next    uint64 // the first that has not left
	end     uint64 // the next to be issued
	closed  bool   // no more are issued
	leaving bool   // a lane lets out; for good once that has failed
}

func newDesk(head *node, size int) *desk {
	d := &desk{head: head, tickets: make([]ticket, size), room: make(chan struct{}, size)}
	d.come.L = &d.mu
	for range size {
		d.room <- struct{}{}
	}
	return d
}

func (d *desk) at(number uint64) *ticket { return &d.tickets[number%uint64(len(d.tickets))] }

// issue gives the next ticket to a message; while all are out it waits. Where it fails it releases the message's rows.
func (d *desk) issue(ctx context.Context, lane int, m message, whole bool) error {
	select {
	case <-d.room:
	case <-ctx.Done():
		if m.batch != nil {
			m.batch.Release()
		}
		return context.Cause(ctx)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	tk := d.at(d.end)
	*tk = ticket{lane: lane, message: m, whole: whole, state: issued, kept: tk.kept[:0]}
	d.end++
	if lane == anyLane {
		d.come.Signal()
	} else {
		d.come.Broadcast()
	}
	return nil
}

// close says that no more tickets are issued.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.come.Broadcast()
}

// take gives a lane the first ticket that is for it or for any; while there is none it waits. Nil: no more will come. So a
// lane works in the order of the tickets.
func (d *desk) take(lane int) *ticket {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		for number := d.next; number < d.end; number++ {
			if tk := d.at(number); tk.state == issued && (tk.lane == anyLane || tk.lane == lane) {
				tk.state, tk.lane = taken, lane
				return tk
			}
		}
		if d.closed {
			return nil
		}
		d.come.Wait()
	}
}

// done says that what was made of a ticket may leave, and lets out all that may unless another lane does. The error is why
// the run fails.
func (d *desk) done(tk *ticket) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tk.state = ready
	if d.leaving {
		return nil
	}
	d.leaving = true
	for tk := d.turn(); tk != nil; tk = d.turn() {
		d.mu.Unlock()
		err := d.let(tk)
		d.mu.Lock()
		if err != nil {
			return err
		}
		tk.state = left
		for d.next < d.end && d.at(d.next).state == left {
			d.at(d.next).state = unused
			d.next++
			d.room <- struct{}{}
		}
	}
	d.leaving = false
	return nil
}

// turn is a ticket that may leave now, nil: none. The caller holds mu.
func (d *desk) turn() *ticket {
	for number := d.next; number < d.end; number++ {
		tk := d.at(number)
		fence := tk.message.kind != data
		switch {
		case fence && number != d.next:
			return nil
		case tk.state == ready:
			return tk
		case fence || !d.head.plan.Unordered:
			return nil
		}
	}
	return nil
}

// let lets out what was made of a ticket.
func (d *desk) let(tk *ticket) error {
	ctx := d.head.run.base
	for i, p := range tk.kept {
		tk.kept[i] = parcel{} // it is the edge's now
		if m, whole := p.edge.merge.take(tk.lane, p.message); whole {
			d.writer.clock = &p.edge.from.meter.time
			if err := p.edge.send(ctx, m, &d.writer); err != nil {
				return err
			}
		}
	}
	tk.kept = tk.kept[:0]
	if tk.err != nil {
		return tk.err
	}
	if !tk.whole {
		return nil
	}
	switch m := tk.message; {
	case m.kind == barrier:
		d.writer.epoch = m.cut.epoch + 1
	case m.kind == watermark && m.standing.at.Equal(op.EndOfTime):
		for _, n := range d.head.chain {
			n.meter.ended.Store(true)
		}
	}
	d.head.in[0].done.Add(1)
	d.head.run.idle()
	return nil
}

// clear releases what a run that was ended left behind; no lane works any more.
func (d *desk) clear() {
	for i := range d.tickets {
		tk := &d.tickets[i]
		if tk.message.batch != nil {
			tk.message.batch.Release()
			tk.message.batch = nil
		}
		for _, p := range tk.kept {
			if p.message.batch != nil {
				p.message.batch.Release()
			}
		}
		tk.kept = nil
	}
}

// merge is what has come to an edge that leads out of lanes from each of them.
type merge struct {
	marks    watermarks
	barriers int
}

// take takes a message that a lane has for the edge, and gives what goes on, if anything does: rows do, a watermark if it
// raises the least of all lanes, a barrier if all lanes have delivered theirs.
func (g *merge) take(lane int, m message) (message, bool) {
	switch m.kind {
	case watermark:
		now, rises, turns := g.marks.set(lane, m.standing)
		return message{kind: watermark, standing: now}, rises || turns
	case barrier:
		g.barriers++
		if g.barriers < len(g.marks.each) {
			return m, false
		}
		g.barriers = 0
	}
	return m, true
}
