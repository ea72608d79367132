package exec

import (
	"context"
	"slices"
	"sync"

	"flowrun/dag/op"
)

// ticket is the place of a message in the order in which what lanes make of it leaves them. Rows are for one lane: the one that
// their keys belong to, or else the next that has nothing to do. A watermark, a barrier or an alarm is for all of them, and is
// done when all are done with it.
type ticket struct {
	message message
	edge    *edge // that it came on; nil: on none
	port    int
	lane    int     // of rows: whose they are; anyLane
	cut     *pieces // of a batch that was cut into several tickets; nil: it is whole
	owed    []bool  // by lane, of what is for all: it has not taken it yet
	undone  int     // lanes that have it or will
	state   ticketState
	kept    []parcel
	err     error   // the chain failed on it: the run fails when it is its turn
	wakes   []int64 // by lane, where operators wait for times: when, once the lane is done with it; unknown where it has no part in it
}

// pieces is a batch that was cut into several tickets.
type pieces struct {
	all, left int // how many there are, and how many of them have left
}

// anyLane is in place of a lane where any will do.
const anyLane = -1

// unknown is in place of a time to be woken at.
const unknown = -1

type ticketState uint8

const (
	unused ticketState = iota
	issued
	taken // of rows
	ready // what was made of it may leave
	left
)

// parcel is what leaves a chain, from which lane, and where.
type parcel struct {
	lane    int
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
	giving  *shares       // of who gives tickets
	writer  writer        // of what leaves
	tickets []ticket      // number n lies at n modulo their number
	room    chan struct{} // for a ticket
	rows    chan struct{} // for a ticket of rows
	ticking *ticking      // where operators wait for times; else nil
	halves  int           // batches that were cut, and of which some parts have left
	seen    []*edge       // scratch of gather

	mu      sync.Mutex
	come    []*sync.Cond // by lane where rows belong to lanes, else one for all
	next    uint64       // the first that has not left
	end     uint64       // the next to be issued
	closed  bool         // no more are issued
	leaving bool         // a lane lets out; for good once that has failed
}

// How many tickets of rows there are for each lane: one that it works on, and one that waits for it or for its turn. Parts of
// batches wait for one lane alone, which may have more to do than others for a while, so there are more of them. As many tickets
// again are for what comes between them.
const (
	perLane = 2
	perPart = 4
)

func newDesk(head *node, lanes int, keyed bool) *desk {
	batches, conds := perLane*lanes, 1
	if keyed {
		batches, conds = perPart*lanes, lanes
	}
	d := &desk{head: head, tickets: make([]ticket, 2*batches), room: make(chan struct{}, 2*batches), rows: make(chan struct{}, batches)}
	for range conds {
		d.come = append(d.come, sync.NewCond(&d.mu))
	}
	for i := range d.tickets {
		d.room <- struct{}{}
		d.tickets[i].owed, d.tickets[i].wakes = make([]bool, lanes), make([]int64, lanes)
	}
	for range batches {
		d.rows <- struct{}{}
	}
	return d
}

func (d *desk) at(number uint64) *ticket { return &d.tickets[number%uint64(len(d.tickets))] }

// slip is what is written on a ticket.
type slip struct {
	message message
	edge    *edge
	port    int
	lane    int
	cut     *pieces
}

