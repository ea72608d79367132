package exec

import (
	"io"
	"log/slog"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

// Connectors makes the operators at the ends of a plan. n.Op is a *plan.Scan for Source and a *plan.Write for Sink.
type Connectors interface {
	Source(n *plan.Node) (op.Source, error)
	Sink(n *plan.Node) (op.Sink, error)
}

// Tables is what Connectors are as well where transforms of the plan read tables. n.Op is a *plan.Lookup with a Table.
type Tables interface {
	// Table makes the connector of one lane. Before it is opened it need not be closed.
	Table(n *plan.Node) (op.Table, error)
}

// Options tune a run. The zero Options are good.
type Options struct {
	// Transforms makes the operators in between; nil: package relational.
	Transforms func(n *plan.Node) (op.Transform, error)
	// Allocator is where Arrow buffers come from; nil: a batch.Pool of the run's own.
	Allocator memory.Allocator
	// BatchRows and BatchBytes bound a batch; 0: 4096 rows, 512 KiB.
	BatchRows, BatchBytes int
	// Queue is how many batches an edge holds; 0: 4.
	Queue int
	// Events is how many events are kept for those who come late; 0: 2000.
	Events int
	// Log takes log records beside the events; nil: they become events only.
	Log slog.Handler
	// LogLevel is the least level that becomes an event; the zero Level is Info.
	LogLevel slog.Level
	// Output takes what sinks print; it is written to by one goroutine at a time, and while somebody reads events the
	// text becomes events too. Nil: it becomes events only, as while a dashboard owns the terminal. A write that fails with EPIPE drains the run; any other failure ends it.
	Output io.Writer
	// Watched: somebody will watch to the end, so edges keep their newest rows from the first one on. Otherwise they begin
	// with the first look, for which a short run may have no time.
	Watched bool
	// Where names the run to watchers; "": "local".
	Where string
	// Checkpoint makes the run durable; nil: the end of the run is its only commit.
	Checkpoint *Checkpoint
	// Now, After and At are the run's clock, for triggers, operators and what waits for a time; nil: the wall clock.
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	At    func(time.Time) <-chan time.Time // fires once the clock has reached the time
}

func (o Options) withDefaults(c Connectors) Options {
	if o.Transforms == nil {
		var table func(*plan.Node) (op.Table, error)
		if t, ok := c.(Tables); ok {
			table = t.Table
		}
		o.Transforms = relational.With(table)
	}
	if o.BatchRows <= 0 {
		o.BatchRows = 4096
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = 512 << 10 // where reading stops getting faster; a source holds a few of them at once
	}
	if o.Queue <= 0 {
		o.Queue = 4
	}
	if o.Events <= 0 {
		o.Events = 2000
	}
	if o.Log == nil {
		o.Log = slog.DiscardHandler
	}
	if o.Where == "" {
		o.Where = "local"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.At == nil {
		o.At = func(at time.Time) <-chan time.Time { return time.After(at.Sub(o.Now())) }
	}
	return o
}
