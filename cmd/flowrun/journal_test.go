package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flowrun/dag/job/programtest"
)

// Lines that a killed run had taken from a socket, and shown nothing of, are in the output of the run that goes to the end.
func TestKilledRunsLoseNothingThatIsInTheJournal(t *testing.T) {
	bin := programtest.Path(t)
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	dir := t.TempDir()
	journal := filepath.Join(dir, "journal")
	file := filepath.Join(dir, "p.yaml")
	text := fmt.Sprintf(`
trigger: 1000d
nodes:
  lines: {socket: {address: %q, on_eof: end}, journal: {dir: %s}}
  out:   {from: lines, console: {num_rows: 10000}}
`, server.Addr(), journal)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const kills, lines = 3, 1000
	// The last line of each is long, so that the length of the journal tells when all of them are there.
	long := strings.Repeat("x", 200_000)
	send := func(from, n int) net.Conn {
		server.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
		conn, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "line %06d\n", from+i)
		}
		if _, err := conn.Write([]byte(b.String() + "end " + long + "\n")); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for i := range kills {
		p := start(t, bin, "run", file)
		conn := send(i*lines, lines)
		programtest.Until(t, "all lines in the journal", p.Err.String, func() bool { return sizeOf(journal) > int64((i+1)*len(long)) })
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.Exits(t, -1)
		conn.Close()
		if out := p.Out.String(); out != "" {
			t.Fatalf("the run that was killed showed rows:\n%s", out)
		}
	}
	p := start(t, bin, "run", file)
	send(kills*lines, 1).Close()
	p.Exits(t, 0)
	out := p.Out.String()
	at := -1
	for i := range kills*lines + 1 {
		line := fmt.Sprintf("line %06d|", i)
		next := strings.Index(out, line)
		if next < at || strings.Count(out, line) != 1 {
			t.Fatalf("line %d is there %d times, at %d behind %d:\n%s", i, strings.Count(out, line), next, at, p.Err.String())
		}
		at = next
	}
	p = start(t, bin, "run", file)
	send(0, 1).Close()
	p.Exits(t, 0)
	if out := p.Out.String(); strings.Count(out, "line 0") != 1 {
		t.Errorf("what was committed came again:\n%s", out)
	}
	start(t, bin, "run", file)
	conn := send(0, 1)
	defer conn.Close()
	p = start(t, bin, "run", file)
	p.Exits(t, 3)
	p.Err.Has(t, "journal in "+journal+": it is in use")
}

// With a checkpoint and files that show at a commit each line that was taken is there once, whenever runs are killed.
func TestKilledRunsWithAJournalAndACheckpointAreExact(t *testing.T) {
	bin := programtest.Path(t)
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var over atomic.Bool
	served := make(chan struct{})
	go func() {
		defer close(served)
		for connection := 0; ; connection++ {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			for i := 0; err == nil && !over.Load(); i++ {
				_, err = fmt.Fprintf(conn, "%d %d\n", connection, i)
			}
			conn.Close()
		}
	}()
	defer func() { server.Close(); <-served }()
	dir := t.TempDir()
	file := filepath.Join(dir, "p.yaml")
	text := fmt.Sprintf(`
checkpoint: {dir: %[1]s/state, every: 50ms}
nodes:
  lines: {socket: {address: %[2]q, on_eof: end}, journal: true}
  out:   {from: lines, file: {path: %[1]s/out}, format: text}
`, dir, server.Addr())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 6 {
		p := start(t, bin, "run", file)
		p.Err.Has(t, "connected")
		time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond) // any moment will do
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.Exits(t, -1)
	}
	p := start(t, bin, "run", file)
	p.Err.Has(t, "connected")
	over.Store(true)
	p.Exits(t, 0)

	parts, err := filepath.Glob(filepath.Join(dir, "out", "part-*"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int][]int{}
	for _, part := range parts {
		b, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var connection, i int
			if _, err := fmt.Sscanf(line, "%d %d\n", &connection, &i); err != nil {
				t.Fatalf("%s has the line %q", part, line)
			}
			seen[connection] = append(seen[connection], i)
		}
	}
	for connection, all := range seen {
		slices.Sort(all)
		for i, n := range all {
			if n != i {
				t.Fatalf("seed %d: of connection %d line %d is there where %d should be, of %d", seed, connection, n, i, len(all))
			}
		}
	}
	if len(seen) < 2 {
		t.Errorf("lines of %d connections", len(seen))
	}
}

// sizeOf is how long the files below a directory are together.
func sizeOf(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}
