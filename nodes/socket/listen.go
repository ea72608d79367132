package socket

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/retry"
	"flowrun/nodes/lines"
	"flowrun/nodes/peer"
)

// listener is the source that clients connect to. One goroutine accepts and one reads each client; Read decodes what they
// bring, a chunk at a time, and a client whose chunk waits reads nothing more.
type listener struct {
	cfg     Config
	address string
	format  plan.Format
	schema  *arrow.Schema
	want    []bool // see plan.Scan

	rt     op.Runtime
	tls    *tls.Config // nil: connections are not encrypted
	reader *lines.Reader
	socket net.Listener
	stop   context.CancelFunc // ends accepting and every client
	group  sync.WaitGroup     // the goroutines
	ready  chan *client       // those that have a chunk
	gone   chan struct{}      // closed when all goroutines have ended
	bytes  atomic.Uint64

	mu      sync.Mutex
	clients map[int32]*client // by part
	ending  bool

	// Used by Read only:
	current *client         // its chunk is being decoded
	pending map[*client]int // the memory that beginnings of lines take
	held    int             // their sum
}

var (
	_ op.Source      = (*listener)(nil)
	_ op.Ahead       = (*listener)(nil)
	_ op.ByteCounter = (*listener)(nil)
)

func (l *listener) Open(_ context.Context, rt op.Runtime, _ []byte) error {
	l.rt = rt
	if l.cfg.TLS != nil {
		var err error
		if l.tls, err = l.cfg.TLS.Server(); err != nil {
			return err
		}
	}
	var err error
	if l.socket, err = net.Listen("tcp", l.address); err != nil {
		return fmt.Errorf("cannot listen on %s: %s", l.address, peer.Reason(err))
	}
	l.reader = lines.NewReader(rt, lines.Options{
		Format: l.format.Name, Config: l.format.Config, Schema: l.schema, Want: l.want, Timestamp: l.cfg.IncludeTimestamp, MaxLineBytes: int(l.cfg.MaxLineBytes),
	}, 0)
	l.ready = make(chan *client, l.cfg.MaxClients)
	l.gone = make(chan struct{})
	l.clients = map[int32]*client{}
	l.pending = map[*client]int{}
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	rt.Log().Info("listening on " + l.socket.Addr().String())
	l.status()
	l.group.Add(1)
	go l.accept(ctx)
	return nil
}

// accept takes clients until the listener is closed.
func (l *listener) accept(ctx context.Context) {
	defer l.group.Done()
	var pause retry.Backoff
	for {
		conn, err := l.socket.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return
		case err != nil:
			// Too many open files, or a client that left before it was taken: the others go on.
			l.rt.WarnEvery("accept", "cannot take a client, trying on", "error", peer.Reason(err))
			select {
			case <-l.rt.After(pause.Next()):
			case <-ctx.Done():
				return
			}
			continue
		}
		pause.Reset()
		if !l.take(ctx, conn) {
			_ = conn.Close()
			l.rt.WarnEvery("full", fmt.Sprintf("refused a client: max_clients is %d, and so many are connected", l.cfg.MaxClients))
		}
	}
}

// take starts to read a client; false: there are too many.
func (l *listener) take(ctx context.Context, conn net.Conn) bool {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetKeepAliveConfig(keepAlive)
	}
	c := &client{conn: conn, next: make(chan struct{}, 1)}
	if l.tls != nil {
		c.conn = tls.Server(conn, l.tls)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.clients) >= l.cfg.MaxClients || l.ending {
		return false
	}
	for l.clients[c.part] != nil {
		c.part++
	}
	l.clients[c.part] = c
	l.say()
	l.group.Add(1)
	go l.serve(ctx, c)
	return true
}

// leave forgets a client and hangs up.
func (l *listener) leave(c *client) {
	_ = c.conn.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.clients, c.part)
	l.say()
}

func (l *listener) status() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say()
}

// say shows on the node that nobody is connected; the lock is held.
func (l *listener) say() {
	switch {
	case l.ending || len(l.clients) > 1:
	case len(l.clients) == 1:
		l.rt.Status("")
	default:
		l.rt.Status("waiting for clients on " + l.socket.Addr().String())
	}
}

// end stops accepting and reading: a client's goroutine hands over what it has read, and ends.
func (l *listener) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending {
		return
	}
	l.ending = true
	l.rt.Status("")
	l.stop()
	_ = l.socket.Close()
	for _, c := range l.clients {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	}
	go func() {
		l.group.Wait()
		close(l.gone)
	}()
}

// BytesRead counts what clients sent, without what encryption adds.
func (l *listener) BytesRead() uint64 { return l.bytes.Load() }

// Ahead needs not be told what is kept: a client is not answered.
func (l *listener) Ahead() func(int) { return func(int) {} }

// Committed has nothing to acknowledge: a client cannot be asked again.
func (l *listener) Committed(context.Context, op.Position) error { return nil }

func (l *listener) Close() error {
	l.end()
	if l.current != nil {
		l.current.next <- struct{}{}
	}
	for open := true; open; {
		select {
		case c := <-l.ready:
			c.next <- struct{}{}
		case <-l.gone:
			open = false
		}
	}
	for _, c := range l.clients {
		_ = c.conn.Close()
	}
	l.reader.Close()
	return nil
}
