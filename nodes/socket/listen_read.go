package socket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/nodes/peer"
)

// Read gives the lines of one client at a time, a chunk of each in the order in which they came.
func (l *listener) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	for {
		if l.current == nil {
			if err := l.await(ctx); err != nil {
				return nil, nil, err
			}
			continue
		}
		b := l.reader.Next()
		if b == nil {
			b = l.finish(l.current)
		}
		if b != nil {
			return b, nil, nil
		}
	}
}

// await goes to the next client that has something. Once ctx has ended those come that were read before, and then its error.
func (l *listener) await(ctx context.Context) error {
	if ctx.Err() != nil {
		l.end()
		select {
		case c := <-l.ready:
			l.begin(c)
			return nil
		case <-l.gone:
		}
		select {
		case c := <-l.ready:
			l.begin(c)
			return nil
		default:
			return ctx.Err()
		}
	}
	select {
	case c := <-l.ready:
		l.begin(c)
		return nil
	default:
	}
	l.rt.Waiting(true)
	defer l.rt.Waiting(false)
	select {
	case c := <-l.ready:
		l.begin(c)
	case <-ctx.Done():
	}
	return nil
}

// begin makes c the client whose chunk is decoded.
func (l *listener) begin(c *client) {
	switch {
	case !c.dead:
		l.current = c
		l.bytes.Add(uint64(c.n))
		l.reader.Swap(c.framer)
		l.reader.Feed(c.chunk[:c.n], l.rt.Now())
		l.reader.Part = c.part
	case c.err != nil:
		l.leave(c)
	default:
		c.next <- struct{}{}
	}
}

// finish lets the client read on whose chunk has been decoded, or says goodbye. The batch, if any, holds what came last.
func (l *listener) finish(c *client) *batch.Batch {
	l.current = nil
	if c.err != nil {
		b := l.goodbye(c)
		l.reader.Swap(codec.Framer{})
		l.hold(c, 0)
		l.leave(c)
		return b
	}
	c.framer = l.reader.Swap(codec.Framer{})
	held := c.framer.Held()
	if held == 0 {
		c.framer = codec.Framer{Stream: c.framer.Stream} // it keeps no buffer from one line to the next
	}
	l.hold(c, held)
	c.next <- struct{}{}
	if l.held > int(l.cfg.MaxPending) {
		return l.evict()
	}
	return nil
}

// goodbye ends a client's stream: its last line needs no end where the client ended the connection itself.
func (l *listener) goodbye(c *client) *batch.Batch {
	switch {
	case errors.Is(c.err, io.EOF):
		return l.reader.End()
	case l.ended():
		return l.reader.Stop()
	case errors.Is(c.err, os.ErrDeadlineExceeded):
		silent := time.Duration(l.cfg.IdleTimeout)
		l.rt.WarnEvery("idle", fmt.Sprintf("hung up on a client that sent nothing for %v", silent), "client", c.conn.RemoteAddr())
		return l.reader.Break(fmt.Sprintf("the client sent nothing for %v in the middle of it", silent))
	}
	l.rt.WarnEvery("lost", "lost the connection to a client", "client", c.conn.RemoteAddr(), "error", peer.Reason(c.err))
	return l.reader.Break("the connection was lost in the middle of it")
}

func (l *listener) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ending
}

// hold notes how much memory the beginning of a client's line takes.
func (l *listener) hold(c *client, bytes int) {
	l.held += bytes - l.pending[c]
	if bytes == 0 {
		delete(l.pending, c)
		return
	}
	l.pending[c] = bytes
}

// evict hangs up on the client whose unfinished line takes most memory.
func (l *listener) evict() *batch.Batch {
	var worst *client
	for c, n := range l.pending {
		if worst == nil || n > l.pending[worst] || n == l.pending[worst] && c.part < worst.part {
			worst = c
		}
	}
	l.rt.WarnEvery("pending", fmt.Sprintf("hung up on a client: the unfinished lines of all clients are longer than max_pending, %d bytes", l.cfg.MaxPending),
		"client", worst.conn.RemoteAddr())
	worst.dead = true
	_ = worst.conn.Close()
	l.hold(worst, 0)
	l.reader.Swap(worst.framer)
	l.reader.Part = worst.part
	worst.framer = codec.Framer{}
	b := l.reader.Break("the unfinished lines of all clients are longer than max_pending")
	l.reader.Swap(codec.Framer{})
	return b
}
