package job

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowrun/dag/exec"
)

// A journal that is full asks for a commit, however far away the next one is: more than it holds goes through it.
func TestAFullJournalDoesNotWaitForTheNextCommit(t *testing.T) {
	const lines = 40_000
	dir := t.TempDir()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for i := range lines {
			if _, err := fmt.Fprintf(conn, "%06d %s\n", i, strings.Repeat("x", 100)); err != nil {
				return
			}
		}
	}()
	j := Parse(t.Context(), "p.yaml", []byte(fmt.Sprintf(`
checkpoint: {dir: %[1]s/ck, every: 1000h}
nodes:
  lines: {socket: {address: %[2]q, on_eof: end}, journal: {max_bytes: 1MiB}}
  out: {from: lines, file: {path: %[1]s/out}, format: text}
`, dir, server.Addr())), Options{})
	if j.Plan == nil {
		t.Fatal(j.Diags)
	}
	d, err := j.Durable(Begin{})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	r, err := NewRunner(j, d, Connectors{}, exec.Options{Log: slog.NewTextHandler(&log, nil)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := r.Run(ctx); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	if !strings.Contains(log.String(), "the journal is full") {
		t.Error("it was never full: the test tests nothing")
	}
	parts, err := filepath.Glob(filepath.Join(dir, "out", "part-*"))
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for _, part := range parts {
		text, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if n := fmt.Sprintf("%06d", next); !strings.HasPrefix(line, n) {
				t.Fatalf("line %.10q, where %s should be", line, n)
			}
			next++
		}
	}
	if next != lines {
		t.Errorf("%d lines of %d", next, lines)
	}
}
