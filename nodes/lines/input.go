package lines

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// Input reads from a connection or a file so that the end of a context ends a blocked read at once. It is used by one
// goroutine. It never reads ahead: what is not asked for stays with the sender.
//
// Where the system can interrupt a read (sockets, pipes that the program made), or can be asked before it (a terminal, a pipe or a
// file inherited as standard input, on Linux), nothing is read once the context has ended. Elsewhere one goroutine does the reading, on
// demand: when a context ends under it, the next Read takes over what it brings, and after Close it ends with the read that it is in.
type Input struct {
	waiting func(bool)
	read    func(ctx context.Context, p []byte) (int, error)

	src   deadliner
	raw   syscall.RawConn // nil: src.Read is used
	try   func(fd uintptr) bool
	p     []byte // of the Read that try serves, and its result
	n     int
	err   error
	block bool
	guard guard

	poller *poller
	worker *worker
}

// deadliner is what can interrupt a read.
type deadliner interface {
	io.Reader
	SetReadDeadline(time.Time) error
}

// NewInput reads from r, which stays the caller's to close. waiting is called with true before a read blocks and with
// false afterwards.
func NewInput(r io.Reader, waiting func(bool)) *Input {
	in := &Input{waiting: waiting}
	if d, ok := r.(deadliner); ok && d.SetReadDeadline(time.Time{}) == nil {
		in.src, in.guard.set = d, d.SetReadDeadline
		in.read = in.readPlain
		if c, ok := r.(syscall.Conn); ok && canTry {
			if raw, err := c.SyscallConn(); err == nil {
				in.raw, in.try, in.read = raw, in.tryRead, in.readRaw
			}
		}
		return in
	}
	if p, ok := newPoller(r, waiting); ok {
		in.poller, in.read = p, p.read
		return in
	}
	in.worker = newWorker(r)
	in.read = in.readWorker
	return in
}

// Read reads what is there, at least one byte, waiting for it if need be. Once ctx has ended it returns ctx.Err(). The
// end of the input is io.EOF.
func (in *Input) Read(ctx context.Context, p []byte) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n, err := in.read(ctx, p)
	for n == 0 && err == nil {
		n, err = in.read(ctx, p)
	}
	if n > 0 {
		return n, nil // an error comes again
	}
	if err != nil && ctx.Err() != nil && !errors.Is(err, io.EOF) {
		err = ctx.Err()
	}
	return 0, err
}

// Close ends what Read started. It does not close the reader.
func (in *Input) Close() {
	if in.worker != nil {
		in.worker.close()
		return
	}
	if in.poller != nil {
		in.poller.close()
		return
	}
	in.guard.watch(context.Background()) // which never ends
}

func (in *Input) readPlain(ctx context.Context, p []byte) (int, error) {
	in.guard.watch(ctx)
	in.waiting(true)
	defer in.waiting(false)
	return in.src.Read(p)
}

// readRaw asks first and waits only where nothing is there, so that a busy connection never counts as waiting.
func (in *Input) readRaw(ctx context.Context, p []byte) (int, error) {
	in.guard.watch(ctx)
	in.p, in.n, in.err = p, 0, nil
	err := in.raw.Read(in.try)
	in.p = nil
	if in.block {
		in.block = false
		in.waiting(false)
	}
	if err == nil {
		err = in.err
	}
	if err == nil && in.n == 0 {
		err = io.EOF
	}
	return in.n, err
}

func (in *Input) tryRead(fd uintptr) bool {
	n, err := tryRead(fd, in.p)
	if err == errWouldBlock {
		if !in.block {
			in.block = true
			in.waiting(true)
		}
		return false
	}
	if err != nil {
		err = os.NewSyscallError("read", err)
	}
	in.n, in.err = max(n, 0), err
	return true
}

func (in *Input) readWorker(ctx context.Context, p []byte) (int, error) {
	in.worker.ask(len(p))
	n, err, ok := in.worker.answered(p)
	if !ok {
		in.waiting(true)
		n, err = in.worker.await(ctx, p)
		in.waiting(false)
	}
	return n, err
}

// guard moves a reader's deadline into the past when the watched context ends.
type guard struct {
	set  func(time.Time) error
	mu   sync.Mutex
	gen  int
	done <-chan struct{}
	stop func() bool
}

// watch watches ctx instead of the context before it. The same context again costs nothing.
func (g *guard) watch(ctx context.Context) {
	done := ctx.Done()
	if done == g.done {
		return
	}
	if g.stop != nil {
		g.stop()
		g.stop = nil
	}
	g.mu.Lock()
	g.gen++
	mine := g.gen
	_ = g.set(time.Time{})
	g.mu.Unlock()
	g.done = done
	if done == nil {
		return
	}
	g.stop = context.AfterFunc(ctx, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.gen == mine {
			_ = g.set(time.Unix(1, 0))
		}
	})
}
