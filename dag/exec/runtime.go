package exec

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/checkpoint"
	"flowrun/dag/live"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// runtime is what the operator of one node is lent.
type runtime struct {
	n      *node
	log    *slog.Logger
	status atomic.Pointer[string]
	sleeps func(bool) // of a source
	warned causes

	hurry  chan struct{}
	hasten sync.Once
}

var _ op.Runtime = (*runtime)(nil)

func newRuntime(n *node) *runtime {
	return &runtime{n: n, log: n.run.log.With("node", n.id()), hurry: make(chan struct{})}
}

func (r *runtime) Node() string                           { return r.n.id() }
func (r *runtime) Log() *slog.Logger                      { return r.log }
func (r *runtime) Allocator() memory.Allocator            { return r.n.run.o.Allocator }
func (r *runtime) Now() time.Time                         { return r.n.run.o.Now() }
func (r *runtime) After(d time.Duration) <-chan time.Time { return r.n.run.o.After(d) }
func (r *runtime) BatchBytes() int                        { return r.n.run.o.BatchBytes }
func (r *runtime) Stdout() io.Writer                      { return nodeWriter{r.n} }
func (r *runtime) Show(epoch uint64, block []byte)        { r.n.run.shower.add(epoch, r.n.index, block) }
func (r *runtime) Showing() int                           { return r.n.run.shower.showing }
func (r *runtime) Status(text string)                     { r.status.Store(&text) }
func (r *runtime) Hurry() <-chan struct{}                 { return r.hurry }

func (r *runtime) CommitSoon() {
	if cs := r.n.run.commits; cs != nil {
		cs.asked.Store(true)
		r.n.run.nudge()
	}
}

// hurryUp closes hurry.
func (r *runtime) hurryUp() { r.hasten.Do(func() { close(r.hurry) }) }

func (r *runtime) BatchRows() int {
	if rows := r.n.plan.BatchRows; rows > 0 {
		return min(rows, r.n.run.o.BatchRows)
	}
	return r.n.run.o.BatchRows
}

// Lanes is what the file says, else one for each processor of a source; other nodes get their lanes from the engine.
func (r *runtime) Lanes() int {
	switch {
	case r.n.role != live.Source:
		return 1
	case r.n.plan.Parallelism > 0:
		return r.n.plan.Parallelism
	}
	return goruntime.GOMAXPROCS(0)
}

func (r *runtime) Checkpointed() bool { return r.n.run.o.Checkpoint != nil }

func (r *runtime) StageDir() string {
	if c := r.n.run.o.Checkpoint; c != nil && c.Dir != "" {
		return filepath.Join(c.Dir, checkpoint.Stages, r.n.id())
	}
	return ""
}

func (r *runtime) UntilNow() bool {
	k := r.n.run.plan.Trigger.Kind
	return k == plan.AvailableNow || k == plan.Once
}

func (r *runtime) Waiting(yes bool) {
	if r.sleeps != nil {
		r.sleeps(yes)
		return
	}
	r.n.meter.time.wait(yes)
}

// laneRuntime is what an operator in a lane is lent: only its time is its own.
type laneRuntime struct {
	*runtime
	clock *shares
}

func (r *laneRuntime) Waiting(yes bool) { r.clock.wait(yes) }

func (r *runtime) WarnEvery(cause, message string, args ...any) {
	if n, ok := r.warned.allow(cause, r.Now(), 1); ok {
		if n > 0 {
			args = append(args[:len(args):len(args)], "left_out", n)
		}
		r.log.Warn(message, args...)
	}
}

// maxSample is how much of a dropped reject's input is logged.
const maxSample = 200

// warnReject logs a sample of the rows that are rejected, one per reason and time; j is the first of rows. Once the reader
// of the output has gone the run ends quietly: a line that this cuts is nothing to warn of.
func (r *runtime) warnReject(message string, j *batch.Reject, rows int) {
	if n, ok := r.warned.allow("rejected\x00"+j.Reason, r.Now(), rows); ok {
		args := []any{"reason", j.Reason}
		if j.Detail != "" {
			args = append(args, "detail", j.Detail)
		}
		if len(j.Raw) > 0 {
			args = append(args, "raw", string(j.Raw[:min(len(j.Raw), maxSample)]))
		}
		if n > 0 {
			args = append(args, "left_out", n)
		}
		level := slog.LevelWarn
		if r.n.run.printer.closed.Load() {
			level = slog.LevelDebug
		}
		r.log.Log(context.Background(), level, message, args...)
	}
}

// warnEvery is the time between two warnings of one cause.
const warnEvery = 10 * time.Second

// maxCauses bounds how many causes are remembered; more share one.
const maxCauses = 128

// causes limits warnings by cause.
type causes struct {
	mu   sync.Mutex
	seen map[string]*warning
}

type warning struct {
	at   time.Time
	left int
}

// allow reports whether a warning, of several things that happened at once, may be logged now, and how many were left out
// since the last.
func (c *causes) allow(cause string, now time.Time, several int) (leftOut int, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[string]*warning{}
	}
	w := c.seen[cause]
	if w == nil && len(c.seen) >= maxCauses {
		cause = ""
		w = c.seen[cause]
	}
	if w == nil {
		c.seen[cause] = &warning{at: now, left: several - 1}
		return 0, true
	}
	if now.Sub(w.at) < warnEvery {
		w.left += several
		return 0, false
	}
	leftOut = w.left
	w.at, w.left = now, several-1
	return leftOut, true
}
