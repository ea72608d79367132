package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/dag/plan"
)

type runFlags struct {
	fileFlags
	logFlags
	noTUI    bool
	tui      bool
	ascii    bool
	demo     bool
	begin    job.Begin
	duration time.Duration
	http     string
}

func newRun(std streams) *cobra.Command {
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Run a pipeline; `flowrun FILE` does the same",
	}
	f := addRunFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error { return runFile(c, std, f, args) }
	return c
}

func addRunFlags(c *cobra.Command) *runFlags {
	f := &runFlags{}
	f.fileFlags.add(c)
	f.logFlags.add(c)
	c.Flags().BoolVar(&f.noTUI, "no-tui", false, "no dashboard: print as to a pipe")
	c.Flags().BoolVar(&f.tui, "tui", false, "the dashboard, also where stdin is not a terminal: keys come from the terminal itself")
	c.Flags().BoolVar(&f.ascii, "ascii", false, "draw the dashboard with ASCII characters only")
	c.Flags().BoolVar(&f.demo, "demo", false, "feed the pipeline's socket sources with sample lines")
	c.Flags().BoolVar(&f.begin.Fresh, "fresh", false, "forget what the checkpoint has, and start anew")
	c.Flags().StringArrayVar(&f.begin.Reset, "reset", nil, "let a `NODE` begin anew, whose stored state does not fit any more (can be repeated)")
	c.Flags().StringVar(&f.http, "http", "", "tell over HTTP how the run is, at `ADDR`: /metrics for Prometheus, /healthz and /readyz; :9100 is 127.0.0.1:9100, and other machines can ask only at an address that names a host, such as 0.0.0.0:9100")
	c.Flags().DurationVar(&f.duration, "duration", 0, "end the run after this time, as ctrl+c does")
	return f
}

func runFile(c *cobra.Command, std streams, f *runFlags, args []string) error {
	path, err := oneFile(c, args)
	if err != nil {
		return err
	}
	if f.duration < 0 {
		return usage("--duration is a length of time such as 10s, not %s", f.duration)
	}
	if f.tui && f.noTUI {
		return usage("--tui and --no-tui contradict one another")
	}
	j, err := f.load(c.Context(), "run", std, path)
	if err != nil {
		return err
	}
	writeInferred(std.err, j.Plan)
	dashboard, err := f.dashboard(std, j.Plan)
	if err != nil {
		return err
	}
	tuneCollector()
	r := &running{flags: f, std: std, job: j}
	if r.listener, err = f.listen(); err != nil {
		return err
	}
	if r.listener != nil {
		defer r.listener.Close()
	}
	switch r.durable, err = j.Durable(f.begin); {
	case errors.Is(err, job.ErrFinished):
		fmt.Fprintf(std.err, "flowrun: %s\n", err)
		return nil
	case errors.Is(err, job.ErrDiscards):
		return &exit{exitUsage, err}
	case err != nil:
		return environment(err)
	case r.durable != nil:
		r.sayChanges()
	}
	if f.demo {
		stop, err := r.feed()
		if err != nil {
			return err
		}
		defer stop()
	}
	if dashboard {
		return r.watched(c.Context())
	}
	return r.plain(c.Context())
}

// running is one run of a file.
type running struct {
	flags *runFlags
	std   streams
	job   *job.Job

	durable  *job.Durable // nil: there is no checkpoint
	listener net.Listener // of --http; nil: there is none
}

// start builds the run, which closes the checkpoint when it is over.
func (r *running) start(o exec.Options) (*job.Runner, error) {
	run, err := job.NewRunner(r.job, r.durable, job.Connectors{Fresh: r.flags.begin.Fresh}, o)
	if err != nil {
		return nil, environment(err)
	}
	return run, nil
}

// sayChanges says what becomes of stored state that is not just kept.
func (r *running) sayChanges() {
	for _, c := range r.durable.Changes {
		if c.What != job.Kept {
			fmt.Fprintf(r.std.err, "flowrun: checkpoint: %s\n", c)
		}
	}
}

// plain runs without a dashboard: schemas first, then what sinks print on stdout; logs, a status line now and then and the
// account on stderr.
func (r *running) plain(ctx context.Context) error {
	handler, err := r.flags.logger(r.std.err)
	if err != nil {
		return err
	}
	for _, n := range r.job.Plan.Nodes {
		switch n.Op.(type) {
		case *plan.Scan, *plan.Write:
			writeSchema(r.std.err, n)
		}
	}
	run, err := r.start(exec.Options{Log: handler.Handler(), Output: r.std.out})
	if err != nil {
		return err
	}
	server, err := r.serveHTTP(run)
	if err != nil {
		return err
	}
	defer server.close()
	// A reader that has gone is an error of a write, and not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	signals := handleSignals(run, func(s os.Signal) {
		fmt.Fprintf(r.std.err, "flowrun: %s: draining; once more ends at once\n", s)
	})
	defer signals.stop()
	defer r.limit(run)()
	defer r.statusLines(run)()

	err = run.Run(ctx)
	if sum := run.Summary(); !sum.OutputClosed {
		sum.WriteSummary(r.std.err)
	}
	if s := signals.second(); s != nil {
		return said(128 + int(s.(syscall.Signal)))
	}
	return outcome(err, run.Restarted())
}

// limit drains the run after --duration. The returned function stops waiting for that.
func (r *running) limit(run *job.Runner) func() {
	if r.flags.duration == 0 {
		return func() {}
	}
	t := time.AfterFunc(r.flags.duration, run.Drain)
	return func() { t.Stop() }
}

// statusEvery is how often a run without a dashboard says how it is.
const statusEvery = 10 * time.Second

// statusLines prints the status now and then until the returned function is called.
func (r *running) statusLines(run *job.Runner) func() {
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(statusEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintln(r.std.err, run.Status())
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-stopped }
}

// outcome makes an exit code of how a run ended, the first of its legs or one behind a restart. Its error has been told.
func outcome(err error, restarted bool) error {
	var failed *exec.NodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed) && failed.Doing == "open" && !restarted:
		return said(exitEnvironment)
	}
	return said(exitFailed)
}

// signals makes the first SIGINT or SIGTERM drain a run, and the second end it at once.
type signals struct {
	ch   chan os.Signal
	done chan struct{}
	last chan os.Signal // the second signal
}

func handleSignals(run *job.Runner, first func(os.Signal)) *signals {
	s := &signals{ch: make(chan os.Signal, 4), done: make(chan struct{}), last: make(chan os.Signal, 1)}
	signal.Notify(s.ch, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case got := <-s.ch:
			first(got)
			run.Drain()
		case <-s.done:
			return
		}
		select {
		case got := <-s.ch:
			s.last <- got
			run.Stop()
		case <-s.done:
		}
	}()
	return s
}

// second is the signal that ended the run at once, or nil.
func (s *signals) second() os.Signal {
	select {
	case got := <-s.last:
		s.last <- got
		return got
	default:
		return nil
	}
}

func (s *signals) stop() {
	signal.Stop(s.ch)
	close(s.done)
}
