package programtest

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for what has to come.
const Patience = 20 * time.Second

// Output is a buffer that a command writes and a test polls.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Has waits until the output has each of the texts.
func (o *Output) Has(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		Until(t, text, o.String, func() bool { return strings.Contains(o.String(), text) })
	}
}

// Until polls until the condition holds. Where it never does the test fails with what show gives.
func Until(t testing.TB, what string, show func() string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("%s did not come:\n%s", what, show())
}

// Process is a running program of a test.
type Process struct {
	*exec.Cmd
	Stdin    io.WriteCloser
	Out, Err Output
	done     chan error
}

// Start runs a program in a directory until the test ends.
func Start(t testing.TB, dir, name string, args ...string) *Process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &Process{Cmd: exec.CommandContext(ctx, name, args...), done: make(chan error, 1)}
	p.Dir = dir
	p.Stdout, p.Stderr = &p.Out, &p.Err
	var err error
	if p.Stdin, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-p.done:
		case <-time.After(Patience):
		}
	})
	return p
}

// Exits waits for the program's end and checks its code.
func (p *Process) Exits(t testing.TB, code int) {
	t.Helper()
	select {
	case <-p.done:
		p.done <- nil // for the clean-up
	case <-time.After(Patience):
		t.Fatalf("%v still runs\nstdout:\n%s\nstderr:\n%s", p.Args, p.Out.String(), p.Err.String())
	}
	if got := p.ProcessState.ExitCode(); got != code {
		t.Fatalf("%v: exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", p.Args, got, code, p.Out.String(), p.Err.String())
	}
}
