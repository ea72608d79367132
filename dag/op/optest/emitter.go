package optest

import (
	"sync"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// Emitter is an op.Emitter that keeps what it is given and counts fates. Release it when done.
type Emitter struct {
	Batches                        map[string][]*batch.Batch // by output
	Failures                       []batch.Failure
	OutputFailures                 []batch.Failure // of rows that the operator made
	Passed, Filtered, Held, Behind int             // fates; Behind counts Late
	mu                             sync.Mutex
}

var _ op.Emitter = (*Emitter)(nil)

// Emit keeps b; one that stands for no row is released.
func (e *Emitter) Emit(output string, b *batch.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if b.Count() == 0 {
		b.Release()
		return nil
	}
	if e.Batches == nil {
		e.Batches = map[string][]*batch.Batch{}
	}
	e.Batches[output] = append(e.Batches[output], b)
	return nil
}

// Reject keeps the failures.
func (e *Emitter) Reject(_ *batch.Batch, failed []batch.Failure) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.Failures = append(e.Failures, failed...)
	return nil
}

// RejectOutput keeps the failures apart.
func (e *Emitter) RejectOutput(_ *batch.Batch, failed []batch.Failure) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.OutputFailures = append(e.OutputFailures, failed...)
	return nil
}

// Pass counts rows.
func (e *Emitter) Pass(rows int) { e.count(&e.Passed, rows) }

// Filter counts rows.
func (e *Emitter) Filter(rows int) { e.count(&e.Filtered, rows) }

// Hold counts rows.
func (e *Emitter) Hold(rows int) { e.count(&e.Held, rows) }

// Late counts rows.
func (e *Emitter) Late(rows int) { e.count(&e.Behind, rows) }

func (e *Emitter) count(n *int, rows int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	*n += rows
}

// Release gives back all batches.
func (e *Emitter) Release() {
	for _, bs := range e.Batches {
		for _, b := range bs {
			b.Release()
		}
	}
	e.Batches = nil
}
