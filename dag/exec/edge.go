package exec

import (
	"context"
	"sync/atomic"
	"time"

	"flowrun/dag/batch"
)

// message is what travels on an edge: rows, the promise of a watermark, or the end of an epoch.
type message struct {
	kind  messageKind
	batch *batch.Batch // of data: the receiver owns one reference
	// open, of data: others that came before or with these rows follow, since lanes give rows back one lane after the other, or in
	// any order. No watermark is made of the rows until something comes that is not open; a barrier never is, a watermark where
	// that is so on another way that leads here.
	open     bool
	standing standing // of a watermark
	cut      cut
	rows     uint64 // of a barrier or watermark: how many rows the edge was sent before it
}

type messageKind uint8

const (
	data messageKind = iota
	watermark
	barrier
	rung    // of no edge: an alarm of the reader's rang
	stirred // of no edge: an alarm is to be set anew
)

// drop gives back the rows of a message that nobody will deal with.
func (m message) drop() {
	if m.batch != nil {
		m.batch.Release()
	}
}

// cut is one barrier on its way.
type cut struct {
	epoch uint64
	last  bool // nothing follows it: runners end
	// commit: sinks prepare, operators save what they remember. The last one commits.
	commit bool
	whole  bool // of the last one: the sources have given all that they have
	empty  bool // no row came since the cut before, so it ends no epoch
	// hold is no barrier: a source passes nothing on until the next one comes.
	hold bool
	// again: a source has not passed on yet all that it reads again.
	again *atomic.Bool
}

// edge leads from an output to an input. One goroutine writes to it, one reads; or, inside a chain, it calls the reader.
// Where a chain runs in lanes each lane does so for itself.
type edge struct {
	id       string
	from, to *node
	output   string
	port     int
	chained  bool
	ch       chan message // nil in a chain
	calls    []taker      // in a chain: the reader, by lane
	merge    merge        // out of lanes: what has come from each

	closed       atomic.Bool // the reader takes no more rows; barriers and watermarks still pass
	sentRows     atomic.Uint64
	receivedRows atomic.Uint64 // of batches that the reader is done with
	sent, done   atomic.Uint64 // messages; equal when nothing is on the way and the reader is idle
	batches      atomic.Uint64
	fullSince    atomic.Int64 // in nanoseconds of the Unix epoch; 0: not full
	sampler      sampler
}

// send hands over a message; of rows the edge takes over one reference. A closed edge drops rows, and they do not count as
// sent.
func (e *edge) send(ctx context.Context, m message, w *writer) error {
	if m.kind != data {
		m.rows = e.sentRows.Load()
		return e.pass(ctx, m, w)
	}
	b := m.batch
	if e.closed.Load() {
		b.Release()
		return nil
	}
	rows := uint64(b.Count()) // b is the reader's once it is sent
	number := e.batches.Add(1)
	e.sentRows.Add(rows)
	if b.Rows() > 0 && e.from.run.watched(&e.sampler) {
		e.sampler.offer(b, number, w.epoch)
	}
	if e.chained {
		return e.pass(ctx, m, w) // what the reader cannot deal with is on its way
	}
	err := e.pass(ctx, m, w)
	if err != nil {
		e.sentRows.Add(-rows)
		b.Release()
	}
	return err
}

// pass calls the reader of a chain, or queues the message. While the queue is full it waits, and the writer's time counts
// as blocked.
func (e *edge) pass(ctx context.Context, m message, w *writer) error {
	e.sent.Add(1)
	if e.chained {
		return e.call(ctx, m, w)
	}
	select {
	case e.ch <- m:
		return nil
	default:
	}
	e.fullSince.Store(time.Now().UnixNano())
	was := w.clock.to(blocked, moment())
	defer func() {
		e.fullSince.Store(0)
		w.clock.to(was, moment())
	}()
	select {
	case e.ch <- m:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close tells the writer that no more rows are wanted. A node all of whose outputs are closed closes its own inputs, up
// to the sources, which stop reading.
func (e *edge) close() {
	if e.closed.Swap(true) {
		return
	}
	if e.from.open.Add(-1) == 0 {
		e.from.abandon()
	}
}

// flowed reports whether everything sent was dealt with. done is read first: what is sent meanwhile only makes it false.
func (e *edge) flowed() bool {
	done := e.done.Load()
	return done == e.sent.Load()
}

// clear releases what a run that was ended left in the queue.
func (e *edge) clear() {
	for {
		select {
		case m := <-e.ch:
			m.drop()
		default:
			return
		}
	}
}
