package soak

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is what all senders go by.
type load struct {
	tally *tally
	// rows per second of each source; 0: as fast as they are taken.
	left, right, log atomic.Int64
	paused           atomic.Bool
	recent           recent
	closing          atomic.Int64 // the time of the rows that close everything, in microseconds; 0: not yet
	closed           sync.WaitGroup
	active           atomic.Int64 // connections that are sent to
	leftSent         atomic.Int64 // rows
	rightSent        atomic.Int64
	connections      atomic.Int64
	broken           atomic.Int64 // of those, how many the sender broke
}

// pace lets rows through at a rate.
type pace struct {
	last time.Time
	owed float64
}

// most is how many rows are written at once.
const most = 500

// next waits until rows are due and says how many; 0: the senders are to pause, or all is over.
func (p *pace) next(ctx context.Context, l *load, rate *atomic.Int64, share int64) int {
	for ctx.Err() == nil && !l.paused.Load() {
		perSecond := rate.Load() / share
		if rate.Load() == 0 {
			return most
		}
		now := time.Now()
		p.owed = min(p.owed+now.Sub(p.last).Seconds()*float64(perSecond), most)
		p.last = now
		if n := int(p.owed); n > 0 && (p.owed >= 50 || perSecond < 2500) {
			p.owed -= float64(n)
			return n
		}
		rest(ctx, 5*time.Millisecond)
	}
	return 0
}

// rest waits, or until all is over.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// recent are left rows of late, for right ones to refer to.
type recent struct {
	mu   sync.Mutex
	rows [1024]ref
	n    int
}

type ref struct{ c, i, at int64 }

func (r *recent) add(rows []ref) {
	r.mu.Lock()
	for _, row := range rows {
		r.rows[r.n%len(r.rows)] = row
		r.n++
	}
	r.mu.Unlock()
}

// pick gives n of them, or none.
func (r *recent) pick(rng *rand.Rand, n int, to []ref) []ref {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 {
		return to
	}
	for range n {
		to = append(to, r.rows[rng.IntN(min(r.n, len(r.rows)))])
	}
	return to
}

// serveLeft gives the program, which connects, one connection after the other.
func (l *load) serveLeft(ctx context.Context, listener net.Listener, rng *rand.Rand) {
	var p pace
	var refs []ref
	var rows int
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		for l.paused.Load() && l.closing.Load() == 0 && ctx.Err() == nil {
			rest(ctx, 50*time.Millisecond)
		}
		if at := l.closing.Load(); at != 0 {
			l.close(conn, "left", func(c int64) []byte { return leftRow(nil, c, 0, at, closingKey) })
			return
		}
		l.send(ctx, conn, "left", rng, func(c *connection, b []byte) []byte {
			refs, rows = refs[:0], p.next(ctx, l, &l.left, 1)
			for range rows {
				at := time.Now().UnixMicro() - rng.Int64N(1_000_000)
				i := c.sent
				if rng.IntN(1000) == 0 {
					at -= 10_000_000 // it will be late
				} else {
					refs = append(refs, ref{c.id, i, at})
				}
				b = leftRow(b, c.id, i, at, rng.Int64N(keys))
				c.sent++
			}
			return b
		}, func() {
			l.recent.add(refs)
			l.leftSent.Add(int64(rows))
		})
	}
}

func leftRow(b []byte, c, i, at, k int64) []byte {
	b = strconv.AppendInt(append(b, `{"c":`...), c, 10)
	b = strconv.AppendInt(append(b, `,"i":`...), i, 10)
	b = strconv.AppendInt(append(b, `,"at":`...), at, 10)
	b = strconv.AppendInt(append(b, `,"k":`...), k, 10)
	return append(b, "}\n"...)
}

func rightRow(b []byte, rc, ri, at int64, to ref) []byte {
	b = strconv.AppendInt(append(b, `{"rc":`...), rc, 10)
	b = strconv.AppendInt(append(b, `,"ri":`...), ri, 10)
	b = strconv.AppendInt(append(b, `,"rat":`...), at, 10)
	b = strconv.AppendInt(append(b, `,"c":`...), to.c, 10)
	b = strconv.AppendInt(append(b, `,"i":`...), to.i, 10)
	return append(b, "}\n"...)
}

// clients is how many connect to the program.
const clients = 3

// runRight is one of them: it connects again and again.
func (l *load) runRight(ctx context.Context, name, address string, rng *rand.Rand) {
	var p pace
	var refs []ref
	for ctx.Err() == nil {
		at := l.closing.Load()
		if l.paused.Load() && at == 0 {
			rest(ctx, 50*time.Millisecond)
			continue
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			rest(ctx, 50*time.Millisecond) // the program is down
			continue
		}
		if at != 0 {
			l.close(conn, name, func(c int64) []byte { return rightRow(nil, c, 0, at, ref{c: -1, i: -1}) })
			return
		}
		l.send(ctx, conn, name, rng, func(c *connection, b []byte) []byte {
			refs = l.recent.pick(rng, p.next(ctx, l, &l.right, clients), refs[:0])
			for _, to := range refs {
				b = rightRow(b, c.id, c.sent, to.at+rng.Int64N(500_000), to)
				c.sent++
			}
			return b
		}, func() { l.rightSent.Add(int64(len(refs))) })
	}
}

// send writes rows to one connection, for a while, and ends it: in order, or by breaking it in the middle of a line.
func (l *load) send(ctx context.Context, conn net.Conn, sender string, rng *rand.Rand, fill func(c *connection, b []byte) []byte, sent func()) {
	defer conn.Close()
	c := l.tally.open(sender)
	l.connections.Add(1)
	l.active.Add(1)
	defer l.active.Add(-1)
	for left := time.Now().Add(time.Duration(500+rng.IntN(4000)) * time.Millisecond); time.Now().Before(left) && ctx.Err() == nil && !l.paused.Load(); {
		b := fill(c, nil)
		if _, err := conn.Write(b); err != nil {
			return
		}
		sent()
	}
	if rng.IntN(4) == 0 && !l.paused.Load() {
		l.broken.Add(1)
		_, _ = conn.Write([]byte(`{"c":`))
		_ = conn.(*net.TCPConn).SetLinger(0)
		return
	}
	l.tally.finish(c, hangUp(conn))
}

// hangUp ends a connection in order, and reports whether the other side has read all of it.
func hangUp(conn net.Conn) bool {
	if conn.(*net.TCPConn).CloseWrite() != nil {
		return false
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, err := io.Copy(io.Discard, conn)
	return err == nil
}

// close sends the row that is behind all others of a source.
func (l *load) close(conn net.Conn, sender string, row func(c int64) []byte) {
	defer l.closed.Done()
	defer conn.Close()
	c := l.tally.open(sender)
	l.tally.closes(c)
	if _, err := conn.Write(row(c.id)); err == nil {
		c.sent = 1
		l.tally.finish(c, hangUp(conn))
	}
}
