package lineserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// serve starts a server on a free port. stop ends it and gives what Serve returned.
func serve(t *testing.T, s *Server) (addr string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	var once sync.Once
	var result error
	stop = func() error {
		once.Do(func() {
			cancel()
			select {
			case result = <-done:
			case <-time.After(patience):
				t.Error("Serve does not return")
			}
		})
		return result
	}
	t.Cleanup(func() { stop() })
	return l.Addr().String(), stop
}

type peer struct {
	net.Conn
	lines *bufio.Scanner
}

func dial(t *testing.T, addr string) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	p := &peer{conn, bufio.NewScanner(conn)}
	p.lines.Buffer(nil, 4<<20)
	return p
}

func (p *peer) want(t *testing.T, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if !p.lines.Scan() {
			t.Fatalf("connection ended before %q: %v", want, p.lines.Err())
		}
		if got := p.lines.Text(); got != want {
			t.Fatalf("got line %q, want %q", got, want)
		}
	}
}

func (p *peer) wantEnd(t *testing.T) {
	t.Helper()
	if p.lines.Scan() {
		t.Fatalf("got line %q, want the end", p.lines.Text())
	}
}

// typed is a source that is written to by the test, a line at a time.
func typed(t *testing.T) (io.Reader, func(string)) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, func(line string) {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			t.Error(err)
		}
	}
}

func TestLinesWaitForTheFirstClient(t *testing.T) {
	source, line := typed(t)
	line("typed early")
	addr, _ := serve(t, &Server{Source: source})
	line("typed later")
	dial(t, addr).want(t, "typed early", "typed later")
}

func TestEveryClientGetsEveryLine(t *testing.T) {
	source, line := typed(t)
	log := &record{}
	addr, _ := serve(t, &Server{Source: source, Log: slog.New(slog.NewTextHandler(log, nil))})
	a := dial(t, addr)
	line("one")
	a.want(t, "one")
	b := dial(t, addr)
	// From when it is let in; a read with a deadline cannot tell, since a scanner stays failed after the first.
	await(t, func() bool { return strings.Count(log.String(), "client connected") == 2 })
	for i := range 100 {
		line(fmt.Sprint(i))
	}
	for i := range 100 {
		a.want(t, fmt.Sprint(i))
		b.want(t, fmt.Sprint(i))
	}
}

func TestClientComesBack(t *testing.T) {
	source, line := typed(t)
	log := &record{}
	addr, _ := serve(t, &Server{Source: source, Log: slog.New(slog.NewTextHandler(log, nil))})
	a := dial(t, addr)
	line("one")
	a.want(t, "one")
	a.Close()
	await(t, func() bool { return log.holds("client gone") })
	line("two") // nobody is there: it waits
	dial(t, addr).want(t, "two")
}

func TestEndOfSource(t *testing.T) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	text.WriteString("without an end")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- (&Server{Source: strings.NewReader(text.String())}).Serve(context.Background(), l) }()
	p := dial(t, l.Addr().String())
	got, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != text.String() {
		t.Fatalf("got %d bytes, want %d", len(got), text.Len())
	}
	if err := <-done; err != nil {
		t.Fatalf("Serve = %v", err)
	}
}

func TestLongLine(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	addr, _ := serve(t, &Server{Source: strings.NewReader(long + "\nnext\n")})
	dial(t, addr).want(t, long, "next")
}

func TestStopsWhileNothingComes(t *testing.T) {
	source, line := typed(t)
	addr, stop := serve(t, &Server{Source: source})
	p := dial(t, addr)
	line("one")
	p.want(t, "one")
	if err := stop(); err != nil {
		t.Fatalf("Serve = %v", err)
	}
	p.wantEnd(t)
}

func TestStopsWithoutClients(t *testing.T) {
	source, _ := typed(t)
	_, stop := serve(t, &Server{Source: source})
	if err := stop(); err != nil {
		t.Fatalf("Serve = %v", err)
	}
}

