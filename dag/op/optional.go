package op

import (
	"context"
	"time"

	"flowrun/dag/state"
)

// What follows an operator may implement beside its contract; the runner asks for it once.

// Finisher is a [Transform] that can know that it needs no more input, as a limit does.
//
// The runner asks after Open and after every Process. Once Finished is true it stays true: Process is not called again,
// rows that still arrive count as filtered, the inputs are closed, and Watermark is called with [EndOfTime], as at the
// end of a bounded input. Barriers still come. A node upstream of which every output is closed so stops too, and a source
// stops reading.
type Finisher interface{ Finished() bool }

// Replayer is a [Source] that begins with what an earlier run read. Its batches have the times at which they arrived then, which the
// run's clock has left behind; so the clock stands still for windows of processing time until all of those have passed.
type Replayer interface {
	// Replaying reports whether more of it follows. It is asked by who reads, after Open and after each Read.
	Replaying() bool
}

// Ahead is a [Source] of which a journal may read more before it has handed on what came before, so that one sync of the disk makes
// all of that durable. A source that takes the next Read for the sign that its last batch is in safe hands is none, unless it waits for
// what Ahead says.
type Ahead interface {
	// Ahead is called before Open by who reads ahead. kept is called, from one goroutine, with how many more of the batches that Read
	// gave are durable, or were handed on; in their order, and of all of them unless the run fails.
	Ahead() (kept func(batches int))
}

// Ender is a [Sink] that has to know when nothing more will come: a sink of one file shows it then.
type Ender interface {
	// End comes once, on the sink's goroutine, between the last Write or Epoch and the last Prepare of a run. whole says that
	// all sources above have come to their end; otherwise the run was stopped, and what it did not finish a later one goes
	// on with from the checkpoint.
	End(ctx context.Context, whole bool) error
}

// Marker is a [Transform] that makes watermarks of its own, from the rows that it sees. The runner asks after every Process
// (behind lanes that change the order of rows: once all of a batch has come, or at a watermark or barrier) and passes on what has
// risen. What the inputs promise it still tells by Watermark, and passes on only the end of time.
type Marker interface{ Mark() time.Time }

// Clocked is a [Transform] that acts as time passes on the run's clock, without rows.
type Clocked interface {
	// Wake is when Tick wants to be called next, zero: not before something else happened. The runner asks after every call.
	Wake() time.Time
	// Tick says that the run's clock has reached the time of Wake; the transform emits what that releases. Rows that come with it
	// count as those that a watermark releases.
	Tick(ctx context.Context, now time.Time, out Emitter) error
}

// Stateful is an operator that remembers something between batches. The runner asks on the operator's goroutine, at every
// barrier.
type Stateful interface {
	// State is how many rows or keys it remembers, and about how many bytes that takes.
	State() (rows, bytes int64)
}

// Durable is a [Transform] with a memory that a checkpoint keeps. An operator that remembers anything between barriers is
// one; what it makes again at every start, it does not show.
//
// The runner asks on the operator's goroutine: behind Open, and before anything comes, where there is something to restore; and
// behind Barrier where a commit follows, unless neither Process nor Watermark nor Tick was called since the last commit: a Barrier
// that comes behind another one with nothing in between changes nothing of what is remembered.
type Durable interface {
	// Remember shows all that is remembered, the same parts in every run. Where m reads, they are what an earlier run saved when it
	// returns; the operator then makes again what follows from them.
	Remember(m *state.Memory)
}

// ByteCounter is a [Source] that knows how many bytes it took from outside since Open. It may be asked at any time, from
// any goroutine.
type ByteCounter interface{ BytesRead() uint64 }
