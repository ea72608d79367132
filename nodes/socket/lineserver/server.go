package lineserver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"flowrun/nodes/lines"
)

// Server sends the lines of a reader to its clients. The zero value of every field but Source is ready.
type Server struct {
	// Source is where the lines come from: standard input, a file, [Loop], [Sample]. Its owner closes it after Serve. A
	// blocked read of it does not keep Serve from returning.
	Source io.Reader
	// Rate is how many lines a second to send; 0: as they come.
	Rate float64
	// Buffer is how many bytes a client may be behind; 0: 256 KiB.
	Buffer int
	// Patience is how long a client may take nothing while its buffer is full and others wait; 0: 10 s.
	Patience time.Duration
	// Log hears of clients that come and go; nil: nobody does.
	Log *slog.Logger

	mu      sync.Mutex
	clients map[*client]bool // true once it was let in, at the start of a line
	changed chan struct{}    // has room for one: a client came, went or took something
	room    sync.WaitGroup   // of the clients' goroutines
}

const (
	defaultBuffer   = 256 << 10
	defaultPatience = 10 * time.Second
	farewell        = time.Second // for the last lines to leave once the server stops
)

// Serve accepts clients on l, which it closes, until ctx ends or Source has ended and every client has got all of it. It
// returns nil in both cases, else what went wrong with l or Source. A Server serves once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.Buffer <= 0 {
		s.Buffer = defaultBuffer
	}
	if s.Patience <= 0 {
		s.Patience = defaultPatience
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	s.clients, s.changed = map[*client]bool{}, make(chan struct{}, 1)

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		if err := s.accept(ctx, l); err != nil {
			cancel(err)
		}
	}()
	in := lines.NewInput(s.Source, func(bool) {})
	err := s.pump(ctx, newCutter(ctx, in))
	if cause := context.Cause(ctx); ctx.Err() != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		err = cause
	} else if ctx.Err() != nil || errors.Is(err, io.EOF) {
		err = nil
	}
	cancel(nil)
	l.Close()
	<-accepting
	s.dismiss()
	in.Close()
	return err
}

// accept takes clients in until l is closed or ctx ends.
func (s *Server) accept(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	for wait := 5 * time.Millisecond; ; {
		conn, err := l.Accept()
		if err == nil {
			s.admit(conn)
			wait = 5 * time.Millisecond
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return nil
		}
		// Out of file descriptors, or a client that was gone before it was accepted: it passes.
		var ne net.Error
		if !errors.As(err, &ne) {
			return err
		}
		s.Log.Warn("cannot accept a client", "error", err)
		select {
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Server) admit(conn net.Conn) {
	c := newClient(conn, s.Buffer, s.nudge)
	s.mu.Lock()
	s.clients[c] = false
	s.mu.Unlock()
	s.Log.Info("client connected", "client", c.name)
	s.room.Go(c.write)
	s.room.Go(func() {
		c.watch()
		s.mu.Lock()
		delete(s.clients, c)
		s.mu.Unlock()
		s.Log.Info("client gone", "client", c.name)
		s.nudge()
	})
	s.nudge()
}

// nudge wakes the pump.
func (s *Server) nudge() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// dismiss lets every client take what is in its buffer, for a moment, and waits until all have gone.
func (s *Server) dismiss() {
	s.mu.Lock()
	for c := range s.clients {
		c.finish(time.Now().Add(farewell))
	}
	s.mu.Unlock()
	s.room.Wait()
}
