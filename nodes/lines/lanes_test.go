package lines

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowrun/dag/op/optest"
)

// What the reader has begun the lanes finish, and what they cannot finish it gets back, with the reason why.
func TestLanesBetweenTheReadersLines(t *testing.T) {
	broken := errors.New("broken")
	var all []string
	for i := range 500 {
		all = append(all, fmt.Sprint("line ", i))
	}
	whole := strings.Join(all, "\n")
	for _, c := range []struct {
		name, behind string
		err          error
	}{
		{"the reading ends", "", broken},
		{"a line longer than a chunk", strings.Repeat("x", 200) + "\nand on\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rt := optest.New(t)
			rt.Bytes, rt.Paths, rt.Rows = 64, 3, 4
			r := newText(rt, 1000)
			defer r.Close()
			l := NewLanes(rt, Options{Format: "text", Schema: text, MaxLineBytes: 1000}, nil)
			defer l.Close()

			stream := whole + c.behind
			var got optest.Taken
			r.Fed(copy(r.Room(), stream[:10]), time.Now()) // a line, and a part of one
			stream = stream[10:]
			for b := r.Next(); b != nil; b = r.Next() {
				got.Add(b)
			}
			read := func(p []byte) (int, error) {
				if len(stream) == 0 {
					return 0, broken
				}
				n := copy(p[:min(len(p), 50)], stream)
				stream = stream[n:]
				return n, nil
			}
			if !l.Start(r, read) {
				t.Fatal("the lanes did not start")
			}
			last := r.Offset()
			for l.Busy() {
				b, offset, err, failed := l.Next(r)
				if failed != nil {
					t.Fatal(failed)
				}
				if b == nil {
					if !errors.Is(err, c.err) {
						t.Errorf("the reading ended with %v", err)
					}
					break
				}
				if rows := b.Rows(); rows > 4 {
					t.Errorf("a batch of %d rows", rows)
				}
				got.Add(b)
				if offset <= last {
					t.Errorf("offset %d behind %d", offset, last)
				}
				last = offset
			}
			if r.Offset() != last {
				t.Errorf("the reader goes on at %d, the lanes came to %d", r.Offset(), last)
			}
			if b := r.Next(); b != nil {
				got.Add(b)
			}
			for n := 1; n > 0; {
				if n, _ = read(r.Room()); n > 0 {
					r.Fed(n, time.Now())
					for b := r.Next(); b != nil; b = r.Next() {
						got.Add(b)
					}
				}
			}
			got.Add(r.End())
			if want := strings.Split(strings.TrimSuffix(whole+c.behind, "\n"), "\n"); !slices.Equal(got.Column(0), want) {
				t.Errorf("rows %q", got.Column(0))
			}
		})
	}
}

// A reader in the middle of a line that is long already keeps it.
func TestLanesLeaveLongLinesAlone(t *testing.T) {
	rt := optest.New(t)
	rt.Bytes, rt.Paths = 64, 2
	r := newText(rt, 1000)
	defer r.Close()
	l := NewLanes(rt, Options{Format: "text", Schema: text, MaxLineBytes: 1000}, nil)
	defer l.Close()
	long := strings.Repeat("x", 40)
	r.Fed(copy(r.Room(), long), time.Now())
	if b := r.Next(); b != nil {
		t.Fatal("a line without an end came")
	}
	if l.Start(r, func([]byte) (int, error) { panic("nothing is to be read") }) || l.Busy() {
		t.Fatal("the lanes started")
	}
	r.Fed(copy(r.Room(), "y\n"), time.Now())
	var got optest.Taken
	got.Add(r.Next())
	if !slices.Equal(got.Column(0), []string{long + "y"}) {
		t.Errorf("rows %q", got.Column(0))
	}
}

// What goes wrong in a lane goes wrong where the lanes are asked, so that the run fails and not the process.
func TestPanicInALane(t *testing.T) {
	rt := optest.New(t)
	rt.Bytes, rt.Paths = 64, 2
	r := newText(rt, 1000)
	defer r.Close()
	l := NewLanes(rt, Options{Format: "text", Schema: text, MaxLineBytes: 1000}, nil)
	defer l.Close()
	if !l.Start(r, func([]byte) (int, error) { panic("a hole in the disk") }) {
		t.Fatal("the lanes did not start")
	}
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "a hole in the disk") {
			t.Errorf("panic %s", p)
		}
	}()
	l.Next(r)
}
