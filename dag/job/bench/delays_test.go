package bench

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sent is a sender that has sent lines at a rate, to a client that took them.
func sent(t *testing.T, text string, rows int) *Sender {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lines.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Sender{Path: path, Rate: 10_000, Rows: rows}
	address, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(strings.SplitAfter(text, "\n")[:rows], ""); string(got) != want {
		t.Fatalf("sent %q, want %q", got, want)
	}
	return s
}

func TestReadDelays(t *testing.T) {
	s := sent(t, "one\ntwo\ntwo\nthree\nfour\n", 4)
	for _, c := range []struct {
		out   string
		lines int
		fails string
	}{
		{"one\ntwo\ntwo\nthree\n", 4, ""},
		{"two\nthree\n", 2, ""}, // a filter
		{"two\none\n", 1, `"one" came out`},
		{"four\n", 0, `"four" came out`},
		{"one\nthr", 1, "no end"},
		{"", 0, "no line"},
	} {
		d, err := ReadDelays(strings.NewReader(c.out), s)
		if len(d) != c.lines || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%q: %d lines, %v", c.out, len(d), err)
		}
		for _, took := range d {
			if took < 0 {
				t.Errorf("%q: seen before it was sent: %v", c.out, d)
			}
		}
	}
}
