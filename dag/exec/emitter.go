package exec

import (
	"context"
	"fmt"
	"strconv"

	"flowrun/dag/batch"
	"flowrun/dag/live"
	"flowrun/dag/op"
)

// emitter is the op.Emitter of one node, used by its goroutine alone.
type emitter struct {
	n       *node
	ctx     context.Context
	clock   *shares
	epoch   uint64 // of the rows that now pass
	fates   fates  // of the call under way
	skipped int    // rows that the call handed on as skipped
	call    call
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
		e.n.mark()
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
		if err := to.sendBatch(e.ctx, b, e.epoch, e.clock); err != nil {
			for range edges[i+1:] {
				b.Release()
			}
			return err
		}
	}
	return nil
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
		e.n.mark()
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
	return nil
}

// idle checks that a call without input rows counted no fates.
func (e *emitter) idle() error {
	if e.fates != (fates{}) {
		return bug("account: fates counted outside of Process")
	}
	return nil
}
