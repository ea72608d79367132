package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Sender is a server that sends the lines of a file to whoever connects, and then hangs up: what a pipeline's sockets read
// while it is measured.
type Sender struct {
	Path string
	Rate float64 // lines a second; 0: as fast as they are taken
	Rows int     // at most so many lines, with a Rate; 0: all

	listener net.Listener
	clients  sync.WaitGroup
	mu       sync.Mutex
	sent     []sentLine
	err      error
}

// sentLine is a line, its end included, and when it was sent.
type sentLine struct {
	text []byte
	at   time.Time
}

// Listen starts the server on a free port, which it gives as host:port.
func (s *Sender) Listen(ctx context.Context) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.listener = l
	s.clients.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // Close ends it
			}
			s.clients.Go(func() {
				hang := context.AfterFunc(ctx, func() { conn.Close() })
				defer hang()
				defer conn.Close()
				if err := s.send(ctx, conn); err != nil && ctx.Err() == nil {
					s.fail(err)
				}
			})
		}
	})
	return l.Addr().String(), nil
}

// Close ends the server once every client has got all, and tells what went wrong in sending.
func (s *Sender) Close() error {
	err := s.listener.Close()
	s.clients.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.err, err)
}

func (s *Sender) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = errors.Join(s.err, fmt.Errorf("sending %s: %w", s.Path, err))
}

func (s *Sender) send(ctx context.Context, conn net.Conn) error {
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if s.Rate <= 0 {
		_, err := io.Copy(conn, f) // the kernel copies, where it can
		return err
	}
	lines := bufio.NewReader(f)
	start := time.Now()
	for n := 0; s.Rows == 0 || n < s.Rows; n++ {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		line = append(bytes.TrimRight(line, "\r\n"), '\n')
		due := start.Add(time.Duration(float64(n) / s.Rate * float64(time.Second)))
		if err := sleepUntil(ctx, due); err != nil {
			return err
		}
		s.note(line)
		if _, err := conn.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// note keeps the line and the moment before it is handed to the system.
func (s *Sender) note(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, sentLine{line, time.Now()})
}

// line is the n-th line that was sent.
func (s *Sender) line(n int) (sentLine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n >= len(s.sent) {
		return sentLine{}, false
	}
	return s.sent[n], true
}

func sleepUntil(ctx context.Context, due time.Time) error {
	d := time.Until(due)
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
