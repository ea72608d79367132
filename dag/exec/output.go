package exec

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
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

func (p *printer) write(node string, text []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		return ErrOutputClosed
	}
	p.run.printed(node, text)
	if p.out == nil {
		return nil
	}
	if _, err := p.out.Write(text); err != nil {
		if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
			p.closed.Store(true)
			p.run.Drain()
			return ErrOutputClosed
		}
		return err
	}
	return nil
}

// nodeWriter is Runtime.Stdout of one node.
type nodeWriter struct{ n *node }

func (w nodeWriter) Write(text []byte) (int, error) {
	if err := w.n.run.printer.write(w.n.id(), text); err != nil {
		return 0, err
	}
	return len(text), nil
}
