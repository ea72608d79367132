package exec

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"

	"flowrun/dag/batch"
	"flowrun/dag/live"
	"flowrun/dag/op"
)

// emitter is the op.Emitter of one instance of a node's operator, used by its goroutine alone.
type emitter struct {
	writer
	n       *node
	ctx     context.Context
	lane    *lane // that the instance runs in; nil: none
	fates   fates // of the call under way
	skipped int   // rows that the call handed on as skipped
	open    bool  // more follows of what came in, see message
	call    call
	raw     rowText

	// since is when the first row came that no barrier has ended yet, in nanoseconds of the Unix epoch on the run's clock;
	// 0: none. It is set here, and cleared by the barrier.
	since atomic.Int64

	total account // of all calls

	stateRows, stateBytes atomic.Int64 // what the operator remembered when it was last noted
	stateOnDisk           atomic.Int64 // bytes of it
	stateMost             atomic.Int64 // the most bytes of those
}

// writer is whose rows an edge is given.
type writer struct {
	clock *shares // of who waits while the edge is full; nil: nobody's
	epoch uint64  // of the rows that now pass
	lane  int     // in which they were made
}

// call is what the operator is asked for. Only some calls have input rows whose fates count.
type call int

const (
	callProcess call = iota
	callWatermark
	callBarrier
	callWrite
	callPrepare
)

var _ op.Emitter = (*emitter)(nil)

// Emit sends a batch to every edge that reads the output.
func (e *emitter) Emit(output string, b *batch.Batch) error {
	rows, skipped := b.Count(), b.Skipped // b is the readers' once it is sent
	if rows == 0 {
		b.Release()
		return nil
	}
	if e.n.role == live.Sink {
		b.Release()
		return bug("a sink emitted rows")
	}
	if e.call == callWatermark {
		e.mark()
	}
	to := e.n.main
	if output != "" {
		to = e.n.out[output]
	}
	if len(to) == 0 && e.n.plan.Output(output) == nil {
		b.Release()
		return bug("rows for output " + strconv.Quote(output) + ", which the node does not have")
	}
	if err := e.send(to, b); err != nil {
		return err
	}
	e.skipped += skipped
	e.n.meter.rowsOut.Add(uint64(rows))
	e.total.out += rows
	return nil
}

// send gives each edge a reference.
func (e *emitter) send(edges []*edge, b *batch.Batch) error {
	if len(edges) == 0 {
		b.Release()
		return nil
	}
	for range edges[1:] {
		b.Retain()
	}
	for i, to := range edges {
		if err := e.give(to, message{kind: data, batch: b, open: e.open}); err != nil {
			for range edges[i+1:] {
				b.Release()
			}
			return err
		}
	}
	return nil
}

// give hands a message to an edge. What leaves the lanes is kept until it is its turn.
func (e *emitter) give(to *edge, m message) error {
	if e.lane != nil && !to.chained {
		e.lane.keep(to, m)
		return nil
	}
	err := to.send(e.ctx, m, &e.writer)
	if err != nil && to.chained {
		// An operator between here and the runner might hide it.
		if e.lane != nil {
			e.lane.fails(err)
		} else {
			e.n.run.fail(err)
		}
	}
	return err
}

// forward gives a watermark or a barrier to every edge.
func (e *emitter) forward(m message) error {
	m.open = e.open
	for _, to := range e.n.edges {
		if err := e.give(to, m); err != nil {
			return err
		}
	}
	return nil
}

// mark notes that rows came which the next barrier has to end.
func (e *emitter) mark() {
	if e.since.Load() == 0 {
		e.since.Store(max(e.n.run.o.Now().UnixNano(), 1))
		e.n.run.nudge()
	}
}

// ended notes that a barrier has come: what came before it belongs to its epoch.
func (e *emitter) ended(c cut) {
	e.since.Store(0)
	e.epoch = c.epoch + 1
	if cs := e.n.run.commits; cs != nil && c.commit {
		cs.note(e.n.id(), e.total.addTo)
	}
}

// Reject ends the way of input rows.
func (e *emitter) Reject(b *batch.Batch, failed []batch.Failure) error {
	if len(failed) == 0 {
		return nil
	}
	switch e.call {
	case callProcess, callWrite:
		e.fates.rejected += len(failed)
	case callPrepare:
		// They counted as passed when they were written.
		e.n.meter.passed.Add(^uint64(len(failed) - 1))
		e.n.meter.rejected.Add(uint64(len(failed)))
		e.total.passed -= len(failed)
		e.total.rejected += len(failed)
	default:
		return bug("Reject outside of Process; rows that the operator made are rejected by RejectOutput")
	}
	return e.n.rejectRows(e, b, failed)
}

// RejectOutput ends the way of rows that the operator made.
func (e *emitter) RejectOutput(b *batch.Batch, failed []batch.Failure) error {
	if len(failed) == 0 {
		return nil
	}
	if e.call == callWatermark {
		e.mark()
	}
	e.n.meter.rejectedOut.Add(uint64(len(failed)))
	return e.n.rejectRows(e, b, failed)
}

// Pass counts input rows that left.
func (e *emitter) Pass(rows int) { e.fates.passed += rows }

// Filter counts input rows that were left out.
func (e *emitter) Filter(rows int) { e.fates.filtered += rows }

// Hold counts input rows that were taken into state.
func (e *emitter) Hold(rows int) { e.fates.held += rows }

// Late counts input rows that came too late.
func (e *emitter) Late(rows int) { e.fates.late += rows }

// begin starts a call.
func (e *emitter) begin(c call) { e.call, e.fates, e.skipped = c, fates{}, 0 }

// settle checks that the rows of a call have a fate each, and counts them; some of them had been skipped before.
func (e *emitter) settle(rows, skipped int) error {
	f := e.fates
	if f.sum() != rows {
		text := fmt.Sprintf("account: of %d rows in, %d passed, %d filtered, %d late, %d rejected, %d held", rows,
			f.passed, f.filtered, f.late, f.rejected, f.held)
		if skipped > 0 {
			text += fmt.Sprintf("; %d of them were skipped, does the operator know of those?", skipped)
		}
		return bug(text)
	}
	if lost := skipped - e.skipped; lost < 0 || lost > f.filtered {
		return bug(fmt.Sprintf("account: of %d skipped rows in, %d were handed on and at most %d filtered", skipped, e.skipped, f.filtered))
	}
	e.n.meter.took(rows, e.fates)
	e.total.took(rows, f)
	return nil
}

// idle checks that a call without input rows counted no fates.
func (e *emitter) idle() error {
	if e.fates != (fates{}) {
		return bug("account: fates counted outside of Process")
	}
	return nil
}
