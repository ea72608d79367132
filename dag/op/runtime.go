package op

import (
	"io"
	"log/slog"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Runtime is what the engine lends to one operator instance, from Open to Close. All methods may be called from any
// goroutine of the operator.
type Runtime interface {
	// Node is the name of the node in the pipeline file.
	Node() string
	// Log writes to the run's log with the node's name attached.
	Log() *slog.Logger
	// WarnEvery logs a warning, but at most one per cause and 10 seconds; the next one says how many were left out.
	WarnEvery(cause, message string, args ...any)
	// Allocator is where Arrow buffers come from.
	Allocator() memory.Allocator
	// Now is the run's clock: the wall clock, or a test's.
	Now() time.Time
	// After is time.After on the run's clock.
	After(d time.Duration) <-chan time.Time
	// Waiting brackets waiting for the outside world, or for a time to come.
	Waiting(bool)
	// Hurry is closed once rows are not to be held back any longer: the run drains, or nobody reads what the node makes. A
	// transform that waits for a time to come also waits for this, and then passes on what it has.
	Hurry() <-chan struct{}
	// CommitSoon asks for a commit before its time, with the epoch that ends next or, where none is open, at once: a source cannot go on
	// until one lets it. Where the run has no checkpoint it does nothing.
	CommitSoon()
	// Status is shown on the node and, while it is not empty, in the verdict: "connecting localhost:1100, retry in 2s".
	// Empty: all is well.
	Status(text string)
	// UntilNow says that the run takes what is there now and then ends.
	UntilNow() bool
	// Checkpointed says that the run has a checkpoint: Prepare and Commit come many times, and a run that was cut off is gone on
	// with from its last durable tokens. Otherwise the end of the run is its only commit, and what it leaves behind is lost.
	Checkpointed() bool
	// StageDir is a directory of this node's own beside the checkpoint, for rows that wait for their commit (package stage); it may
	// not exist yet. It is locked with the checkpoint. Empty: the run has no checkpoint.
	StageDir() string
	// BatchRows is how many rows a batch should hold at the most, at least 1. Sources and operators that make rows
	// (explode, aggregate) cut at it.
	BatchRows() int
	// BatchBytes is how many bytes of input a source should take into one batch at the most.
	BatchBytes() int
	// Lanes is how many goroutines the operator may keep busy of itself, at least 1: the lanes in which a source decodes.
	Lanes() int
	// Stdout is where data goes that is written as it comes; writes of different nodes do not mix, and errors end the
	// run (a closed pipe quietly).
	Stdout() io.Writer
	// Show hands over the text that this node shows for an epoch. The blocks of an epoch are written to the output whole
	// and in file order of their nodes, once the epoch is complete. block is taken over.
	Show(epoch uint64, block []byte)
	// Showing says how many nodes use Show, so that a block can name its node when it is not alone.
	Showing() int
}
