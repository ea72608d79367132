package http

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowrun/dag/op/optest"
	"flowrun/nodes/peer"
	"flowrun/nodes/peer/peertest"
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

// TestCurl sends rows as a person would.
func TestCurl(t *testing.T) {
	curl := need(t, "curl")
	cfg := defaults()
	cfg.Token = "hush"
	r := open(t, cfg, "json").read()
	send := func(want string, args ...string) {
		t.Helper()
		out, err := exec.Command(curl, append([]string{"-sS", "-m", "20", "-w", " %{http_code}", r.url}, args...)...).CombinedOutput()
		if text := strings.ReplaceAll(string(out), "\n", ""); err != nil || text != want {
			t.Errorf("curl %q: %v, %s; want %s", args, err, text, want)
		}
	}
	auth := "Authorization: Bearer hush"
	send(`{"accepted":1,"rejected":0} 200`, "-H", auth, "-d", `{"a": 1, "b": "x"}`)
	send(`{"accepted":2,"rejected":0} 200`, "-H", auth, "-H", "Content-Type: application/x-ndjson", "--data-binary", "{\"a\":2}\n{\"a\":3}\n")
	send(`{"accepted":0,"rejected":0,"error":"the bearer token is missing or wrong"} 401`, "-d", `{"a": 1}`)
	r.stop()
	if rows, _ := r.taken(); !slices.Equal(rows, []string{"1|x", "2|(null)", "3|(null)"}) {
		t.Errorf("rows %q", rows)
	}
}

// TestNginx sends rows over TLS to a real nginx, which hands them to a listening http.
func TestNginx(t *testing.T) {
	nginx := need(t, "nginx")
	r := open(t, defaults(), "json").read()
	a := peertest.New(t)
	cert, key := a.Issue(time.Now().Add(time.Hour), "127.0.0.1")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log stderr; worker_processes 1; master_process off;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen %[2]s ssl; ssl_certificate %[3]s; ssl_certificate_key %[4]s;
    location /in { proxy_pass %[5]s; }
    location /closed { return 403; }
  }
}`, dir, addr, cert, key, r.url)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(nginx, "-p", dir, "-c", config)
	var said strings.Builder
	server.Stderr = &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { server.Process.Kill(); server.Wait() }()

	// The sink waits for nginx to appear by itself.
	rt := optest.New(t)
	cfg := sinkDefaults("https://" + addr + "/in")
	cfg.Batch, cfg.MaxRows, cfg.TLS = "ndjson", 10, &peer.TLS{CA: a.CA}
	cfg.Retry.MaxElapsed /= 15
	s := openSink(t, rt, cfg, "json", nil)
	b := eventRows(rt, 95)
	defer b.Release()
	var out optest.Emitter
	if err := s.Write(t.Context(), b, &out); err != nil || len(out.Failures) > 0 {
		t.Fatalf("Write: %v, failures %v", err, out.Failures)
	}
	cfg.URL = "https://" + addr + "/closed"
	s = openSink(t, rt, cfg, "json", nil)
	one := eventRows(rt, 1)
	defer one.Release()
	if err := s.Write(t.Context(), one, &out); err != nil || len(out.Failures) != 1 || !strings.HasPrefix(out.Failures[0].Detail, "403 Forbidden: ") {
		t.Errorf("Write: %v, failures %+v", err, out.Failures)
	}
	r.stop()
	rows, _ := r.taken()
	if len(rows) != 95 || rows[0] != "0|x" || rows[94] != "94|x" {
		t.Errorf("%d rows", len(rows))
	}
}
