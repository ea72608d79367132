package socket

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"flowrun/dag/codec"
	"flowrun/nodes/peer"
)

// clientChunk is how much is read of a client at once. Each client has so much memory of its own, whatever it does.
const clientChunk = 16 << 10

// client is one connection of a listener. Its goroutine reads a chunk, hands itself over, and reads on when the chunk has
// been decoded: so each client waits in line like every other, and nothing is read ahead.
type client struct {
	conn net.Conn
	part int32         // its source partition: a number that no other client has at the same time
	next chan struct{} // one token: the chunk is free again

	// Written by its goroutine before it hands itself over, read afterwards.
	chunk []byte
	n     int
	err   error // n bytes are the last ones: the end of the connection, and how

	// Used by Read only:
	framer codec.Framer
	dead   bool // it was hung up on; what still comes of it is dropped
}

// serve reads until the connection ends or is closed.
func (l *listener) serve(ctx context.Context, c *client) {
	defer l.group.Done()
	if err := l.shake(ctx, c); err != nil {
		if ctx.Err() == nil {
			l.rt.WarnEvery("handshake", "a client's TLS handshake failed, it was hung up on", "client", c.conn.RemoteAddr(), "error", peer.Reason(err))
		}
		l.leave(c)
		return
	}
	c.chunk = make([]byte, clientChunk)
	for {
		if idle := time.Duration(l.cfg.IdleTimeout); idle > 0 {
			_ = c.conn.SetReadDeadline(time.Now().Add(idle))
			if ctx.Err() != nil { // the deadline of the end must not be moved
				_ = c.conn.SetReadDeadline(time.Unix(1, 0))
			}
		}
		c.n, c.err = c.conn.Read(c.chunk)
		l.ready <- c // it has room for every client
		if c.err != nil {
			return
		}
		<-c.next
	}
}

// shake agrees on a key where the connection is encrypted.
func (l *listener) shake(ctx context.Context, c *client) error {
	secured, ok := c.conn.(*tls.Conn)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(l.cfg.ConnectTimeout))
	defer cancel()
	return secured.HandshakeContext(ctx)
}
