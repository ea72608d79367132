package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"flowrun/dag/batch"
)

// binary builds flowrun once for all tests that need the real program.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "flowrun-test-*")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "flowrun")
	args := []string{"build", "-o", path}
	if batch.Checked {
		args = append(args, "-tags", "flowrundebug")
	}
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	if err != nil {
		return "", &buildError{string(out), err}
	}
	return path, nil
})

// built is the folder that binary made; TestMain removes it.
var built string

type buildError struct {
	out string
	err error
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + e.out }

func needBinary(t *testing.T) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// need skips a test where a program is missing; CI has all of them.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: %v", program, err)
		}
		t.Skipf("%s is not installed", program)
	}
	return path
}

// output is a buffer that a command writes and a test polls.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// until polls until the condition holds.
func until(t *testing.T, what string, show func() string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not come:\n%s", what, show())
}

// has waits until the output has each of the texts.
func (o *output) has(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		until(t, text, o.String, func() bool { return strings.Contains(o.String(), text) })
	}
}

// process is a running program of a test.
type process struct {
	*exec.Cmd
	stdin    io.WriteCloser
	out, err output
	done     chan error
}

// start runs a program in the repository's top folder until the test ends.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{Cmd: exec.CommandContext(ctx, name, args...), done: make(chan error, 1)}
	p.Dir = "../.."
	p.Stdout, p.Stderr = &p.out, &p.err
	var err error
	if p.stdin, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-p.done:
		case <-time.After(patience):
		}
	})
	return p
}

// exits waits for the program's end and checks its code.
func (p *process) exits(t *testing.T, code int) {
	t.Helper()
	select {
	case <-p.done:
		p.done <- nil // for the clean-up
	case <-time.After(patience):
		t.Fatalf("%v still runs\nstdout:\n%s\nstderr:\n%s", p.Args, p.out.String(), p.err.String())
	}
	if got := p.ProcessState.ExitCode(); got != code {
		t.Fatalf("%v: exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", p.Args, got, code, p.out.String(), p.err.String())
	}
}

func port(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, p, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return p
}
