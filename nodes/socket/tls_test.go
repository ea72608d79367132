package socket

import (
	"crypto/tls"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"flowrun/dag/op/optest"
	"flowrun/nodes/peer"
	"flowrun/nodes/peer/peertest"
)

// secured is a TLS server of which each connection is sent one line.
func secured(t *testing.T, settings *peer.TLS) string {
	t.Helper()
	cfg, err := settings.Server()
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(optest.Patience))
			_, _ = io.WriteString(conn, "hello\n")
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func TestConnectWithTLS(t *testing.T) {
	later := time.Now().Add(time.Hour)
	ours, others := peertest.New(t), peertest.New(t)
	good, goodKey := ours.Issue(later, "127.0.0.1", "localhost")
	named, namedKey := ours.Issue(later, "example.org")
	old, oldKey := ours.Issue(time.Now().Add(-time.Minute), "127.0.0.1")
	addr := secured(t, &peer.TLS{Cert: good, Key: goodKey})
	elsewhere := secured(t, &peer.TLS{Cert: named, Key: namedKey})
	mutual := secured(t, &peer.TLS{Cert: good, Key: goodKey, ClientCA: ours.CA})
	pair, err := tls.LoadX509KeyPair(old, oldKey) // settings refuse it
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	defer func() { l.Close(); <-done }()

	for name, c := range map[string]struct {
		addr string
		tls  peer.TLS
		log  string // empty: it works
	}{
		"good":               {addr, peer.TLS{CA: ours.CA}, ""},
		"name of another":    {elsewhere, peer.TLS{CA: ours.CA, ServerName: "example.org"}, ""},
		"not verified":       {elsewhere, peer.TLS{SkipVerify: true}, ""},
		"both show one":      {mutual, peer.TLS{CA: ours.CA, Cert: good, Key: goodKey}, ""},
		"wrong name":         {elsewhere, peer.TLS{CA: ours.CA}, "its certificate is not for 127.0.0.1, but for example.org (say the name it is for in tls.server_name)"},
		"unknown authority":  {addr, peer.TLS{CA: others.CA}, "its certificate is from an unknown authority (name the authority's file in tls.ca)"},
		"expired":            {l.Addr().String(), peer.TLS{CA: ours.CA}, "its certificate expired at "},
		"plain text instead": {"", peer.TLS{CA: ours.CA}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			rt := optest.New(t)
			cfg := defaults()
			cfg.TLS = &c.tls
			if name == "plain text instead" {
				srv := listen(t, "127.0.0.1:0")
				go func() {
					conn := srv.accept()
					write(t, conn, "this is no TLS at all\n")
					conn.Close()
				}()
				c.addr, c.log = srv.addr, "the other side does not speak TLS"
			}
			s := open(t, rt, c.addr, cfg)
			if c.log == "" {
				wantRows(t, takeRows(t, s, 1), "hello")
				return
			}
			ctx, cancel := contextOf(t)
			ended := make(chan struct{})
			go func() { defer close(ended); optest.Take(ctx, t, s, nil) }()
			rt.AwaitLog("WARN cannot connect to " + c.addr + ", trying on error=" + c.log)
			cancel()
			<-ended
		})
	}
}

