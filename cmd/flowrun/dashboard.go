package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"flowrun/dag/exec"
	"flowrun/dag/plan"
	"flowrun/tui"
)

// dashboard decides whether the run is shown live: where stdout and stdin are terminals; where the pipeline reads a piped
// stdin, keys come from the terminal itself.
func (f *runFlags) dashboard(std streams, p *plan.Pipeline) (bool, error) {
	switch {
	case f.noTUI:
		return false, nil
	case !isTerminal(std.out) || os.Getenv("TERM") == "dumb":
		if f.tui {
			return false, environment(fmt.Errorf("--tui: stdout is no terminal that a dashboard can be drawn on"))
		}
		return false, nil
	}
	return f.tui || isTerminal(std.in) || readsStdin(p), nil
}

func readsStdin(p *plan.Pipeline) bool {
	for _, n := range p.Nodes {
		if s, ok := n.Op.(*plan.Scan); ok && s.Kind == "stdin" {
			return true
		}
	}
	return false
}

// watched runs with the dashboard on the terminal. What sinks print goes to its output tab.
func (r *running) watched(ctx context.Context) error {
	log, err := r.flags.logger(io.Discard) // checks the flags; the log is shown in its pane
	if err != nil {
		return err
	}
	run, err := r.start(exec.Options{LogLevel: leastLevel(log), Watched: true})
	if err != nil {
		return err
	}
	server, err := r.serveHTTP(run)
	if err != nil {
		return err
	}
	defer server.close()
	sent := make(chan os.Signal, 4)
	signal.Notify(sent, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(sent)
	defer r.limit(run)()

	ended := make(chan error, 1)
	go func() { ended <- run.Run(ctx) }()
	left, err := tui.Run(ctx, run, tui.Options{
		ASCII:          r.flags.ascii,
		LeaveWhenEnded: r.flags.duration > 0,
		Signals:        sent,
		Output:         r.std.out,
	})
	if err != nil {
		run.Drain()
		<-ended
		return environment(fmt.Errorf("the dashboard: %w", err))
	}
	err = <-ended
	run.Summary().WriteSummary(r.std.err)
	if left.Interrupted != nil {
		return said(128 + int(left.Interrupted.(syscall.Signal)))
	}
	if err != nil {
		fmt.Fprintf(r.std.err, "flowrun: %s\n", r.job.Plan.Secrets.Mask(err.Error()))
	}
	return outcome(err, run.Restarted())
}

// leastLevel is the least level that a logger takes.
func leastLevel(log *slog.Logger) slog.Level {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if log.Enabled(context.Background(), l) {
			return l
		}
	}
	return slog.LevelError
}
