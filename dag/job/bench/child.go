package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Child is a process that measures one run of a pipeline by [Run].
type Child struct {
	Program string
	Args    []string // to which the file for the report is added
	Env     []string // beside this process's own
	Input   string   // a file to be its standard input; "": nothing
	Output  *os.File // its standard output; nil: nobody reads it
	Log     io.Writer
}

// Run runs the process to its end. One that fails has said why on its standard error, which is Log.
func (c Child) Run(ctx context.Context) (Once, error) {
	dir, err := os.MkdirTemp("", "flowrun-bench-")
	if err != nil {
		return Once{}, err
	}
	defer os.RemoveAll(dir)
	report := filepath.Join(dir, "report.json")
	cmd := exec.CommandContext(ctx, c.Program, append(c.Args, report)...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stderr = c.Log
	if c.Output != nil {
		cmd.Stdout = c.Output
	}
	if c.Input != "" {
		f, err := os.Open(c.Input)
		if err != nil {
			return Once{}, err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	start := time.Now()
	err = cmd.Run()
	process := time.Since(start)
	if err != nil {
		return Once{}, err
	}
	var once Once
	text, err := os.ReadFile(report)
	if err == nil {
		err = json.Unmarshal(text, &once)
	}
	if err != nil {
		return Once{}, fmt.Errorf("the measuring process left no report: %w", err)
	}
	once.Start, once.Process = once.Began.Sub(start).Seconds(), process.Seconds()
	return once, nil
}

// Write leaves the figures for the parent.
func (o Once) Write(path string) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// WatchParts runs the process, and reads from the parts of a directory, as they show, how long the lines of the sender took.
func (c Child) WatchParts(ctx context.Context, s *Sender, dir string) (Once, Delays, error) {
	over := make(chan struct{})
	parts := &Parts{Dir: dir, Done: over}
	defer parts.Close()
	var d Delays
	var read error
	done := make(chan struct{})
	go func() {
		defer close(done)
		d, read = ReadDelays(parts, s)
	}()
	once, err := c.Run(ctx)
	close(over)
	<-done
	if err == nil {
		err = read
	}
	return once, d, err
}

// Watch runs the process, and reads from its standard output how long the lines of the sender took.
func (c Child) Watch(ctx context.Context, s *Sender) (Once, Delays, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return Once{}, nil, err
	}
	defer r.Close()
	c.Output = w
	type read struct {
		delays Delays
		err    error
	}
	done := make(chan read, 1)
	go func() {
		d, err := ReadDelays(r, s)
		_, _ = io.Copy(io.Discard, r) // what is left, so that the process can end
		done <- read{d, err}
	}()
	once, err := c.Run(ctx)
	w.Close()
	got := <-done
	if err == nil {
		err = got.err
	}
	return once, got.delays, err
}
