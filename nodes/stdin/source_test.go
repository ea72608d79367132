package stdin

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"flowrun/dag/codec"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, rt *optest.Runtime, input io.Reader) *source {
	t.Helper()
	s := &source{cfg: Config{MaxLineBytes: 20, Input: input}, format: plan.Format{Name: "text"}, schema: codec.TextSchema}
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestReadsToTheEnd(t *testing.T) {
	s := open(t, optest.New(t), strings.NewReader("to be\r\n\xff\n"+strings.Repeat("x", 30)+"\nor not"))
	got := optest.Take(t.Context(), t, s, nil)
	if rows := got.Column(0); !slices.Equal(rows, []string{"to be", "or not"}) {
		t.Errorf("rows %q", rows)
	}
	if len(got.Rejects) != 2 || got.Rejects[0].Reason != codec.InvalidUTF8 || got.Rejects[1].Reason != codec.LineTooLong {
		t.Errorf("rejects %+v", got.Rejects)
	}
	if _, _, err := s.Read(t.Context()); err != io.EOF {
		t.Errorf("behind the end: %v", err)
	}
}

func TestFailureEndsTheRun(t *testing.T) {
	broken := errors.New("broken")
	s := open(t, optest.New(t), io.MultiReader(strings.NewReader("one\nhal"), failing{broken}))
	var got optest.Taken
	for {
		b, _, err := s.Read(t.Context())
		got.Add(b)
		if err != nil {
			if !errors.Is(err, broken) {
				t.Errorf("Read = %v", err)
			}
			break
		}
	}
	if len(got.Rows) != 1 || len(got.Rejects) != 1 || string(got.Rejects[0].Raw) != "hal" {
		t.Errorf("rows %q, rejects %+v", got.Rows, got.Rejects)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// onStandardInput puts a pipe in the place of standard input.
func onStandardInput(t *testing.T) *os.File {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdin
	os.Stdin = r
	t.Cleanup(func() {
		os.Stdin = old
		r.Close()
		w.Close()
	})
	return w
}

func TestALineLeavesAsSoonAsItIsTyped(t *testing.T) {
	w := onStandardInput(t)
	s := open(t, optest.New(t), nil)
	for _, line := range []string{"one", "two"} {
		io.WriteString(w, line+"\nha")
		got := optest.Take(t.Context(), t, s, optest.Rows(1))
		if rows := got.Column(0); len(rows) != 1 || strings.TrimPrefix(rows[0], "ha") != line {
			t.Errorf("rows %q, want %q", rows, line)
		}
	}
}

func TestCancelWhileBlocked(t *testing.T) {
	pipe, w := io.Pipe() // cannot be interrupted
	defer w.Close()
	for name, input := range map[string]io.Reader{"pollable": nil, "not pollable": pipe} {
		t.Run(name, func(t *testing.T) {
			if input == nil {
				onStandardInput(t)
			}
			rt := optest.New(t)
			s := open(t, rt, input)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, _, err := s.Read(ctx)
				done <- err
			}()
			rt.AwaitWaiting()
			cancel()
			select {
			case err := <-done:
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Read = %v", err)
				}
			case <-time.After(optest.Patience):
				t.Fatal("Read does not return")
			}
		})
	}
}

// The line in which the run is stopped is told as cut, so that it fails no run.
func TestStopInTheMiddleOfALine(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	rt := optest.New(t)
	s := open(t, rt, r)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan *optest.Taken)
	go func() { done <- optest.Take(ctx, t, s, nil) }()
	if _, err := io.WriteString(w, "one\nhalf"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(optest.Patience); s.BytesRead() < 8 && time.Now().Before(end); {
		runtime.Gosched()
	}
	rt.AwaitWaiting()
	cancel()
	select {
	case got := <-done:
		if len(got.Rejects) != 1 || string(got.Rejects[0].Raw) != "half" || !got.Rejects[0].Cut {
			t.Errorf("rejects %+v", got.Rejects)
		}
	case <-time.After(optest.Patience):
		t.Fatal("Read does not return")
	}
}

func TestOneNodeReadsStandardInput(t *testing.T) {
	onStandardInput(t)
	first := &source{cfg: Config{MaxLineBytes: 20}, format: plan.Format{Name: "text"}, schema: codec.TextSchema}
	if err := first.Open(t.Context(), optest.New(t), nil); err != nil {
		t.Fatal(err)
	}
	second := &source{cfg: Config{MaxLineBytes: 20}, format: plan.Format{Name: "text"}, schema: codec.TextSchema}
	if err := second.Open(t.Context(), optest.New(t), nil); err == nil || !strings.Contains(err.Error(), "read by another node") {
		t.Errorf("a second source: %v", err)
	}
	if err := errors.Join(second.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	open(t, optest.New(t), nil) // free again
}

func TestTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if terminal(null) || terminal(strings.NewReader("")) {
		t.Error("no terminal was taken for one")
	}
	// The other side of a pseudo-terminal is a device at which a person may type.
	if tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0); err == nil {
		defer tty.Close()
		if !terminal(tty) {
			t.Error("a terminal was not recognised")
		}
	}
}
