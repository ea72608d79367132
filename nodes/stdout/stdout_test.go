package stdout

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
)

var words = arrow.NewSchema([]arrow.Field{{Name: "word", Type: schema.String, Nullable: true}}, nil)

func rows(rt *optest.Runtime, list ...string) *batch.Batch {
	b := batch.NewBuilder(words, rt.Allocator())
	defer b.Release()
	for _, w := range list {
		b.Column(0).AppendString(w)
	}
	return b.Batch()
}

func TestRowsAreVisibleAtOnce(t *testing.T) {
	for format, want := range map[string][]string{
		"json": {"{\"word\":\"a\"}\n", "{\"word\":\"a\"}\n{\"word\":\"b\\\"\"}\n{\"word\":\"c\"}\n"},
		"text": {"a\n", "a\nb\"\nc\n"},
	} {
		rt := optest.New(t)
		s := &sink{encoder: codec.NewEncoder(format, words)}
		if err := s.Open(t.Context(), rt, nil); err != nil {
			t.Fatal(err)
		}
		for i, b := range []*batch.Batch{rows(rt, "a"), rows(rt, `b"`, "c")} {
			if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
				t.Fatal(err)
			}
			b.Release()
			if got := rt.Printed(); got != want[i] {
				t.Errorf("%s, batch %d: printed %q, want %q", format, i, got, want[i])
			}
		}
	}
}

func TestOnlyRowsThatCount(t *testing.T) {
	rt := optest.New(t)
	s := &sink{encoder: codec.NewEncoder("text", words)}
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	all := rows(rt, "a", "b", "c")
	defer all.Release()
	some := all.WithSelection([]int32{1})
	defer some.Release()
	if err := s.Write(t.Context(), some, &optest.Emitter{}); err != nil {
		t.Fatal(err)
	}
	if got := rt.Printed(); got != "b\n" {
		t.Errorf("printed %q", got)
	}
}

// failing is an encoder that refuses every row.
type failing struct{}

func (failing) Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure) {
	return dst, []batch.Failure{{Row: 0, Reason: "no form"}}
}

func TestRowsWithoutAFormAreRejects(t *testing.T) {
	rt := optest.New(t)
	s := &sink{rt: rt, encoder: failing{}}
	b := rows(rt, "a")
	defer b.Release()
	var out optest.Emitter
	if err := s.Write(t.Context(), b, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Failures) != 1 || out.Failures[0].Reason != "no form" || rt.Printed() != "" {
		t.Errorf("failures %+v, printed %q", out.Failures, rt.Printed())
	}
}

// closed is a Runtime whose output is closed.
type closed struct{ *optest.Runtime }

func (closed) Stdout() io.Writer { return brokenPipe{} }

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestAClosedOutputEndsTheRun(t *testing.T) {
	rt := optest.New(t)
	s := &sink{rt: closed{rt}, encoder: codec.NewEncoder("text", words)}
	b := rows(rt, "a")
	defer b.Release()
	err := s.Write(t.Context(), b, &optest.Emitter{})
	if !errors.Is(err, io.ErrClosedPipe) || !strings.Contains(err.Error(), "standard output") {
		t.Errorf("Write = %v", err)
	}
}

func TestALargeBufferIsGivenBack(t *testing.T) {
	rt := optest.New(t)
	s := &sink{rt: rt, encoder: codec.NewEncoder("text", words)}
	b := rows(rt, strings.Repeat("x", 2*maxBuffer))
	defer b.Release()
	if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
		t.Fatal(err)
	}
	if cap(s.buf) > maxBuffer {
		t.Errorf("%d bytes are kept", cap(s.buf))
	}
}

// In a run with a checkpoint commits come again and again. They find nothing to do, and print nothing twice; nor does a run
// that goes on.
func TestCommitsPrintNothing(t *testing.T) {
	rt := optest.New(t)
	rt.Saved = true
	var want string
	for run := range 2 {
		s := &sink{encoder: codec.NewEncoder("text", words)}
		if err := s.Open(t.Context(), rt, []op.Prepared{nil}); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			row := fmt.Sprint(run, i)
			want += row + "\n"
			b := rows(rt, row)
			if err := s.Write(t.Context(), b, &optest.Emitter{}); err != nil {
				t.Fatal(err)
			}
			b.Release()
			p, err := s.Prepare(t.Context(), &optest.Emitter{})
			if err != nil || p != nil {
				t.Errorf("Prepare = %v, %v", p, err)
			}
			if got := rt.Printed(); got != want {
				t.Errorf("before the commit %q are printed, want %q", got, want)
			}
			if err := errors.Join(s.Commit(t.Context(), p), s.Commit(t.Context(), p)); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := rt.Printed(); got != want {
		t.Errorf("%q are printed, want %q", got, want)
	}
}
