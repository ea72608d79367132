package lines

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
)

var text = arrow.NewSchema([]arrow.Field{{Name: "value", Type: schema.String, Nullable: true}}, nil)

func newText(rt *optest.Runtime, maxLine int) *Reader {
	return NewReader(rt, Options{Format: "text", Schema: text, MaxLineBytes: maxLine}, 0)
}

// feed gives a Reader chunks of at most size bytes, and returns what it makes of them up to the end of the stream.
func feed(t *testing.T, r *Reader, input string, size int) *optest.Taken {
	t.Helper()
	var got optest.Taken
	for len(input) > 0 {
		n := copy(r.Room()[:min(size, len(r.Room()))], input)
		input = input[n:]
		r.Fed(n, time.Now())
		for b := r.Next(); b != nil; b = r.Next() {
			got.Add(b)
		}
	}
	got.Add(r.End())
	return &got
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 21)
	for _, c := range []struct {
		name, input string
		rows        []string
		rejects     []string // reason and raw
	}{
		{"lines", "to be\nor not\n", []string{"to be", "or not"}, nil},
		{"no end", "to be\nor not", []string{"to be", "or not"}, nil},
		{"crlf", "to be\r\nor\rnot\r\n", []string{"to be", "or\rnot"}, nil},
		{"empty lines", "\n\nx\n\r\n", []string{"", "", "x", ""}, nil},
		{"nothing", "", nil, nil},
		{"just fits", long[:20] + "\r\n" + long[:20], []string{long[:20], long[:20]}, nil},
		{"too long", "a\n" + long + "\nb\n", []string{"a", "b"}, []string{"line too long " + long[:20]}},
		{"too long without an end", "a\n" + long, []string{"a"}, []string{"line too long " + long[:20]}},
		{"far too long", strings.Repeat("y", 5000) + "\nb", []string{"b"}, []string{"line too long " + strings.Repeat("y", 20)}},
		{"not utf-8", "a\n\xff\xfeb\nc\n", []string{"a", "c"}, []string{"invalid UTF-8 \xff\xfeb"}},
		{"cut character at a chunk's end", "äöü\nß\n", []string{"äöü", "ß"}, nil},
		{"zero bytes", "a\x00b\n\x00\n", []string{"a\x00b", "\x00"}, nil},
	} {
		for _, size := range []int{1, 2, 3, 7, 64} {
			t.Run(fmt.Sprintf("%s/%d", c.name, size), func(t *testing.T) {
				rt := optest.New(t)
				rt.Bytes, rt.Rows = 64, 3
				r := newText(rt, 20)
				defer r.Close()
				got := feed(t, r, c.input, size)
				if !slices.Equal(got.Column(0), c.rows) && len(got.Rows)+len(c.rows) > 0 {
					t.Errorf("rows %q, want %q", got.Column(0), c.rows)
				}
				var rejects []string
				for _, j := range got.Rejects {
					rejects = append(rejects, j.Reason+" "+string(j.Raw))
				}
				if !slices.Equal(rejects, c.rejects) {
					t.Errorf("rejects %q, want %q", rejects, c.rejects)
				}
			})
		}
	}
}

func TestReaderCutsBatches(t *testing.T) {
	rt := optest.New(t)
	rt.Rows = 2
	r := newText(rt, 100)
	defer r.Close()
	r.Fed(copy(r.Room(), "a\nb\n\xff\nd\ne\nf"), time.Now())
	var sizes []int
	for b := r.Next(); b != nil; b = r.Next() {
		sizes = append(sizes, b.Rows()+len(b.Rejects))
		b.Release()
	}
	if !slices.Equal(sizes, []int{2, 2, 1}) {
		t.Errorf("batches of %v rows and rejects", sizes)
	}
}

