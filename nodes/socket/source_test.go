package socket

import (
	"context"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes/lines"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is the other side: the test accepts and writes.
type server struct {
	t    testing.TB
	addr string
	l    net.Listener
}

func listen(t testing.TB, addr string) *server {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &server{t, l.Addr().String(), l}
}

// accept may be called from any goroutine.
func (s *server) accept() *net.TCPConn {
	s.l.(*net.TCPListener).SetDeadline(time.Now().Add(optest.Patience))
	conn, err := s.l.Accept()
	if err != nil {
		s.t.Errorf("accept: %v", err)
		return new(net.TCPConn)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(optest.Patience))
	return conn.(*net.TCPConn)
}

func write(t testing.TB, w io.Writer, text string) {
	if _, err := io.WriteString(w, text); err != nil {
		t.Errorf("write: %v", err)
	}
}

func defaults() Config {
	return Config{MaxLineBytes: 1 << 20, OnEOF: "reconnect", ConnectTimeout: spec.Duration(5 * time.Second)}
}

// open opens a text source on addr.
func open(t testing.TB, rt *optest.Runtime, addr string, cfg Config) *source {
	t.Helper()
	s := &source{cfg: cfg, server: addr, format: plan.Format{Name: "text"}, schema: codec.TextSchema}
	if cfg.IncludeTimestamp {
		s.schema, _ = lines.WithTimestamp(s.schema)
	}
	if err := s.Open(context.Background(), rt, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// takeRows reads n rows and rejects.
func takeRows(t testing.TB, s *source, n int) *optest.Taken {
	ctx, cancel := context.WithTimeout(context.Background(), optest.Patience)
	defer cancel()
	got := optest.Take(ctx, t, s, optest.Rows(n))
	if len(got.Rows)+len(got.Rejects) < n {
		t.Errorf("got only %d rows and %d rejects of %d", len(got.Rows), len(got.Rejects), n)
	}
	return got
}

func wantRows(t testing.TB, got *optest.Taken, want ...string) {
	t.Helper()
	if len(got.Rows)+len(want) > 0 && !slices.Equal(got.Column(0), want) {
		t.Errorf("rows %q, want %q", got.Column(0), want)
	}
}
