package optest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// Patience is how long the Await methods wait before they fail the test.
const Patience = 20 * time.Second

// Runtime is an op.Runtime for one operator under test. Set the exported fields before the operator is opened.
type Runtime struct {
	Name  string // Node; "node" unless set
	Rows  int    // BatchRows; 4096 unless set
	Bytes int    // BatchBytes; 256 KiB unless set
	Until bool   // UntilNow
	Saved bool   // Checkpointed
	Stage string // StageDir
	Nodes int    // Showing; 1 unless set
	Paths int    // Lanes; 1 unless set

	t       testing.TB
	alloc   *memory.CheckedAllocator
	log     *slog.Logger
	mu      sync.Mutex
	changed chan struct{} // closed and replaced whenever something below changes
	logs    []string
	status  []string
	waiting bool
	commits int // asked for
	stdout  bytes.Buffer
	shown   map[uint64]string
	hurry   chan struct{}
}

var _ op.Runtime = (*Runtime)(nil)

// New makes a Runtime. When the test ends it fails unless all Arrow buffers were given back.
func New(t testing.TB) *Runtime {
	r := &Runtime{t: t, changed: make(chan struct{}), shown: map[uint64]string{}, hurry: make(chan struct{}),
		alloc: memory.NewCheckedAllocator(batch.NewPool())}
	r.log = slog.New(&handler{r: r})
	t.Cleanup(func() {
		if !t.Failed() {
			r.alloc.AssertSize(t, 0)
		}
	})
	return r
}

// Node gives Name.
func (r *Runtime) Node() string { return or(r.Name, "node") }

// Log gives a logger whose lines Logs returns.
func (r *Runtime) Log() *slog.Logger { return r.log }

// WarnEvery logs every warning, with its cause, so that a test sees each of them.
func (r *Runtime) WarnEvery(cause, message string, args ...any) {
	r.log.Warn(message, append(args, "cause", cause)...)
}

// Allocator gives a checked allocator.
func (r *Runtime) Allocator() memory.Allocator { return r.alloc }

// Now gives the time.
func (r *Runtime) Now() time.Time { return time.Now() }

// After is time.After.
func (r *Runtime) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Waiting remembers its argument, and fails the test when a bracket does not fit.
func (r *Runtime) Waiting(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == on {
		r.t.Errorf("Waiting(%v) was said twice in a row", on)
	}
	r.waiting = on
	r.tell()
}

// IsWaiting reports what Waiting was told last.
func (r *Runtime) IsWaiting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting
}

// CommitSoon counts.
func (r *Runtime) CommitSoon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commits++
	r.tell()
}

// AwaitCommitSoon waits until CommitSoon was called so often.
func (r *Runtime) AwaitCommitSoon(times int) {
	r.t.Helper()
	r.await(fmt.Sprintf("CommitSoon, %d times", times), func() bool { return r.commits >= times })
}

// Status remembers its text.
func (r *Runtime) Status(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = append(r.status, text)
	r.tell()
}

// Hurry is closed by Hasten.
func (r *Runtime) Hurry() <-chan struct{} { return r.hurry }

// Hasten closes Hurry, once.
func (r *Runtime) Hasten() { close(r.hurry) }

// UntilNow gives Until.
func (r *Runtime) UntilNow() bool { return r.Until }

// Checkpointed gives Saved.
func (r *Runtime) Checkpointed() bool { return r.Saved }

// StageDir gives Stage.
func (r *Runtime) StageDir() string { return r.Stage }

// BatchRows gives Rows.
func (r *Runtime) BatchRows() int { return or(r.Rows, 4096) }

// BatchBytes gives Bytes.
func (r *Runtime) BatchBytes() int { return or(r.Bytes, 256<<10) }

// Lanes gives Paths.
func (r *Runtime) Lanes() int { return or(r.Paths, 1) }

// Stdout gives a writer whose text Printed returns.
func (r *Runtime) Stdout() io.Writer { return (*stdout)(r) }

// Show remembers the block of an epoch, and fails the test when the epoch had one.
func (r *Runtime) Show(epoch uint64, block []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.shown[epoch]; ok {
		r.t.Errorf("epoch %d was shown twice", epoch)
	}
	r.shown[epoch] = string(block)
	r.tell()
}

// Showing gives Nodes.
func (r *Runtime) Showing() int { return or(r.Nodes, 1) }

// Logs returns the lines logged so far, each "LEVEL message key=value ...".
func (r *Runtime) Logs() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.logs...)
}

// Statuses returns all texts given to Status so far.
func (r *Runtime) Statuses() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.status...)
}

// Printed returns what was written to Stdout so far.
func (r *Runtime) Printed() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stdout.String()
}

// Shown returns the block of an epoch, and whether there was one.
func (r *Runtime) Shown(epoch uint64) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.shown[epoch]
	return s, ok
}

// AwaitLog waits for a log line that holds text.
func (r *Runtime) AwaitLog(text string) {
	r.t.Helper()
	r.await("a log line with "+text, func() bool { return holds(r.logs, text) })
}

// AwaitStatus waits for a status that holds text, or has seen one.
func (r *Runtime) AwaitStatus(text string) {
	r.t.Helper()
	r.await("a status with "+text, func() bool { return holds(r.status, text) })
}

// AwaitWaiting waits until the operator waits for the outside world.
func (r *Runtime) AwaitWaiting() {
	r.t.Helper()
	r.await("Waiting(true)", func() bool { return r.waiting })
}

// await waits until ok, which is called with the lock held.
func (r *Runtime) await(what string, ok func() bool) {
	r.t.Helper()
	timeout := time.After(Patience)
	for {
		r.mu.Lock()
		done, changed := ok(), r.changed
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			r.t.Fatalf("waited %v for %s; logs: %q; statuses: %q", Patience, what, r.Logs(), r.Statuses())
		}
	}
}

// tell wakes those who await; the lock is held.
func (r *Runtime) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// stdout is the Runtime as the writer of its Stdout.
type stdout Runtime

func (s *stdout) Write(p []byte) (int, error) {
	r := (*Runtime)(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell()
	return r.stdout.Write(p)
}

// handler keeps log lines.
type handler struct {
	r     *Runtime
	attrs []slog.Attr
}

func (h *handler) Enabled(context.Context, slog.Level) bool { return true }
func (h *handler) WithGroup(string) slog.Handler            { return h }
func (h *handler) WithAttrs(as []slog.Attr) slog.Handler {
	return &handler{r: h.r, attrs: append(append([]slog.Attr(nil), h.attrs...), as...)}
}

func (h *handler) Handle(_ context.Context, rec slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", rec.Level, rec.Message)
	write := func(a slog.Attr) bool { fmt.Fprintf(&b, " %s=%v", a.Key, a.Value); return true }
	for _, a := range h.attrs {
		write(a)
	}
	rec.Attrs(write)
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	h.r.logs = append(h.r.logs, b.String())
	h.r.tell()
	return nil
}

func holds(lines []string, text string) bool {
	for _, l := range lines {
		if strings.Contains(l, text) {
			return true
		}
	}
	return false
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
