package http

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"flowrun/dag/op"
)

// bounded is a listener of which only so many connections are open at once; more are hung up on.
type bounded struct {
	net.Listener
	max  int64
	open atomic.Int64
	rt   op.Runtime
}

func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if b.open.Add(1) <= b.max {
			return &counted{Conn: conn, open: &b.open}, nil
		}
		b.open.Add(-1)
		_ = conn.Close()
		b.rt.WarnEvery("clients", fmt.Sprintf("hung up on a client: max_clients is %d, and so many are connected", b.max))
	}
}

// counted is a connection that counts until it is closed.
type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