func TestListenWithTLS(t *testing.T) {
	a := peertest.New(t)
	cert, key := a.Issue(time.Now().Add(time.Hour), "127.0.0.1")
	rt := optest.New(t)
	cfg := listening()
	cfg.TLS = &peer.TLS{Cert: cert, Key: key, ClientCA: a.CA}
	l := openListener(t, rt, cfg)
	client, err := (&peer.TLS{CA: a.CA, Cert: cert, Key: key}).Client("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	// One that speaks no TLS, and one without a certificate, are hung up on and disturb nobody.
	plain := dial(t, l)
	write(t, plain, "GET / HTTP/1.0\r\n\r\n")
	rt.AwaitLog("a client's TLS handshake failed")
	stranger := client.Clone()
	stranger.Certificates = nil
	if conn, err := tls.Dial("tcp", l.socket.Addr().String(), stranger); err == nil {
		conn.SetReadDeadline(time.Now().Add(optest.Patience))
		_, err = conn.Read(make([]byte, 1))
		if text := peer.Reason(err); text != "the other side wants a certificate (tls.cert and tls.key)" {
			t.Errorf("a client without a certificate: %s", text)
		}
		conn.Close()
	}
	conn, err := tls.Dial("tcp", l.socket.Addr().String(), client)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	write(t, conn, "one\ntwo")
	conn.Close()
	wantRows(t, takeFrom(t, l, 2), "one", "two")
}

// TestNcatWithTLS talks to a real ncat in either role.
func TestNcatWithTLS(t *testing.T) {
	ncat := need(t, "ncat")
	a := peertest.New(t)
	cert, key := a.Issue(time.Now().Add(time.Hour), "127.0.0.1", "localhost")

	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	server := exec.Command(ncat, "-l", "--ssl", "--ssl-cert", cert, "--ssl-key", key, "127.0.0.1", port)
	server.Stdin = strings.NewReader("from ncat\n")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { server.Process.Kill(); server.Wait() }()
	cfg := defaults()
	cfg.TLS = &peer.TLS{CA: a.CA}
	wantRows(t, takeRows(t, open(t, optest.New(t), addr, cfg), 1), "from ncat")

	cfg = listening()
	cfg.TLS = &peer.TLS{Cert: cert, Key: key}
	l := openListener(t, optest.New(t), cfg)
	_, port, _ = net.SplitHostPort(l.socket.Addr().String())
	client := exec.Command(ncat, "--ssl-verify", "--ssl-trustfile", a.CA, "--send-only", "localhost", port)
	client.Stdin = strings.NewReader("to flowrun\nand more\n")
	if out, err := client.CombinedOutput(); err != nil {
		t.Fatalf("ncat: %v: %s", err, out)
	}
	wantRows(t, takeFrom(t, l, 2), "to flowrun", "and more")
}

// TestSettingsOfTLS holds what is said of files before the run.
func TestSettingsOfTLS(t *testing.T) {
	a, b := peertest.New(t), peertest.New(t)
	cert, key := a.Issue(time.Now().Add(time.Hour), "x")
	_, otherKey := b.Issue(time.Now().Add(time.Hour), "x")
	old, oldKey := a.Issue(time.Now().Add(-time.Minute), "x")
	for node, want := range map[string]string{
		"ca: /none.pem":                         "ca: cannot read /none.pem: no such file or directory",
		"ca: " + key:                            "holds no certificate",
		"ca: " + t.TempDir():                    "is no file",
		"cert: " + cert:                         "cert needs its private key",
		"key: " + key:                           "and there is no cert",
		"cert: " + cert + ", key: " + otherKey:  "private key does not match public key",
		"cert: " + old + ", key: " + oldKey:     "expired at",
		"client_ca: " + a.CA:                    "client_ca is for listening",
		"skip_verify: true, server_name: other": "skip_verify takes any certificate",
		"authority: x":                          `no key "authority"`,
	} {
		if _, wrong := lower(t, "socket: {port: 1, tls: {"+node+"}}"); !strings.Contains(wrong, want) {
			t.Errorf("%s: said %q, want %q", node, wrong, want)
		}
	}
	for node, want := range map[string]string{
		"":                                "needs a certificate and its key",
		"ca: " + a.CA:                     "ca is for connecting",
		"cert: " + cert + ", key: " + key: "",
	} {
		_, wrong := lower(t, "socket: {port: 1, mode: listen, tls: {"+node+"}}")
		if want == "" && wrong != "" || !strings.Contains(wrong, want) {
			t.Errorf("listening with %s: said %q, want %q", node, wrong, want)
		}
	}
	if s, wrong := lower(t, "socket: {port: 1, tls: {ca: "+a.CA+"}}"); wrong != "" || s.Detail != "localhost:1" {
		t.Error(wrong)
	}
}
