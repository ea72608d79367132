package lineserver

import (
	"bytes"
	"context"
	"io"
	"time"

	"flowrun/nodes/lines"
)

// pump sends the source's lines to the clients until the source or ctx ends.
func (s *Server) pump(ctx context.Context, cut *cutter) error {
	pace := pace{rate: s.Rate}
	for start := true; ; {
		if start {
			if err := s.awaitClients(ctx, func() bool { return len(s.clients) > 0 }); err != nil {
				return err
			}
		}
		piece, err := cut.next(s.Rate > 0)
		if len(piece) > 0 {
			if start {
				if err := pace.wait(ctx); err != nil {
					return err
				}
			}
			if err := s.send(ctx, piece, start); err != nil {
				return err
			}
			start = piece[len(piece)-1] == '\n'
		}
		if err == io.EOF {
			return s.awaitClients(ctx, s.clear)
		}
		if err != nil {
			return err
		}
	}
}

// send gives a piece to every client, and waits until each has room for it or is gone. At the start of a line new
// clients are let in, and there has to be one.
func (s *Server) send(ctx context.Context, piece []byte, start bool) error {
	if start {
		if err := s.awaitClients(ctx, func() bool { return len(s.clients) > 0 }); err != nil {
			return err
		}
	}
	s.mu.Lock()
	var behind []*client
	for c, in := range s.clients {
		if start {
			s.clients[c] = true
		}
		if (in || start) && !c.offer(piece) {
			behind = append(behind, c)
		}
	}
	s.mu.Unlock()
	for len(behind) > 0 {
		if err := s.await(ctx, s.Patience); err != nil {
			return err
		}
		s.mu.Lock()
		alone := len(s.clients) == 1
		s.mu.Unlock()
		rest := behind[:0]
		for _, c := range behind {
			switch {
			case c.offer(piece):
			case !alone && c.idle() >= s.Patience:
				s.Log.Warn("client does not keep up, disconnected", "client", c.name, "took nothing for", s.Patience)
				c.drop()
			default:
				rest = append(rest, c)
			}
		}
		behind = rest
	}
	return nil
}

// clear reports whether every client has got all; the lock is held.
func (s *Server) clear() bool {
	for c := range s.clients {
		if !c.clear() {
			return false
		}
	}
	return true
}

// awaitClients waits until ok, which is called with the lock held, or the end of ctx.
func (s *Server) awaitClients(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		done := ok()
		s.mu.Unlock()
		if done {
			return ctx.Err()
		}
		if err := s.await(ctx, 0); err != nil {
			return err
		}
	}
}

// await waits for a change, for at most atMost where that is not 0.
func (s *Server) await(ctx context.Context, atMost time.Duration) error {
	var timeout <-chan time.Time
	if atMost > 0 {
		t := time.NewTimer(atMost)
		defer t.Stop()
		timeout = t.C
	}
	select {
	case <-s.changed:
	case <-timeout:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// cutter cuts the source into pieces that end with a line, or are parts of a line longer than its buffer.
type cutter struct {
	ctx  context.Context
	in   *lines.Input
	buf  []byte
	r, w int
	err  error
}

func newCutter(ctx context.Context, in *lines.Input) *cutter {
	return &cutter{ctx: ctx, in: in, buf: make([]byte, 64<<10)}
}

// next returns the next piece: one line, or, unless single, all lines that are there. It is good until the next call.
// The error comes with or behind the last piece.
func (c *cutter) next(single bool) ([]byte, error) {
	for seen := c.r; ; {
		cut := -1
		if single {
			cut = bytes.IndexByte(c.buf[seen:c.w], '\n')
		} else {
			cut = bytes.LastIndexByte(c.buf[seen:c.w], '\n')
		}
		if cut >= 0 {
			return c.take(seen + cut + 1), nil
		}
		if c.err != nil {
			return c.take(c.w), c.err
		}
		if c.r == 0 && c.w == len(c.buf) {
			return c.take(c.w), nil
		}
		if c.r > 0 {
			c.w, c.r = copy(c.buf, c.buf[c.r:c.w]), 0
		}
		seen = c.w
		n, err := c.in.Read(c.ctx, c.buf[c.w:])
		c.w += n
		c.err = err
	}
}

func (c *cutter) take(end int) []byte {
	p := c.buf[c.r:end]
	c.r = end
	return p
}

// pace lets a given number of lines pass in a second. What was missed while clients did not keep up is made good only as
// far as slack.
type pace struct {
	rate float64
	due  time.Time
}

const slack = 100 * time.Millisecond

func (p *pace) wait(ctx context.Context) error {
	if p.rate <= 0 {
		return nil
	}
	now := time.Now()
	if floor := now.Add(-slack); p.due.Before(floor) {
		p.due = floor
		if p.due.IsZero() {
			p.due = now
		}
	}
	if d := p.due.Sub(now); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	p.due = p.due.Add(time.Duration(float64(time.Second) / p.rate))
	return nil
}