// issue gives the next ticket to a message; while there is none it waits. Where it fails it releases the message's rows.
func (d *desk) issue(ctx context.Context, s slip) error {
	m := s.message
	err := d.await(ctx, d.room)
	if err == nil && m.kind == data {
		err = d.await(ctx, d.rows)
	}
	if err != nil {
		m.drop()
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	tk := d.at(d.end)
	tk.message, tk.edge, tk.port, tk.lane, tk.cut = m, s.edge, s.port, s.lane, s.cut
	tk.state, tk.undone = issued, 1
	for i := range tk.wakes {
		tk.wakes[i] = unknown
	}
	if m.kind != data {
		tk.undone = len(tk.owed)
		for i := range tk.owed {
			tk.owed[i] = true
		}
	}
	d.end++
	switch {
	case m.kind != data:
		d.wakeAll()
	case s.lane == anyLane:
		d.come[0].Signal()
	default:
		d.come[s.lane].Signal()
	}
	return nil
}

func (d *desk) wakeAll() {
	for _, c := range d.come {
		c.Broadcast()
	}
}

func (d *desk) await(ctx context.Context, room <-chan struct{}) error {
	select {
	case <-room:
		return nil
	default:
	}
	was := d.giving.to(waiting, moment())
	defer func() { d.giving.to(was, moment()) }()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close says that no more tickets are issued.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.wakeAll()
}

// take gives a lane the first ticket that it can have, and its message; while there is none it waits. Nil: no more will come.
// So a lane works in the order of the tickets.
func (d *desk) take(lane int) (*ticket, message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		for number := d.next; number < d.end; number++ {
			tk := d.at(number)
			m := tk.message
			switch {
			case m.kind != data && tk.owed[lane]:
				tk.owed[lane] = false
				return tk, m
			case m.kind == data && tk.state == issued && (tk.lane == anyLane || tk.lane == lane):
				tk.state, tk.message.batch = taken, nil // it is the lane's now
				return tk, m
			}
		}
		if d.closed {
			return nil, message{}
		}
		d.come[lane%len(d.come)].Wait()
	}
}

// done takes what a lane made of a ticket, or why it failed, and when its operator wants to be woken. If that was the last lane,
// it may leave; and then all leaves that may, unless another lane sees to it. The error is why the run fails.
func (d *desk) done(tk *ticket, l *lane, wake int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	tk.kept = append(tk.kept, l.made...)
	tk.wakes[l.at] = wake
	failed := l.failed
	if tk.err == nil {
		tk.err = failed
	}
	if tk.undone--; tk.undone > 0 {
		return nil
	}
	if tk.message.kind != data {
		slices.SortStableFunc(tk.kept, func(p, q parcel) int { return p.lane - q.lane }) // whichever was done first
	}
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
		if tk.message.kind == data {
			d.rows <- struct{}{}
		}
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
	d.gather(tk)
	for i, p := range tk.kept {
		tk.kept[i] = parcel{} // it is the edge's now
		if m, goes := p.edge.merge.take(p.lane, p.message); goes {
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
	switch m := tk.message; {
	case m.kind == barrier:
		d.writer.epoch = m.cut.epoch + 1
	case m.kind == watermark && m.standing.at.Equal(op.EndOfTime):
		for _, n := range d.head.chain {
			n.meter.ended.Store(true)
		}
	}
	if d.ticking != nil {
		d.ticking.left(tk) // known before the message counts as dealt with
	}
	if tk.edge != nil && (tk.cut == nil || tk.cut.left == tk.cut.all) {
		tk.edge.done.Add(1)
	}
	tk.cut = nil
	d.head.run.idle()
	return nil
}

// gather notes which of the rows that leave by an edge are followed by others that came with them, or before: other parts of a
// batch, what other lanes made of what is for all, and, where order was given up, anything up to what is for all.
func (d *desk) gather(tk *ticket) {
	switch {
	case tk.cut != nil:
		if tk.cut.left == 0 {
			d.halves++
		}
		if tk.cut.left++; tk.cut.left == tk.cut.all {
			d.halves--
		}
	case tk.message.kind == data && !d.head.plan.Unordered:
		return
	}
	d.seen = d.seen[:0]
	for i := len(tk.kept) - 1; i >= 0; i-- {
		p := &tk.kept[i]
		if p.message.kind != data {
			continue
		}
		last := !slices.Contains(d.seen, p.edge)
		if last {
			d.seen = append(d.seen, p.edge)
		}
		p.message.open = p.message.open || d.halves > 0 || !last || tk.message.kind == data && d.head.plan.Unordered
	}
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
			p.message.drop()
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
		return message{kind: watermark, standing: now, open: m.open}, rises || turns
	case barrier:
		g.barriers++
		if g.barriers < len(g.marks.each) {
			return m, false
		}
		g.barriers = 0
	}
	return m, true
}
