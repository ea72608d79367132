package lineserver

import (
	"io"
	"net"
	"sync"
	"time"
)

// client is a connection with a bounded buffer in front of it. One goroutine writes, one watches for the other side to go.
type client struct {
	conn  net.Conn
	name  string
	bound int
	nudge func()

	mu     sync.Mutex
	filled *sync.Cond // pending grew, or over was set
	// pending waits to be written, spare is the other buffer of the two that take turns.
	pending, spare []byte
	taken          time.Time // when the connection last took something
	sending        bool      // a buffer is being written
	over           bool      // nothing comes any more
	gone           bool
}

func newClient(conn net.Conn, bound int, nudge func()) *client {
	c := &client{conn: conn, name: conn.RemoteAddr().String(), bound: bound, nudge: nudge, taken: time.Now()}
	c.filled = sync.NewCond(&c.mu)
	return c
}

// offer appends p to the buffer if it fits, or if the buffer is empty. A client that has gone takes everything.
func (c *client) offer(p []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone || c.over {
		return true
	}
	if len(c.pending) > 0 && len(c.pending)+len(p) > c.bound {
		return false
	}
	if len(c.pending) == 0 {
		c.filled.Signal()
		if !c.sending {
			c.taken = time.Now() // the time starts when there is something to take, not when write notices
		}
	}
	c.pending = append(c.pending, p...)
	return true
}

// clear reports whether everything offered has been written, as far as it can be.
func (c *client) clear() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone || len(c.pending) == 0 && !c.sending
}

// idle is how long the connection has taken nothing of what there was.
func (c *client) idle() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.taken)
}

// write moves the buffer into the connection until the client has gone or all is written after finish.
func (c *client) write() {
	for {
		c.mu.Lock()
		for len(c.pending) == 0 && !c.over && !c.gone {
			c.filled.Wait()
		}
		p := c.pending
		c.pending, c.spare = c.spare[:0], nil
		c.taken = time.Now()
		stop := c.gone || len(p) == 0
		c.sending = !stop
		c.mu.Unlock()
		if stop {
			c.conn.Close()
			return
		}
		err := c.send(p)
		c.mu.Lock()
		c.spare, c.sending = p[:0], false
		c.gone = c.gone || err != nil
		c.mu.Unlock()
		c.nudge()
	}
}

// send writes p in pieces, so that taking a part of it counts as taking something.
func (c *client) send(p []byte) error {
	for len(p) > 0 {
		n, err := c.conn.Write(p[:min(len(p), 64<<10)])
		if err != nil {
			return err
		}
		p = p[n:]
		c.mu.Lock()
		c.taken = time.Now()
		c.mu.Unlock()
	}
	return nil
}

// watch reads and drops what the client sends, until the connection ends.
func (c *client) watch() {
	_, _ = io.Copy(io.Discard, c.conn)
	c.drop()
}

// drop ends the connection; what is in the buffer is lost.
func (c *client) drop() {
	c.mu.Lock()
	c.gone = true
	c.pending = nil
	c.filled.Broadcast()
	c.mu.Unlock()
	c.conn.Close()
}

// finish lets the buffer be written until the deadline, and then ends the connection.
func (c *client) finish(deadline time.Time) {
	_ = c.conn.SetWriteDeadline(deadline)
	c.mu.Lock()
	c.over = true
	c.filled.Broadcast()
	c.mu.Unlock()
}
