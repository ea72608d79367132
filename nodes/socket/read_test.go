package socket

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/nodes/lines"
)

func TestALineLeavesAsSoonAsItIsRead(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	s := open(t, rt, srv.addr, defaults())
	first := make(chan *optest.Taken)
	go func() { first <- takeRows(t, s, 1) }()
	conn := srv.accept()
	write(t, conn, "to be\nor no")
	wantRows(t, <-first, "to be")
	write(t, conn, "t\r\n")
	wantRows(t, takeRows(t, s, 1), "or not")
	if logs := rt.Logs(); !slices.Contains(logs, "INFO connected to "+srv.addr) {
		t.Errorf("logs %q", logs)
	}
	if got := s.BytesRead(); got != uint64(len("to be\nor not\r\n")) {
		t.Errorf("%d bytes were counted", got)
	}
}

func TestDripOfSingleBytes(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	s := open(t, rt, srv.addr, defaults())
	go func() {
		conn := srv.accept()
		for _, b := range []byte("ä1\r\nö2\nü3\n") {
			conn.Write([]byte{b})
			runtime.Gosched()
		}
	}()
	wantRows(t, takeRows(t, s, 3), "ä1", "ö2", "ü3")
}

func TestGarbageEndsNothing(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	cfg := defaults()
	cfg.MaxLineBytes = 1000
	s := open(t, rt, srv.addr, cfg)
	go func() {
		conn := srv.accept()
		conn.Write([]byte("good\n\xff\xfe\x00\n"))
		conn.Write(append(bytes.Repeat([]byte("x"), 300_000), '\n'))
		conn.Write([]byte("\x00\x01\x02\ngood again\n"))
	}()
	got := takeRows(t, s, 5)
	wantRows(t, got, "good", "\x00\x01\x02", "good again")
	if len(got.Rejects) != 2 {
		t.Fatalf("%d rejects", len(got.Rejects))
	}
	if r := got.Rejects[0]; r.Reason != codec.InvalidUTF8 || string(r.Raw) != "\xff\xfe\x00" {
		t.Errorf("reject %+v", r)
	}
	if r := got.Rejects[1]; r.Reason != codec.LineTooLong || r.Detail != "300000 bytes, max_line_bytes is 1000" || len(r.Raw) != 1000 {
		t.Errorf("reject %s, %s, %d bytes", r.Reason, r.Detail, len(r.Raw))
	}
}

func TestOnEOFEnd(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	cfg := defaults()
	cfg.OnEOF = "end"
	s := open(t, rt, srv.addr, cfg)
	go func() {
		conn := srv.accept()
		write(t, conn, "one\ntwo")
		conn.Close()
	}()
	wantRows(t, optest.Take(t.Context(), t, s, nil), "one", "two")
	if _, _, err := s.Read(t.Context()); err != io.EOF {
		t.Errorf("Read behind the end: %v", err)
	}
}

func TestCancelWhileBlocked(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	s := open(t, rt, srv.addr, defaults())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan *optest.Taken)
	go func() { done <- optest.Take(ctx, t, s, nil) }()
	conn := srv.accept()
	write(t, conn, "one\nhalf")
	for end := time.Now().Add(optest.Patience); s.BytesRead() < 8 && time.Now().Before(end); {
		runtime.Gosched()
	}
	rt.AwaitWaiting()
	cancel()
	select {
	case got := <-done:
		wantRows(t, got, "one")
		if len(got.Rejects) != 1 || got.Rejects[0].Reason != lines.UnfinishedLine || string(got.Rejects[0].Raw) != "half" ||
			!got.Rejects[0].Cut {
			t.Errorf("rejects %+v", got.Rejects)
		}
	case <-time.After(optest.Patience):
		t.Fatal("Read does not return")
	}
}

// While nobody calls Read the sender has to wait, and nothing grows.
func TestSlowPipelineSlowsTheSender(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	s := open(t, rt, srv.addr, defaults())
	first := make(chan *optest.Taken)
	go func() { first <- takeRows(t, s, 1) }()
	conn := srv.accept()
	line := strings.Repeat("x", 999) + "\n"
	write(t, conn, line)
	<-first

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	sent := 0
	chunk := []byte(strings.Repeat(line, 64))
	for {
		n, err := conn.Write(chunk)
		sent += n
		if err != nil {
			break // it has to wait
		}
		if sent > 1<<30 {
			t.Fatal("the sender never had to wait")
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("memory grew by %d bytes while nothing was read", grown)
	}
	// All that was sent comes once the pipeline goes on.
	conn.Close()
	want := (sent + len(line) - 1) / len(line)
	if n := len(takeRows(t, s, want).Rows); n != want {
		t.Errorf("%d of %d lines came", n, want)
	}
}

func TestJSONWithTimestamp(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	in := arrow.NewSchema([]arrow.Field{{Name: "temp", Type: schema.Float, Nullable: true}}, nil)
	out, _ := lines.WithTimestamp(in)
	cfg := defaults()
	cfg.IncludeTimestamp = true
	s := &source{cfg: cfg, server: srv.addr, format: plan.Format{Name: "json"}, schema: out}
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := time.Now().Truncate(time.Microsecond)
	go func() { write(t, srv.accept(), "{\"temp\": 1.5}\n{\"temp\": \"hot\"}\n") }()
	got := takeRows(t, s, 2)
	wantRows(t, got, "1.5")
	at, err := time.Parse(time.RFC3339Nano, got.Rows[0][1])
	if err != nil || at.Before(before) || at.After(time.Now()) {
		t.Errorf("timestamp %s, %v", got.Rows[0][1], err)
	}
	if len(got.Rejects) != 1 || string(got.Rejects[0].Raw) != `{"temp": "hot"}` {
		t.Errorf("rejects %+v", got.Rejects)
	}
}
