package main

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Lines that a killed run had taken from a socket, and shown nothing of, are in the output of the run that goes to the end.
func TestKilledRunsLoseNothingThatIsInTheJournal(t *testing.T) {
	bin := needBinary(t)
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
		until(t, "all lines in the journal", p.err.String, func() bool { return sizeOf(journal) > int64((i+1)*len(long)) })
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.exits(t, -1)
		conn.Close()
		if out := p.out.String(); out != "" {
			t.Fatalf("the run that was killed showed rows:\n%s", out)
		}
	}
	p := start(t, bin, "run", file)
	send(kills*lines, 1).Close()
	p.exits(t, 0)
	out := p.out.String()
	at := -1
	for i := range kills*lines + 1 {
		line := fmt.Sprintf("line %06d|", i)
		next := strings.Index(out, line)
		if next < at || strings.Count(out, line) != 1 {
			t.Fatalf("line %d is there %d times, at %d behind %d:\n%s", i, strings.Count(out, line), next, at, p.err.String())
		}
		at = next
	}
	p = start(t, bin, "run", file)
	send(0, 1).Close()
	p.exits(t, 0)
	if out := p.out.String(); strings.Count(out, "line 0") != 1 {
		t.Errorf("what was committed came again:\n%s", out)
	}
	start(t, bin, "run", file)
	conn := send(0, 1)
	defer conn.Close()
	p = start(t, bin, "run", file)
	p.exits(t, 3)
	p.err.has(t, "journal in "+journal+": it is in use")
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
