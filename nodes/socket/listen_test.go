package socket

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes/lines"
)

// need finds a program, without which the test is skipped, but not in CI.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("%s is not installed", program)
	}
	return path
}

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), optest.Patience)
}

func listening() Config {
	c := defaults()
	c.Mode, c.MaxClients, c.MaxPending = "listen", 2000, 64<<20
	return c
}

func openListener(t *testing.T, rt *optest.Runtime, cfg Config) *listener {
	t.Helper()
	l := &listener{cfg: cfg, address: "127.0.0.1:0", format: plan.Format{Name: "text"}, schema: codec.TextSchema}
	if err := l.Open(context.Background(), rt, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func dial(t *testing.T, l *listener) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", l.socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(optest.Patience))
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func takeFrom(t *testing.T, l *listener, n int) *optest.Taken {
	ctx, cancel := contextOf(t)
	defer cancel()
	got := optest.Take(ctx, t, l, optest.Rows(n))
	if len(got.Rows)+len(got.Rejects) < n {
		t.Errorf("got only %d rows and %d rejects of %d", len(got.Rows), len(got.Rejects), n)
	}
	return got
}

func TestSeveralClients(t *testing.T) {
	rt := optest.New(t)
	l := openListener(t, rt, listening())
	rt.AwaitStatus("waiting for clients on 127.0.0.1:")
	a, b := dial(t, l), dial(t, l)
	write(t, a, "a1\na2")
	wantRows(t, takeFrom(t, l, 1), "a1")
	write(t, b, "b1\n")
	wantRows(t, takeFrom(t, l, 1), "b1") // a's half line is not in its way
	write(t, a, " goes on\n")
	wantRows(t, takeFrom(t, l, 1), "a2 goes on")
	write(t, b, "without an end")
	b.Close()
	wantRows(t, takeFrom(t, l, 1), "without an end")

	write(t, a, "half")
	lost := make(chan *optest.Taken)
	before := l.BytesRead()
	go func() { lost <- takeFrom(t, l, 1) }()
	for end := time.Now().Add(optest.Patience); l.BytesRead() < before+4 && time.Now().Before(end); {
		runtime.Gosched()
	}
	a.SetLinger(0) // a reset, not an end
	a.Close()
	got := <-lost
	if len(got.Rejects) != 1 || got.Rejects[0].Reason != lines.UnfinishedLine || string(got.Rejects[0].Raw) != "half" {
		t.Errorf("rejects %+v", got.Rejects)
	}
	rt.AwaitLog("lost the connection to a client")
}

func TestEachClientIsAPartition(t *testing.T) {
	l := openListener(t, optest.New(t), listening())
	const clients, rows = 20, 500
	var group sync.WaitGroup
	for c := range clients {
		conn := dial(t, l)
		group.Go(func() {
			for i := range rows {
				fmt.Fprintf(conn, "%d %d\n", c, i)
			}
			conn.Close()
		})
	}
	next, parts := map[string]int{}, map[string]int32{}
	ctx, cancel := contextOf(t)
	defer cancel()
	for n := 0; n < clients*rows; {
		b, _, err := l.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		part := b.Part
		var got optest.Taken
		got.Add(b)
		for _, line := range got.Column(0) {
			c, i, _ := strings.Cut(line, " ")
			if i != fmt.Sprint(next[c]) {
				t.Fatalf("client %s: line %s came where %d is next", c, i, next[c])
			}
			next[c]++
			if before, ok := parts[c]; ok && before != part {
				t.Fatalf("client %s is in partition %d and %d", c, before, part)
			}
			parts[c] = part
			n++
		}
	}
	group.Wait()
}

func TestListenerRefusesTooMany(t *testing.T) {
	rt := optest.New(t)
	cfg := listening()
	cfg.MaxClients = 2
	l := openListener(t, rt, cfg)
	a, b := dial(t, l), dial(t, l)
	write(t, a, "a\n")
	write(t, b, "b\n")
	takeFrom(t, l, 2)
	c := dial(t, l)
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("the third client was taken")
	}
	rt.AwaitLog("refused a client: max_clients is 2")
	a.Close()
	d := make(chan *optest.Taken)
	go func() { d <- takeFrom(t, l, 1) }()
	free := func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.clients) < 2
	}
	for end := time.Now().Add(optest.Patience); !free() && time.Now().Before(end); {
		runtime.Gosched()
	}
	write(t, dial(t, l), "d\n")
	wantRows(t, <-d, "d")
}