func TestFailingSource(t *testing.T) {
	broken := errors.New("broken")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- (&Server{Source: io.MultiReader(strings.NewReader("a\n"), failing{broken})}).Serve(context.Background(), l)
	}()
	p := dial(t, l.Addr().String())
	p.want(t, "a")
	p.wantEnd(t)
	if err := <-done; !errors.Is(err, broken) {
		t.Fatalf("Serve = %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What follows runs on the bubble's clock, over connections in memory.

type hub struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newHub() *hub { return &hub{conns: make(chan net.Conn), done: make(chan struct{})} }

func (h *hub) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, net.ErrClosed
	}
}
func (h *hub) Close() error   { h.once.Do(func() { close(h.done) }); return nil }
func (h *hub) Addr() net.Addr { return &net.TCPAddr{} }
func (h *hub) dial() net.Conn {
	a, b := net.Pipe()
	h.conns <- a
	return b
}

// endless is a source of lines "0", "1" and so on.
type endless struct{ n int }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, fmt.Sprintf("%d\n", e.n))
	e.n++
	return n, nil
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- (&Server{Source: &endless{}, Rate: 4}).Serve(ctx, h) }()
		c := h.dial()
		lines := bufio.NewScanner(c)
		start := time.Now()
		for i := range 9 {
			if !lines.Scan() || lines.Text() != fmt.Sprint(i) {
				t.Fatalf("line %d is %q", i, lines.Text())
			}
			if got, want := time.Since(start), time.Duration(i)*250*time.Millisecond; got < want-100*time.Millisecond || got > want {
				t.Errorf("line %d after %v, want %v", i, got, want)
			}
		}
		// A client that stays away for a while finds no burst: only what its buffer took, then the rate again.
		cancel()
		io.Copy(io.Discard, c)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestSlowClientSlowsTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		ctx, cancel := context.WithCancel(t.Context())
		source := &endless{}
		done := make(chan error, 1)
		go func() { done <- (&Server{Source: source, Buffer: 1000}).Serve(ctx, h) }()
		c := h.dial() // alone, and reads nothing
		time.Sleep(time.Hour)
		synctest.Wait()
		if source.n > 2000 {
			t.Errorf("%d lines were read for a client with a buffer of 1000 bytes", source.n)
		}
		// It is still connected, and has missed nothing.
		lines := bufio.NewScanner(c)
		for i := range 5000 {
			if !lines.Scan() || lines.Text() != fmt.Sprint(i) {
				t.Fatalf("line %d is %q, %v", i, lines.Text(), lines.Err())
			}
		}
		cancel()
		io.Copy(io.Discard, c)
		<-done
	})
}

func TestClientThatTakesNothingIsDisconnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		ctx, cancel := context.WithCancel(t.Context())
		log := &record{}
		s := &Server{Source: &endless{}, Buffer: 1000, Patience: 10 * time.Second, Log: slog.New(slog.NewTextHandler(log, nil))}
		done := make(chan error, 1)
		go func() { done <- s.Serve(ctx, h) }()
		dead, alive := h.dial(), h.dial()
		start := time.Now()
		lines := bufio.NewScanner(alive)
		for i := 0; i < 5000; i++ {
			if !lines.Scan() {
				t.Fatalf("the client that reads was cut off: %v", lines.Err())
			}
		}
		if d := time.Since(start); d < 10*time.Second || d > 30*time.Second {
			t.Errorf("the others waited %v", d)
		}
		if !log.holds("does not keep up") {
			t.Errorf("log: %s", log)
		}
		if _, err := io.Copy(io.Discard, dead); err != nil {
			t.Errorf("the dead client: %v", err)
		}
		cancel()
		io.Copy(io.Discard, alive)
		<-done
	})
}

// record is a log that can be read while it is written.
type record struct {
	mu sync.Mutex
	b  strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

func (r *record) holds(text string) bool { return strings.Contains(r.String(), text) }

func await(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}
