package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"flowrun/dag/job/bench"
)

type benchFlags struct {
	fileFlags
	runs       int
	compare    string
	input      string
	rate       float64
	duration   time.Duration
	cpuProfile string

	report string // set in the processes that measure
	feed   string
}

func newBench(std streams) *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench [FILE...]",
		Short: "Measure pipelines: speed, processor time, memory, and where the time goes",
		Long: `bench runs pipelines and measures each: rows and bytes a second, processor time per million rows, the most memory, and
each node's share of the time. Every run has a process of its own, and several pipelines take turns.

  flowrun bench                                  the workloads that flowrun is measured by: w, keys and nexmark
  flowrun bench nexmark                          the queries of the Nexmark benchmark, and its events alone
  flowrun bench w2 --runs 7 --compare wc         one of them, seven times, each time followed by wc -l on the same input
  flowrun bench pipeline.yaml                    a pipeline of yours; it writes what it writes
  flowrun bench sockets.yaml --input lines.txt   its sockets are sent the lines of a file

The workloads read files that are made first. ROWS says how many rows they have (1000000), BENCH_DIR where they are kept; without
it they are made anew and removed at the end. CHECKPOINT_DIR says where w5-commit and w6 keep their checkpoints meanwhile, if not there.`,
		RunE: func(c *cobra.Command, args []string) error {
			if f.report != "" {
				return f.measureOnce(c.Context(), std, args)
			}
			return f.all(c.Context(), std, args)
		},
	}
	f.add(c)
	f.addJSON(c)
	c.Flags().IntVar(&f.runs, "runs", 3, "how often to run each; shown are the median, the least and the most")
	c.Flags().StringVar(&f.compare, "compare", "", "run `wc` -l on the same input after each run, and show how much longer the run took")
	c.Flags().StringVar(&f.input, "input", "", "send the lines of `FILE` to the sockets of the pipeline, or to its standard input")
	c.Flags().Float64Var(&f.rate, "rate", 0, "with --input and a socket: lines a second, and the time until each shows on standard output; 0: as fast as it goes")
	c.Flags().DurationVar(&f.duration, "duration", 0, "end each run after this time: for sources without an end")
	c.Flags().StringVar(&f.cpuProfile, "cpuprofile", "", "write a profile of the last run's processor time to `FILE`, for go tool pprof")
	c.Flags().StringVar(&f.report, "report", "", "")
	c.Flags().StringVar(&f.feed, "feed", "", "")
	for _, own := range []string{"report", "feed"} {
		_ = c.Flags().MarkHidden(own) // it is there
	}
	return c
}

func (f *benchFlags) check(args []string) error {
	switch {
	case f.runs < 1:
		return usage("--runs is at least 1, not %d", f.runs)
	case f.compare != "" && f.compare != "wc":
		return usage("--compare knows wc, not %q", f.compare)
	case f.rate < 0:
		return usage("--rate is a number of lines per second, not %g", f.rate)
	case f.rate > 0 && f.input == "":
		return usage("--rate needs the lines to send: --input FILE")
	case f.duration < 0:
		return usage("--duration is a length of time such as 10s, not %s", f.duration)
	case f.cpuProfile != "" && len(args) != 1:
		return usage("--cpuprofile is of one pipeline, and %d are to be measured: flowrun bench w2 --cpuprofile %s", max(len(args), 2), f.cpuProfile)
	}
	return f.fileFlags.check()
}

// all measures everything in turn and prints the results.
func (f *benchFlags) all(ctx context.Context, std streams, args []string) error {
	if err := f.check(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	env, err := f.env()
	if err != nil {
		return usage("--env-file: %v", err)
	}
	place, err := newWorkplace(env, std)
	if err != nil {
		return err
	}
	defer place.remove()
	targets, err := f.targets(ctx, std, place, args)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return environment(err)
	}
	for n := range f.runs {
		for _, t := range targets {
			place.say("%s: run %d of %d", t.name, n+1, f.runs)
			if err := t.run(ctx, std, f, self, n == f.runs-1); err != nil {
				place.say("")
				return benchFailed(ctx, err)
			}
		}
	}
	place.say("")
	var results []bench.Result
	for _, t := range targets {
		results = append(results, t.sum())
	}
	for i, t := range targets {
		at := slices.IndexFunc(targets, func(other *target) bool { return other.name == t.beside })
		if t.beside != "" && at >= 0 {
			results[i].Against(results[at])
		}
	}
	if !f.json {
		return bench.WriteText(std.out, results)
	}
	e := json.NewEncoder(std.out)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"command": "bench", "ok": true, "results": results})
}

// benchFailed makes an exit code of what went wrong while measuring. A process that failed has said why.
func benchFailed(ctx context.Context, err error) error {
	var failed *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return said(exitInterrupted)
	case errors.As(err, &failed) && failed.ExitCode() > 0:
		return said(failed.ExitCode())
	}
	return &exit{exitFailed, fmt.Errorf("bench: %w", err)}
}