func TestReaderBreak(t *testing.T) {
	r := newText(optest.New(t), 100)
	defer r.Close()
	r.Fed(copy(r.Room(), "a\nhalf a li"), time.Now())
	var got optest.Taken
	got.Add(r.Next())
	got.Add(r.Break("the connection was lost"))
	if !slices.Equal(got.Column(0), []string{"a"}) || len(got.Rejects) != 1 {
		t.Fatalf("got %+v", got)
	}
	if j := got.Rejects[0]; j.Reason != UnfinishedLine || j.Detail != "the connection was lost" || string(j.Raw) != "half a li" || j.Cut {
		t.Errorf("reject %+v", j)
	}
	// The next stream begins with a line of its own, and at a line's end there is nothing to break.
	got = optest.Taken{}
	r.Fed(copy(r.Room(), "b\n"), time.Now())
	got.Add(r.Next())
	if b := r.Break("again"); b != nil {
		t.Errorf("Break at a line's end gave %d rejects", len(b.Rejects))
	}
	if !slices.Equal(got.Column(0), []string{"b"}) {
		t.Errorf("rows %q", got.Column(0))
	}
	// Where the run stopped, nothing is wrong with the line.
	got = optest.Taken{}
	r.Fed(copy(r.Room(), "half"), time.Now())
	got.Add(r.Next())
	got.Add(r.Stop())
	if len(got.Rejects) != 1 || !got.Rejects[0].Cut || r.Stop() != nil {
		t.Errorf("rejects %+v", got.Rejects)
	}
}

func TestReaderTimestamp(t *testing.T) {
	s, ok := WithTimestamp(text)
	if !ok {
		t.Fatal("no room for a timestamp")
	}
	if _, again := WithTimestamp(s); again {
		t.Error("a second timestamp was accepted")
	}
	rt := optest.New(t)
	r := NewReader(rt, Options{Format: "text", Schema: s, Timestamp: true, MaxLineBytes: 100}, 0)
	defer r.Close()
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	r.Fed(copy(r.Room(), "a\n\xff\nb\n"), at)
	b := r.Next()
	defer b.Release()
	if !b.Schema().Equal(s) {
		t.Errorf("schema %v, want %v", b.Schema(), s)
	}
	if len(b.Rejects) != 1 || b.Rows() != 2 || !b.Arrived.Equal(at) {
		t.Fatalf("%d rows, %d rejects, arrived %v", b.Rows(), len(b.Rejects), b.Arrived)
	}
	for i := range 2 {
		if got := b.Record.Column(1).ValueStr(i); got != "2026-03-01T12:00:00.123456Z" {
			t.Errorf("row %d has the time %s", i, got)
		}
	}
	// Rejects alone have no record to stamp.
	r.Fed(copy(r.Room(), "\xff\n"), at)
	only := r.Next()
	defer only.Release()
	if only.Rows() != 0 || len(only.Rejects) != 1 {
		t.Errorf("%d rows, %d rejects", only.Rows(), len(only.Rejects))
	}
}

// A stream that is read again from any offset that a batch left goes on with the very next line.
func TestReaderOffset(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		input := rapid.StringMatching(`([a-cß]{0,9}\r?\n){0,12}[a-c]{0,9}`).Draw(rt, "input")
		size := rapid.IntRange(1, 20).Draw(rt, "chunk")
		lend := optest.New(t)
		lend.Bytes, lend.Rows = 64, rapid.IntRange(1, 5).Draw(rt, "rows")
		whole := newText(lend, 6)
		want := feed(t, whole, input, size)
		whole.Close()

		first := newText(lend, 6)
		rest := input
		var got optest.Taken
		stop := rapid.IntRange(0, 6).Draw(rt, "batches")
		for len(rest) > 0 && got.Batches < stop {
			n := copy(first.Room()[:size], rest)
			rest = rest[n:]
			first.Fed(n, time.Now())
			for got.Batches < stop {
				b := first.Next()
				if b == nil {
					break
				}
				got.Add(b)
			}
		}
		at := first.Offset()
		first.Close()
		second := NewReader(lend, Options{Format: "text", Schema: text, MaxLineBytes: 6}, at)
		tail := feed(t, second, input[at:], size)
		second.Close()
		rows := append(got.Column(0), tail.Column(0)...)
		if !slices.Equal(rows, want.Column(0)) || len(got.Rejects)+len(tail.Rejects) != len(want.Rejects) {
			rt.Fatalf("from %d: rows %q, want %q", at, rows, want.Column(0))
		}
	})
}

func TestTooLongIsTheCodecsReason(t *testing.T) {
	r := newText(optest.New(t), 3)
	defer r.Close()
	r.Fed(copy(r.Room(), "abcdef\n"), time.Now())
	b := r.Next()
	defer b.Release()
	if j := b.Rejects[0]; j.Reason != codec.LineTooLong || j.Detail != "6 bytes, max_line_bytes is 3" {
		t.Errorf("reject %+v", j)
	}
}
