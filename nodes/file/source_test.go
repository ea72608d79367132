package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

func onDisk(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newText(path string) *source {
	return newSource(Config{Path: path, Compression: "auto", MaxLineBytes: spec.Size(20)}, &plan.Scan{Format: plan.Format{Name: "text"}, Schema: codec.TextSchema})
}

func open(t *testing.T, rt *optest.Runtime, path string, from []byte) *source {
	t.Helper()
	s := newText(path)
	if err := s.Open(t.Context(), rt, from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestReadsToTheEnd(t *testing.T) { inLanes(t, readsToTheEnd) }

func readsToTheEnd(t *testing.T) {
	text := "to be\r\n\nor \xff not\n" + strings.Repeat("x", 30) + "\nthat is"
	for _, chunk := range []int{1, 2, 7, 1000} {
		rt := lent(t)
		rt.Bytes = chunk
		s := open(t, rt, onDisk(t, text), nil)
		got := optest.Take(t.Context(), t, s, nil)
		if rows := got.Column(0); !slices.Equal(rows, []string{"to be", "", "that is"}) {
			t.Errorf("chunk %d: rows %q", chunk, rows)
		}
		if len(got.Rejects) != 2 || got.Rejects[0].Reason != codec.InvalidUTF8 || got.Rejects[1].Reason != codec.LineTooLong {
			t.Errorf("chunk %d: rejects %+v", chunk, got.Rejects)
		}
		if s.BytesRead() != uint64(len(text)) {
			t.Errorf("chunk %d: %d bytes", chunk, s.BytesRead())
		}
		if _, _, err := s.Read(t.Context()); err != io.EOF {
			t.Errorf("behind the end: %v", err)
		}
	}
}

// A run that goes on at any position brings exactly what the first one would have brought after it.
func TestGoesOnAtEveryPosition(t *testing.T) { inLanes(t, goesOnAtEveryPosition) }

func goesOnAtEveryPosition(t *testing.T) {
	var text strings.Builder
	var want []string
	for i := range 50 {
		fmt.Fprintf(&text, "line %d\n", i)
		want = append(want, fmt.Sprint("line ", i))
	}
	path := onDisk(t, text.String())
	for stop := range 17 {
		rt := lent(t)
		rt.Rows, rt.Bytes = 3, 40
		first := optest.Take(t.Context(), t, open(t, rt, path, nil), func(got *optest.Taken) bool { return got.Batches >= stop })
		var from []byte
		rows := []string{}
		if stop > 0 {
			var err error
			if from, err = first.Last.AppendBinary(nil); err != nil {
				t.Fatal(err)
			}
			rows = first.Column(0)
		}
		rows = append(rows, optest.Take(t.Context(), t, open(t, rt, path, from), nil).Column(0)...)
		if !slices.Equal(rows, want) {
			t.Fatalf("stopped after %d batches: rows %q", stop, rows)
		}
	}
}

func TestUntilNow(t *testing.T) { inLanes(t, untilNow) }

func untilNow(t *testing.T) {
	path := onDisk(t, "one\ntwo\n")
	grow := func() {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		io.WriteString(f, "three\n")
	}
	now := lent(t)
	now.Until = true
	fixed, free := open(t, now, path, nil), open(t, lent(t), path, nil)
	grow()
	if rows := optest.Take(t.Context(), t, fixed, nil).Column(0); !slices.Equal(rows, []string{"one", "two"}) {
		t.Errorf("until now: rows %q", rows)
	}
	if rows := optest.Take(t.Context(), t, free, nil).Column(0); !slices.Equal(rows, []string{"one", "two", "three"}) {
		t.Errorf("to the end: rows %q", rows)
	}
}

func TestStopsBetweenBatches(t *testing.T) { inLanes(t, stopsBetweenBatches) }

func stopsBetweenBatches(t *testing.T) {
	rt := lent(t)
	rt.Rows, rt.Bytes = 1, 4
	s := open(t, rt, onDisk(t, "one\ntwo\nthree\n"), nil)
	ctx, cancel := context.WithCancel(t.Context())
	got := optest.Take(ctx, t, s, func(got *optest.Taken) bool {
		cancel()
		return false
	})
	if len(got.Rows) != 0 {
		t.Errorf("rows %q were read after the end of the context", got.Rows)
	}
	if _, _, err := s.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Read = %v", err)
	}
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	short := onDisk(t, "short")
	info, err := os.Stat(short)
	if err != nil {
		t.Fatal(err)
	}
	cut, _ := position{}.with(0, &mark{name: short, id: identify(info), head: head{size: 100}, at: 100}).AppendBinary(nil)
	for _, c := range []struct {
		name, path string
		from       []byte
		want       string
	}{
		{"missing", filepath.Join(dir, "none"), nil, "no such file"},
		{"device", os.DevNull, nil, "it is no regular file"},
		{"cut since", short, cut, "the last run read up to byte 100, but the file has only 5"},
		{"damaged position", onDisk(t, "x"), []byte{0x80}, "the saved position is damaged"},
	} {
		s := newText(c.path)
		err := s.Open(t.Context(), lent(t), c.from)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s: Open = %v, want %q and the path", c.name, err, c.want)
		}
		if c.name == "missing" && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v does not say fs.ErrNotExist", c.name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: Close = %v", c.name, err)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]string{
		"a.json": "json", "a/b.JSONL": "json", "x.ndjson": "json", "x.log": "text", "json": "text", "a.json.txt": "text", "logs/*.jsonl.gz": "json", "x.log.zst": "text",
	} {
		if got := formatOf(path, nil); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
