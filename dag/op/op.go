package op

import (
	"context"
	"encoding"
	"math"
	"time"

	"flowrun/dag/batch"
)

// EndOfTime is the watermark behind which nothing can come: all of a bounded input has been read.
var EndOfTime = time.UnixMicro(math.MaxInt64).UTC()

// Source reads rows from outside.
//
// Read runs on its own goroutine and may block; the runner cuts barriers between the batches that it has passed on.
// Committed may be called while Read blocks. Waiting for the outside world is bracketed by rt.Waiting(true) and
// rt.Waiting(false): that time is neither busy nor blocked, and "the inputs pause" means that every source waits.
type Source interface {
	// Open starts at the position from, as an earlier run encoded it; nil is a fresh start. If rt.UntilNow(), the
	// source fixes its end here, and Read gives io.EOF there. Open does not wait for a peer to appear: Read does.
	Open(ctx context.Context, rt Runtime, from []byte) error
	// Read returns the next rows as soon as there is one, and the position just behind them and their rejects. A batch
	// may hold rejects and no row. At the end of a bounded input it returns io.EOF, with or without a last batch. Once
	// ctx ends it returns what was already taken from outside, if anything, and then ctx.Err(). The caller owns the
	// batch. Any other error ends the run: what can pass is retried inside.
	Read(ctx context.Context) (*batch.Batch, Position, error)
	// Committed says that everything up to p is durable: acknowledge it, trim.
	Committed(ctx context.Context, p Position) error
	// Close is called once, after the last Committed and after Read has returned.
	Close() error
}

// Position is a place in a source, immutable, encoded only at a commit. A source that cannot replay returns nil.
type Position interface{ encoding.BinaryAppender }

// Transform changes rows.
type Transform interface {
	Open(ctx context.Context, rt Runtime) error
	// Process takes a batch from input port (an index into the node's inputs). in is lent: see package batch. Every
	// row of it, skipped ones included, gets one fate before Process returns: Emitter's Pass, Filter, Hold, Late or Reject.
	Process(ctx context.Context, port int, in *batch.Batch, out Emitter) error
	// Watermark says that no row before wm will come on any input; the transform emits what that releases and returns
	// what it now promises downstream, at most wm. [EndOfTime] is the end of a bounded input.
	Watermark(ctx context.Context, wm time.Time, out Emitter) (time.Time, error)
	// Barrier ends the epoch: emit its updates.
	Barrier(ctx context.Context, epoch uint64, out Emitter) error
	Close() error
}

// Sink takes rows outside.
type Sink interface {
	// Open finishes the pending tokens of an earlier run, the last that were made durable, whether or not they were committed,
	// and removes what a crash left behind.
	Open(ctx context.Context, rt Runtime, pending []Prepared) error
	// Write takes a batch, which is lent; out takes rejects only. Rows that are not rejected count as passed.
	Write(ctx context.Context, in *batch.Batch, out Emitter) error
	// Epoch comes at every barrier: show what need not wait for a commit. The console prints here.
	Epoch(ctx context.Context, epoch uint64) error
	// Prepare comes only where a commit follows: everything since the last one becomes durable, not yet visible. A sink
	// whose rows are visible as they are written flushes and returns nil. Rows may be written again before the Commit, but it
	// comes before the next Prepare. See [Ender] for the last one of a run.
	Prepare(ctx context.Context, out Emitter) (Prepared, error)
	// Commit makes a prepared token visible. It is idempotent; any lane can commit any token.
	Commit(ctx context.Context, p Prepared) error
	// Abort forgets a prepared token.
	Abort(ctx context.Context, p Prepared) error
	Close() error
}

// Prepared is a sink's token for rows that are durable and not yet visible. Nil: there is nothing to commit.
type Prepared []byte

// Emitter takes what an operator makes of its input. Emit and Reject fail when the run ends; the operator returns that
// error at once.
//
// The fates of input rows are counted here, and the runner checks after every call that they add up to the rows that
// came in: in = passed + filtered + late + rejected + held.
type Emitter interface {
	// Emit sends a batch to an output ("" is the main one) and takes over the caller's reference. A batch that
	// stands for no row is released and not sent. It does not count a fate.
	Emit(output string, b *batch.Batch) error
	// Reject ends the way of the failed rows of b, and counts their fate.
	Reject(b *batch.Batch, failed []batch.Failure) error
	Pass(rows int)   // input rows that left, as one row or several, now or changed
	Filter(rows int) // input rows that were left out on purpose: a predicate, a limit, an empty list, a duplicate
	Hold(rows int)   // input rows taken into state
	Late(rows int)   // input rows that came behind the watermark for all their windows
	// RejectOutput ends the way of failed rows of b, which the operator made itself (a sum that does not fit, an expression
	// over aggregates): they go where rejects go and are counted by reason, but they are no fate of an input row, since
	// the input rows behind them were counted as held. b is lent; it may be called from Watermark and Barrier.
	RejectOutput(b *batch.Batch, failed []batch.Failure) error
}
