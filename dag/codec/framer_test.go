package codec

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// framed is what a framer made of one line.
type framed struct {
	line string
	size int64
	over bool
	end  int64 // Offset
}

// frame feeds the pieces and takes all lines.
func frame(f *Framer, pieces ...[]byte) []framed {
	var out []framed
	take := func() {
		size, over := f.Over()
		out = append(out, framed{string(f.Line()), size, over, f.Offset()})
	}
	for _, p := range pieces {
		f.Feed(bytes.Clone(p))
		for f.Next() {
			take()
		}
	}
	if f.Flush() {
		take()
	}
	return out
}

// lines is what frame should give: the plain way to say it.
func lines(stream []byte, most int) []framed {
	var out []framed
	offset := int64(0)
	for len(stream) > 0 {
		line, rest, ended := bytes.Cut(stream, []byte("\n"))
		offset += int64(len(stream) - len(rest))
		stream = rest
		if ended {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		l := framed{string(line), int64(len(line)), false, offset}
		if len(line) > most {
			l.over = true
			l.line = string(line[:min(most, MaxRejectBytes)])
		}
		out = append(out, l)
	}
	return out
}

func check(t *testing.T, what string, got, want []framed) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d lines, want %d: %v", what, len(got), len(want), got)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: line %d is %.80q, want %.80q", what, i, fmt.Sprint(got[i]), fmt.Sprint(want[i]))
		}
	}
}

func TestFramerCutsAtLF(t *testing.T) {
	for _, c := range []struct {
		stream string
		want   []string
	}{
		{"", nil},
		{"\n", []string{""}},
		{"a", []string{"a"}},
		{"a\n", []string{"a"}},
		{"a\nb", []string{"a", "b"}},
		{"a\r\nb\r\n", []string{"a", "b"}},
		{"\r\n\r\n", []string{"", ""}},
		{"a\rb\n", []string{"a\rb"}},
		{"a\r\r\n", []string{"a\r"}},
		{"a\r", []string{"a\r"}},
		{"\n\n\nx", []string{"", "", "", "x"}},
	} {
		for cut := 0; cut <= len(c.stream); cut++ {
			var got []string
			for _, l := range frame(&Framer{}, []byte(c.stream[:cut]), []byte(c.stream[cut:])) {
				got = append(got, l.line)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) || len(got) != len(c.want) {
				t.Errorf("%q cut at %d: %q, want %q", c.stream, cut, got, c.want)
			}
		}
	}
}

func TestFramerBoundsALine(t *testing.T) {
	for _, most := range []int{1, 5, MaxRejectBytes - 1, MaxRejectBytes, MaxRejectBytes + 1, 3 * MaxRejectBytes} {
		for _, extra := range []int{-1, 0, 1, 2, 1000} {
			for _, end := range []string{"\n", "\r\n", "\r\r\n", ""} {
				stream := []byte("first\n" + strings.Repeat("x", most+extra) + end)
				if end != "" {
					stream = append(stream, "last"...)
				}
				want := lines(stream, most)
				for _, size := range []int{7, 1000, len(stream)} {
					f := &Framer{Max: most}
					if size == 7 && most > 100 {
						size = 4096
					}
					check(t, fmt.Sprintf("max %d, line %d, end %q, chunks of %d", most, most+extra, end, size),
						frame(f, chunks(stream, size)...), want)
					if cap(f.part) > 3*(most+1)+64 {
						t.Errorf("buffers %d bytes for lines of %d", cap(f.part), most)
					}
				}
			}
		}
	}
}

func TestFramerDoesNotBufferAnEndlessLine(t *testing.T) {
	f := &Framer{Max: 1 << 10}
	chunk := bytes.Repeat([]byte("x"), 1<<16)
	for range 1000 {
		f.Feed(chunk)
		if f.Next() {
			t.Fatal("a line without an end")
		}
	}
	if cap(f.part) > 4<<10 {
		t.Errorf("buffers %d bytes", cap(f.part))
	}
	f.Feed([]byte("\nok\n"))
	if !f.Next() {
		t.Fatal("the line has ended")
	}
	if size, over := f.Over(); !over || size != 1000<<16 || len(f.Line()) != 1<<10 {
		t.Errorf("size %d, over %v, head of %d", size, over, len(f.Line()))
	}
	if !f.Next() || string(f.Line()) != "ok" {
		t.Errorf("the line behind it: %q", f.Line())
	}
	if size, over := f.Over(); over || size != 2 {
		t.Errorf("size %d, over %v", size, over)
	}
}

func TestFramerDoesNotCopyALineInsideAChunk(t *testing.T) {
	chunk := []byte("abc\ndef\n")
	f := &Framer{}
	f.Feed(chunk)
	f.Next()
	if &f.Line()[0] != &chunk[0] {
		t.Error("copied")
	}
}

func TestFramerStopsAtAnyLineAndGoesOn(t *testing.T) {
	f := &Framer{}
	f.Feed([]byte("a\nb\nc"))
	if !f.Next() || f.Offset() != 2 {
		t.Fatalf("offset %d", f.Offset())
	}
	// The source hands on a batch here; its position is Offset.
	if !f.Next() || string(f.Line()) != "b" || f.Offset() != 4 {
		t.Fatalf("line %q, offset %d", f.Line(), f.Offset())
	}
	if f.Next() || f.Offset() != 4 {
		t.Fatalf("the begun line does not move the offset: %d", f.Offset())
	}
	if !f.Flush() || string(f.Line()) != "c" || f.Offset() != 5 || f.Flush() {
		t.Fatalf("line %q, offset %d", f.Line(), f.Offset())
	}
}

func TestFramerReset(t *testing.T) {
	f := &Framer{Max: 10}
	f.Feed([]byte("half of a very long line"))
	f.Next()
	f.Reset(100)
	check(t, "after Reset", frame(f, []byte("new\nlines")), []framed{{"new", 3, false, 104}, {"lines", 5, false, 109}})
}

func chunks(stream []byte, size int) (pieces [][]byte) {
	for len(stream) > size {
		pieces = append(pieces, stream[:size])
		stream = stream[size:]
	}
	return append(pieces, stream)
}

func FuzzFramer(f *testing.F) {
	f.Add([]byte("a\nb\r\nc"), uint64(3), 4)
	f.Add([]byte("too long\r\nx\r\r\n\n"), uint64(0x0102030405), 3)
	f.Add([]byte("\r\n\r"), uint64(1), 1)
	f.Fuzz(func(t *testing.T, stream []byte, cuts uint64, most int) {
		if most <= 0 || most > 1<<20 {
			most = 7
		}
		var pieces [][]byte
		rest := stream
		for ; cuts != 0 && len(rest) > 0; cuts >>= 4 {
			n := min(int(cuts&15), len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		pieces = append(pieces, rest)
		check(t, "fuzzed", frame(&Framer{Max: most}, pieces...), lines(stream, most))
	})
}
