package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/pprof"

	"flowrun/dag/exec"
	"flowrun/dag/job/bench"
)

// measureOnce is a process that measures: it runs the pipeline and leaves the report.
func (f *benchFlags) measureOnce(ctx context.Context, std streams, args []string) error {
	path, err := oneArg(args)
	if err != nil {
		return err
	}
	env, err := f.env()
	if err != nil {
		return usage("--env-file: %v", err)
	}
	j, err := f.loadTarget(ctx, std, path, env)
	if err != nil {
		return err
	}
	if f.feed != "" {
		pointSockets(j.Plan, f.feed, true)
	}
	if f.cpuProfile != "" {
		file, err := os.Create(f.cpuProfile)
		if err != nil {
			return environment(err)
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return environment(err)
		}
	}
	o := bench.Options{Output: std.out, Duration: f.duration,
		Log: slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn})}
	tuneCollector()
	once, err := bench.Run(ctx, j, o)
	if f.cpuProfile != "" {
		pprof.StopCPUProfile()
	}
	var failed *exec.NodeError
	switch {
	case err == nil:
		return once.Write(f.report)
	case errors.As(err, &failed):
		return outcome(err, false) // the log has it
	}
	return &exit{exitFailed, err}
}

func oneArg(args []string) (string, error) {
	if len(args) != 1 {
		return "", usage("--report is of one pipeline")
	}
	return args[0], nil
}
