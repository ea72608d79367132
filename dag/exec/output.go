package exec

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"flowrun/dag/retry"
)

// ErrOutputClosed is what writing to Runtime.Stdout gives once the reader of the run's output has gone away. The run then
// drains, quietly.
var ErrOutputClosed = errors.New("the reader of the output has gone away")

// printer writes what nodes print to the run's output, whole writes at a time, and makes events of it.
type printer struct {
	run    *Run
	mu     sync.Mutex // held while out is written to, perhaps for ever
	out    io.Writer  // nil: events only
	closed atomic.Bool
}

func (p *printer) write(n *node, text []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return ErrOutputClosed
	}
	p.run.printed(n.id(), text)
	if p.out == nil {
		return nil
	}
	if err := p.put(n, text); err != nil {
		if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
			p.closed.Store(true)
			p.run.Drain()
			return ErrOutputClosed
		}
		return err
	}
	return nil
}

// outputPatience is how long a disk without room, or a terminal that takes nothing now, is waited for.
const outputPatience = 5 * time.Minute

// put writes text to the output, and waits for what may pass; no byte is written twice.
func (p *printer) put(n *node, text []byte) error {
	l := retry.Loop{For: outputPatience, Hurry: n.rt.hurry}.Telling(n.rt, "write to", "the output")
	return l.Do(p.run.base, func() error {
		written, err := p.out.Write(text)
		text = text[written:]
		return err
	})
}

// nodeWriter is Runtime.Stdout of one node.
type nodeWriter struct{ n *node }

func (w nodeWriter) Write(text []byte) (int, error) {
	if err := w.n.run.printer.write(w.n, text); err != nil {
		return 0, err
	}
	return len(text), nil
}
