package expr

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// Evaluator computes one program over batches: a [Set] of one. It belongs to one goroutine.
type Evaluator struct {
	// Base is added to a row's index in its batch to give Site.Row.
	Base int64

	set *Set
}

// Evaluator makes an evaluator that takes the buffers of its results from mem.
func (p *Program) Evaluator(mem memory.Allocator) *Evaluator {
	return &Evaluator{set: NewSet(mem, p)}
}

// Close gives back what the evaluator holds of its allocator.
func (e *Evaluator) Close() { e.set.Close() }

// Eval computes the program for the rows of b that count. values has an entry for every row of b.Record and is the
// caller's; entries of rows that failed are null, those of rows that do not count are arbitrary. failed has the rows that
// could not be computed, ascending, each with its first failure. An error ends the run.
func (e *Evaluator) Eval(b *batch.Batch) (values arrow.Array, failed []batch.Failure, err error) {
	e.set.Base = e.Base
	e.set.Begin(b)
	defer e.set.End()
	values, err = e.set.Eval(0, nil)
	if err != nil {
		return nil, nil, err
	}
	return values, e.set.Failures(), nil
}

// Select gives the rows of b, ascending, for which the program, which is of type bool, is true: a new slice, and the
// rows that could not be computed, as Eval does.
func (e *Evaluator) Select(b *batch.Batch) (sel []int32, failed []batch.Failure, err error) {
	e.set.Base = e.Base
	e.set.Begin(b)
	defer e.set.End()
	sel, err = e.set.Select(0, nil)
	if err != nil {
		return nil, nil, err
	}
	return sel, e.set.Failures(), nil
}
