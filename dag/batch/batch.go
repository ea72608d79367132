package batch

import (
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// Mixed is the Part of a batch whose rows come from several source partitions.
const Mixed int32 = -1

// Batch is a piece of a stream. Its fields are set before it is first emitted and never written afterwards.
type Batch struct {
	Record  arrow.RecordBatch
	Sel     []int32   // rows that count, ascending; nil: all of Record
	Part    int32     // source partition, for watermark and order; Mixed: several
	Seq     uint64    // position in its partition's order; lanes restore order by it
	Arrived time.Time // when the source read it; now() of its rows
	Rejects []Reject  // inputs in this stretch of the source that became no row
	// Skipped counts the rows of this stretch that are not here any more, since a filter further down was answered early (see
	// plan.Rewrite). Up to that filter they count as rows that passed; there they count as filtered. So a batch stands for
	// [Batch.Count] rows, and one without rows still travels where it has skipped ones. The batches that an operator makes of
	// it by WithSelection, WithRecord or [Slice] have none: how many go on, and with which of them, the operator says by
	// setting it before it emits.
	Skipped int

	refs atomic.Int32
}

// Reject is an input that became no row, or a row that an expression could not be computed for.
type Reject struct {
	At     time.Time // when it was rejected
	Node   string    // by which node; the runner fills it in where it is empty
	Reason string    // what a count by reason is kept of: few different texts, no row's own data
	Detail string    // what was wrong with this one; may quote it
	Raw    []byte    // at a source the input, elsewhere the row as JSON; bounded by whoever rejects
	Cut    bool      // the stop of the run cut it off, and nothing is wrong with it: on_error: fail lets it pass
}

// Failure says that one row of a batch could not be processed.
type Failure struct {
	Row    int32  // index into Record
	Reason string // as in Reject
	Detail string // as in Reject
}

// New takes over the caller's reference to rec and returns a batch with one reference.
func New(rec arrow.RecordBatch) *Batch {
	b := &Batch{Record: rec}
	b.refs.Store(1)
	return b
}

// Rows is the number of rows that count.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	if b.Record == nil {
		return 0
	}
	return int(b.Record.NumRows())
}

// Count is the number of rows that the batch stands for: those that count, and those that were skipped.
func (b *Batch) Count() int { return b.Rows() + b.Skipped }

// Row gives the index in Record of the i-th row that counts.
func (b *Batch) Row(i int) int {
	if b.Sel != nil {
		return int(b.Sel[i])
	}
	return i
}

// Schema is the schema of Record.
func (b *Batch) Schema() *arrow.Schema { return b.Record.Schema() }

// Retain adds a reference and returns b.
func (b *Batch) Retain() *Batch {
	if b.refs.Add(1) <= 1 {
		panic("batch: Retain of a released batch")
	}
	return b
}

// Release gives one reference back; the last one releases the buffers.
func (b *Batch) Release() {
	switch n := b.refs.Add(-1); {
	case n == 0:
		if b.Record != nil {
			b.Record.Release()
		}
	case n < 0:
		panic("batch: Release of a released batch")
	}
}

// WithSelection returns a new batch over the same columns with the given rows (ascending, indices into Record); the
// caller owns it, and b keeps its references. Rejects stay with b: they have been told once. So does Skipped: see there.
func (b *Batch) WithSelection(sel []int32) *Batch {
	b.Record.Retain()
	return b.derive(b.Record, sel)
}

// WithRecord returns a new batch of b's origin with other columns, taking over the caller's reference to rec. rec has as
// many rows as b.Record if sel is meant for b's rows; nil selects all of rec. Rejects and Skipped stay with b.
func (b *Batch) WithRecord(rec arrow.RecordBatch, sel []int32) *Batch { return b.derive(rec, sel) }

func (b *Batch) derive(rec arrow.RecordBatch, sel []int32) *Batch {
	d := &Batch{Record: rec, Sel: sel, Part: b.Part, Seq: b.Seq, Arrived: b.Arrived}
	d.refs.Store(1)
	return d
}
