package expr

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// Evaluator computes a program over batches. It keeps buffers from one batch to the next and belongs to one goroutine.
type Evaluator struct {
	// Base is added to a row's index in its batch to give Site.Row.
	Base int64

	program *Program
	mem     memory.Allocator
	root    *compiled
	places  []int // of the input columns, by slot: index into the schema
	scratch scratch

	// Of the batch in hand:
	batch    *batch.Batch
	inputs   []column
	loaded   []bool
	frames   []*frame // all that were ever made; the first inUse are
	inUse    int
	owned    []arrow.Array // released when the batch is done
	failures []batch.Failure
	failed   []bool // by row; nil until one fails
	err      error  // what ends the whole batch

	literal arrow.Array // the last result of a program that is one literal
}

// Evaluator makes an evaluator that takes the buffers of its results from mem.
func (p *Program) Evaluator(mem memory.Allocator) *Evaluator {
	c := &compiler{program: p}
	e := &Evaluator{program: p, mem: mem, root: c.compile(p.root), places: c.places}
	e.inputs, e.loaded = make([]column, len(e.places)), make([]bool, len(e.places))
	return e
}

// Close gives back what the evaluator holds of its allocator.
func (e *Evaluator) Close() {
	if e.literal != nil {
		e.literal.Release()
		e.literal = nil
	}
	e.scratch = scratch{}
}

// Eval computes the program for the rows of b that count. values has an entry for every row of b.Record and is the
// caller's; entries of rows that failed or do not count are null, except that a bare column is handed on as it is. failed has the
// rows that could not be computed, ascending, each with its first failure. An error ends the run.
func (e *Evaluator) Eval(b *batch.Batch) (values arrow.Array, failed []batch.Failure, err error) {
	root := e.program.root
	switch root.Form {
	case FormColumn:
		values = b.Record.Column(root.Index)
		values.Retain()
		return values, nil, nil
	case FormLiteral:
		return e.repeat(int(b.Record.NumRows())), nil, nil
	}
	top := e.begin(b)
	defer e.end()
	c := e.root.eval(top)
	if e.err == nil {
		values = e.output(top, c, root.Type)
	}
	if e.err != nil {
		if values != nil {
			values.Release()
		}
		return nil, nil, fmt.Errorf("expression %s: %w", e.program.text.Value, e.err)
	}
	return values, e.takeFailures(), nil
}

// Select gives the rows of b, ascending, for which the program, which is of type bool, is true: a new slice, and the
// rows that could not be computed, as Eval does.
func (e *Evaluator) Select(b *batch.Batch) (sel []int32, failed []batch.Failure, err error) {
	top := e.begin(b)
	defer e.end()
	at := selectOf(e.root, top)
	if e.err != nil {
		return nil, nil, fmt.Errorf("expression %s: %w", e.program.text.Value, e.err)
	}
	sel = make([]int32, 0, len(at))
	for _, i := range at {
		if row := top.row(int(i)); e.failed == nil || !e.failed[row] {
			sel = append(sel, row)
		}
	}
	return sel, e.takeFailures(), nil
}

func (e *Evaluator) begin(b *batch.Batch) *frame {
	e.batch = b
	top := e.newFrame()
	top.rows, top.n = b.Sel, b.Rows()
	return top
}

// end forgets the batch: nothing of it is kept alive by the scratch.
func (e *Evaluator) end() {
	for _, a := range e.owned {
		a.Release()
	}
	clear(e.owned)
	clear(e.inputs)
	clear(e.loaded)
	for _, f := range e.frames[:e.inUse] {
		clear(f.cols)
		clear(f.read)
		f.rows, f.whole = nil, nil
	}
	e.owned, e.inUse, e.batch, e.err = e.owned[:0], 0, nil, nil
	e.failures, e.failed = nil, nil
	e.scratch.reset()
}

func (e *Evaluator) newFrame() *frame {
	if e.inUse == len(e.frames) {
		e.frames = append(e.frames, &frame{e: e, cols: make([]column, len(e.places)), read: make([]bool, len(e.places))})
	}
	f := e.frames[e.inUse]
	e.inUse++
	return f
}

// fail notes that a row could not be computed.
func (e *Evaluator) fail(row int32, err error) {
	if e.failed == nil || !e.failed[row] {
		e.note(failureOf(row, err))
	}
}

// note keeps the first failure of a row.
func (e *Evaluator) note(f batch.Failure) {
	if e.failed == nil {
		e.failed = e.scratch.bools.zeroed(int(e.batch.Record.NumRows()))
	}
	if !e.failed[f.Row] {
		e.failed[f.Row] = true
		e.failures = append(e.failures, f)
	}
}

func (e *Evaluator) takeFailures() []batch.Failure {
	slices.SortFunc(e.failures, func(a, b batch.Failure) int { return int(a.Row) - int(b.Row) })
	return e.failures
}

// own releases an array when the batch is done, unless it is retained for the caller.
func (e *Evaluator) own(a arrow.Array) arrow.Array {
	e.owned = append(e.owned, a)
	return a
}

// abort ends the evaluation of the whole batch.
func (e *Evaluator) abort(err error) {
	if e.err == nil {
		e.err = err
	}
}