func TestSilentClientIsHungUpOn(t *testing.T) {
	rt := optest.New(t)
	cfg := listening()
	cfg.IdleTimeout = spec.Duration(30 * time.Millisecond)
	l := openListener(t, rt, cfg)
	conn := dial(t, l)
	write(t, conn, "one\nhalf")
	got := takeFrom(t, l, 2)
	wantRows(t, got, "one")
	if len(got.Rejects) != 1 || got.Rejects[0].Reason != lines.UnfinishedLine || string(got.Rejects[0].Raw) != "half" {
		t.Errorf("rejects %+v", got.Rejects)
	}
	rt.AwaitLog("hung up on a client that sent nothing for 30ms")
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still there")
	}
}

// All clients together hold no more than max_pending; the longest unfinished line goes first.
func TestPendingIsBounded(t *testing.T) {
	rt := optest.New(t)
	cfg := listening()
	cfg.MaxPending = 256 << 10
	l := openListener(t, rt, cfg)
	small, large := dial(t, l), dial(t, l)
	write(t, small, "small")
	go func() { _, _ = io.WriteString(large, strings.Repeat("x", 600<<10)) }()
	got := takeFrom(t, l, 1)
	if len(got.Rejects) != 1 || got.Rejects[0].Detail != "the unfinished lines of all clients are longer than max_pending" {
		t.Fatalf("rejects %d, rows %d", len(got.Rejects), len(got.Rows))
	}
	if l.held > int(cfg.MaxPending) {
		t.Errorf("%d bytes are held", l.held)
	}
	rt.AwaitLog("hung up on a client: the unfinished lines")
	write(t, small, " goes on\n")
	wantRows(t, takeFrom(t, l, 1), "small goes on")
}

func TestListenerStops(t *testing.T) {
	l := openListener(t, optest.New(t), listening())
	a, b := dial(t, l), dial(t, l)
	ctx, cancel := contextOf(t)
	write(t, a, "one\nhalf")
	got := make(chan *optest.Taken)
	go func() { got <- optest.Take(ctx, t, l, nil) }()
	for end := time.Now().Add(optest.Patience); l.BytesRead() < 8 && time.Now().Before(end); {
		runtime.Gosched()
	}
	write(t, b, "")
	cancel()
	select {
	case all := <-got:
		wantRows(t, all, "one")
		if len(all.Rejects) != 1 || string(all.Rejects[0].Raw) != "half" || all.Rejects[0].Detail != "the run stopped in the middle of it" {
			t.Errorf("rejects %+v", all.Rejects)
		}
	case <-time.After(optest.Patience):
		t.Fatal("Read does not return")
	}
}

func TestListenerClosesUnread(t *testing.T) {
	l := openListener(t, optest.New(t), listening())
	for range 5 {
		write(t, dial(t, l), "never read\n")
	}
	for end := time.Now().Add(optest.Patience); len(l.ready) < 5 && time.Now().Before(end); {
		runtime.Gosched()
	}
}

func TestCannotListen(t *testing.T) {
	srv := listen(t, "127.0.0.1:0")
	l := &listener{cfg: listening(), address: srv.addr, format: plan.Format{Name: "text"}, schema: codec.TextSchema}
	if err := l.Open(t.Context(), optest.New(t), nil); err == nil || err.Error() != "cannot listen on "+srv.addr+": address already in use" {
		t.Errorf("Open: %v", err)
	}
}

// A thousand clients, many of them bad, cost a bounded amount of memory, and the good ones get their lines in.
func TestAThousandClients(t *testing.T) {
	rt := optest.New(t)
	l := openListener(t, rt, listening())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	bad := []string{"", "\x16\x03\x01\xff\xfe\n", "half a line", strings.Repeat("x", 5000)}
	const clients = 1000
	good := 0
	for i := range clients {
		conn := dial(t, l)
		if i%5 == 0 {
			write(t, conn, fmt.Sprintf("row %d\n", i))
			good++
		} else {
			write(t, conn, bad[i%len(bad)])
		}
	}
	rejects := 0
	ctx, cancel := contextOf(t)
	defer cancel()
	var rows []string
	for len(rows) < good {
		b, _, err := l.Read(ctx)
		if err != nil {
			t.Fatalf("after %d of %d rows: %v", len(rows), good, err)
		}
		var got optest.Taken
		got.Add(b)
		rows = append(rows, got.Column(0)...)
		rejects += len(got.Rejects)
	}
	slices.Sort(rows)
	if n := len(slices.Compact(rows)); n != good {
		t.Errorf("%d different rows of %d", n, good)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	grown := int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)
	t.Logf("memory grew by %d KiB", grown>>10)
	if grown > 80<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}
