package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"flowrun/dag/op/optest"
	"flowrun/nodes/lines"
)

// freeAddr is an address at which nobody listens.
func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestRefusedThenThere(t *testing.T) {
	addr, rt := freeAddr(t), optest.New(t)
	s := open(t, rt, addr, defaults())
	got := make(chan *optest.Taken)
	go func() { got <- takeRows(t, s, 1) }()
	_, port, _ := net.SplitHostPort(addr)
	rt.AwaitStatus(fmt.Sprintf("connecting %s, retry in 1s (try: nc -lk %s, or --demo)", addr, port))
	rt.AwaitLog("WARN cannot connect to " + addr + ", trying on error=connection refused")
	srv := listen(t, addr)
	write(t, srv.accept(), "here\n")
	wantRows(t, <-got, "here")
	if st := rt.Statuses(); st[len(st)-1] != "" {
		t.Errorf("the last status is %q", st[len(st)-1])
	}
}

func TestClosedThenBack(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	s := open(t, rt, srv.addr, defaults())
	go func() {
		conn := srv.accept()
		write(t, conn, "one\nwithout an end")
		conn.Close()
		write(t, srv.accept(), "back\n")
	}()
	wantRows(t, takeRows(t, s, 3), "one", "without an end", "back")
	rt.AwaitLog("WARN " + srv.addr + " closed the connection, connecting again")
}

func TestLostThenBack(t *testing.T) {
	srv, rt := listen(t, "127.0.0.1:0"), optest.New(t)
	s := open(t, rt, srv.addr, defaults())
	read := make(chan struct{})
	go func() {
		conn := srv.accept()
		write(t, conn, "one\nhalf a li")
		<-read
		conn.SetLinger(0) // a reset, not an end
		conn.Close()
		write(t, srv.accept(), "back\n")
	}()
	wantRows(t, takeRows(t, s, 1), "one")
	close(read)
	got := takeRows(t, s, 2)
	wantRows(t, got, "back")
	if len(got.Rejects) != 1 || got.Rejects[0].Reason != lines.UnfinishedLine || string(got.Rejects[0].Raw) != "half a li" ||
		got.Rejects[0].Cut {
		t.Errorf("rejects %+v", got.Rejects)
	}
	rt.AwaitLog("WARN lost the connection to " + srv.addr + ", connecting again error=connection reset by peer")
}

func TestCancelWhileNobodyIsThere(t *testing.T) {
	rt := optest.New(t)
	s := open(t, rt, freeAddr(t), defaults())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, _, err := s.Read(ctx)
		done <- err
	}()
	rt.AwaitStatus("retry in")
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Read = %v", err)
		}
	case <-time.After(optest.Patience):
		t.Fatal("Read does not return")
	}
}

// A name of several addresses is tried at all of them: the server listens at one only.
func TestNameOfSeveralAddresses(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Logf("no %s here: %v", addr, err)
			continue
		}
		l.Close()
		srv, rt := listen(t, addr), optest.New(t)
		host, port, _ := net.SplitHostPort(srv.addr)
		name := srv.addr
		if ips, err := net.LookupHost("localhost"); err == nil && slices.Contains(ips, host) {
			name = "localhost:" + port
		}
		s := open(t, rt, name, defaults())
		go func() { write(t, srv.accept(), "hello\n") }()
		wantRows(t, takeRows(t, s, 1), "hello")
	}
}

func TestRemoteServerIsNotStartedHere(t *testing.T) {
	rt := optest.New(t)
	s := open(t, rt, "no-such-host.invalid:1100", defaults())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Read(ctx)
	}()
	rt.AwaitLog("WARN cannot connect to no-such-host.invalid:1100, trying on")
	rt.AwaitStatus("connecting no-such-host.invalid:1100, retry in 1s")
	cancel()
	<-done
	for _, st := range rt.Statuses() {
		if strings.Contains(st, "nc -lk") {
			t.Errorf("status %q", st)
		}
	}
}
