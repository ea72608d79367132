package lines

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// input is an Input over one side of a pair, the other side of which the test holds.
type input struct {
	*Input
	peer    io.WriteCloser
	waiting chan bool
}

// inputs makes one Input of every sort.
func inputs(t *testing.T) map[string]func() *input {
	start := func(r io.Reader, w io.WriteCloser, done func()) *input {
		in := &input{peer: w, waiting: make(chan bool, 1000)}
		in.Input = NewInput(r, func(on bool) { in.waiting <- on })
		t.Cleanup(func() {
			w.Close()
			in.Close()
			done()
		})
		return in
	}
	return map[string]func() *input{
		"tcp": func() *input {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			peer, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			return start(conn, peer, func() { conn.Close() })
		},
		"pipe of the system": func() *input {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			return start(r, w, func() { r.Close() })
		},
		"pipe that was inherited": func() *input {
			r, w := inherited(t)
			return start(r, w, func() { r.Close() })
		},
		"connection without a descriptor": func() *input {
			a, b := net.Pipe()
			return start(a, &async{w: b, work: make(chan []byte, 100)}, func() { a.Close() })
		},
		"reader that cannot be interrupted": func() *input {
			r, w := io.Pipe()
			return start(r, &async{w: w, work: make(chan []byte, 100)}, func() { r.Close() })
		},
	}
}

// inherited is a pipe as a shell makes one: its reads block.
func inherited(t *testing.T) (r, w *os.File) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Dup(int(r.Fd()))
	if err == nil {
		err = syscall.SetNonblock(fd, false)
	}
	r.Close()
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "pipe"), w
}

// async makes writes to a pipe without a buffer return at once.
type async struct {
	w       io.WriteCloser
	work    chan []byte
	started bool
}

func (a *async) Write(p []byte) (int, error) {
	if !a.started {
		a.started = true
		work := a.work
		go func() {
			defer a.w.Close()
			for p := range work {
				if _, err := a.w.Write(p); err != nil {
					return
				}
			}
		}()
	}
	a.work <- append([]byte(nil), p...)
	return len(p), nil
}

func (a *async) Close() error {
	if a.work == nil {
		return nil
	}
	close(a.work)
	a.work = nil
	if !a.started {
		return a.w.Close()
	}
	return nil
}

func TestInputReadsWhatIsThere(t *testing.T) {
	for name, open := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			in := open()
			buf := make([]byte, 64)
			io.WriteString(in.peer, "to be\n")
			n, err := in.Read(t.Context(), buf)
			if got := string(buf[:n]); err != nil || got != "to be\n" {
				t.Fatalf("Read = %q, %v", got, err)
			}
			io.WriteString(in.peer, "or not")
			in.peer.Close()
			var got strings.Builder
			for {
				n, err := in.Read(t.Context(), buf[:2])
				got.Write(buf[:n])
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if got.String() != "or not" {
				t.Fatalf("got %q before the end", got.String())
			}
			if _, err := in.Read(t.Context(), buf); err != io.EOF {
				t.Fatalf("behind the end: %v", err)
			}
		})
	}
}

func TestInputIsInterrupted(t *testing.T) {
	for name, open := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			in := open()
			buf := make([]byte, 64)
			for range 3 { // a new context starts anew
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() {
					_, err := in.Read(ctx, buf)
					done <- err
				}()
				for on := range in.waiting {
					if on {
						break
					}
				}
				cancel()
				select {
				case err := <-done:
					if !errors.Is(err, context.Canceled) {
						t.Fatalf("interrupted Read: %v", err)
					}
				case <-time.After(patience):
					t.Fatal("Read does not return")
				}
				if on := <-in.waiting; on {
					t.Fatal("still waiting")
				}
			}
			// What comes after an interrupted read is not lost.
			io.WriteString(in.peer, "later")
			n, err := in.Read(t.Context(), buf)
			if got := string(buf[:n]); err != nil || got != "later" {
				t.Fatalf("Read after an interrupted one = %q, %v", got, err)
			}
		})
	}
}

// What comes once the context has ended stays where it is: who reads next finds it.
func TestInputLeavesWhatComesLater(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a read may be under way")
	}
	r, w := inherited(t)
	defer r.Close()
	defer w.Close()
	waiting := make(chan bool, 10)
	in := NewInput(r, func(on bool) { waiting <- on })
	defer in.Close()
	for i := range byte(50) { // a read that was still under way would have taken one of these
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := in.Read(ctx, make([]byte, 64))
			done <- err
		}()
		<-waiting
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted Read: %v", err)
		}
		<-waiting
		w.Write([]byte{i})
		next, b := make(chan error, 1), make([]byte, 64)
		go func() {
			_, err := r.Read(b)
			next <- err
		}()
		select {
		case err := <-next:
			if err != nil || b[0] != i {
				t.Fatalf("who reads next finds %d, %v, want %d", b[0], err, i)
			}
		case <-time.After(patience):
			t.Fatalf("byte %d is gone", i)
		}
	}
}

func TestInputOfEndedContext(t *testing.T) {
	for name, open := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			in := open()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			io.WriteString(in.peer, "x")
			if _, err := in.Read(ctx, make([]byte, 1)); !errors.Is(err, context.Canceled) {
				t.Fatalf("Read = %v", err)
			}
		})
	}
}

// A connection that has something never counts as waiting.
func TestInputWaitsOnlyWhenNothingIsThere(t *testing.T) {
	if !canTry {
		t.Skip("this system cannot ask without waiting")
	}
	in := inputs(t)["tcp"]()
	io.WriteString(in.peer, "to be or not to be")
	buf := make([]byte, 2)
	if _, err := in.Read(t.Context(), buf); err != nil { // may have waited for the first bytes
		t.Fatal(err)
	}
	for len(in.waiting) > 0 {
		<-in.waiting
	}
	for range 8 {
		if _, err := in.Read(t.Context(), buf); err != nil {
			t.Fatal(err)
		}
	}
	if len(in.waiting) > 0 {
		t.Fatalf("Waiting(%v) while bytes were there", <-in.waiting)
	}
}

func TestInputReportsFailures(t *testing.T) {
	broken := errors.New("broken")
	in := NewInput(io.MultiReader(strings.NewReader("ab"), failing{broken}), func(bool) {})
	defer in.Close()
	buf := make([]byte, 8)
	if n, err := in.Read(t.Context(), buf); n != 2 || err != nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	if _, err := in.Read(t.Context(), buf); !errors.Is(err, broken) {
		t.Fatalf("Read = %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
