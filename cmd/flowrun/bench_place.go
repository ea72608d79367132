package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"flowrun/dag/job/bench"
	workloads "flowrun/pipelines/bench"
)

// workplace is where the files of the workloads are, and what their pipelines see of the environment.
type workplace struct {
	env   func(string) (string, bool)
	std   streams
	dir   string
	kept  string // where checkpoints go; "": into dir
	rows  string
	own   bool // made for this run, and removed after it
	shown bool // progress is on the screen
}

func newWorkplace(env func(string) (string, bool), std streams) (*workplace, error) {
	rows, err := rowsOf(env)
	if err != nil {
		return nil, err
	}
	w := &workplace{env: env, std: std, rows: rows}
	w.dir, _ = env("BENCH_DIR")
	w.kept, _ = env("CHECKPOINT_DIR")
	return w, nil
}

// enter makes the folder, when a workload first needs it.
func (w *workplace) enter() error {
	if w.dir == "" {
		dir, err := os.MkdirTemp("", "flowrun-bench-")
		if err != nil {
			return environment(err)
		}
		w.dir, w.own = dir, true
	}
	if err := os.MkdirAll(filepath.Join(w.dir, "out"), 0o777); err != nil {
		return environment(err)
	}
	return nil
}

func (w *workplace) remove() {
	if w.own {
		_ = os.RemoveAll(w.dir) // it is a temporary folder
	}
}

// path is the file that data_NAME.yaml makes.
func (w *workplace) path(name string) string {
	return filepath.Join(w.dir, workloads.Output(name, w.rows))
}

// make makes the files of a workload that are not there. They show when they are whole.
func (w *workplace) make(ctx context.Context, f *benchFlags, load workloads.Workload) error {
	if err := w.enter(); err != nil {
		return err
	}
	for _, name := range load.Data {
		if _, err := os.Stat(w.path(name)); err == nil {
			continue
		}
		w.say("making %s", filepath.Base(w.path(name)))
		src, err := workloads.Files.ReadFile("data_" + name + ".yaml")
		if err != nil {
			return err
		}
		data := benchFlags{fileFlags: fileFlags{color: f.color}} // --set is for what is measured
		j, err := data.parse(ctx, w.std, "pipelines/bench/data_"+name+".yaml", src, w.with(nil))
		if err != nil {
			return err
		}
		if _, err := bench.Run(ctx, j, bench.Options{}); err != nil {
			return benchFailed(ctx, fmt.Errorf("making %s: %w", w.path(name), err))
		}
	}
	return nil
}

// environ are the settings of a workload as a process gets them.
func (w *workplace) environ(more map[string]string) []string {
	all := []string{"BENCH_DIR=" + w.dir, "CHECKPOINT_DIR=" + cmp.Or(w.kept, w.dir), "ROWS=" + w.rows}
	for k, v := range more {
		all = append(all, k+"="+v)
	}
	return all
}

// with is the environment with the settings of a workload.
func (w *workplace) with(more map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		switch v, ok := more[name]; {
		case ok:
			return v, true
		case name == "BENCH_DIR":
			return w.dir, true
		case name == "CHECKPOINT_DIR":
			return cmp.Or(w.kept, w.dir), true
		case name == "ROWS":
			return w.rows, true
		}
		return w.env(name)
	}
}

// of is the environment of a workload, and settingsOf its settings as in --set.
func (w *workplace) of(load workloads.Workload) map[string]string {
	all := map[string]string{}
	for k, v := range load.Env {
		all[k] = strings.ReplaceAll(v, "BENCH_DIR", w.dir)
	}
	return all
}

func settingsOf(load workloads.Workload, rows string) []string {
	var all []string
	for _, s := range load.Set {
		all = append(all, strings.ReplaceAll(s, "ROWS", rows))
	}
	return all
}

// say shows what is being done, on a terminal only; "" takes it away.
func (w *workplace) say(format string, args ...any) {
	if !isTerminal(w.std.err) || format == "" && !w.shown {
		return
	}
	w.shown = format != ""
	fmt.Fprintf(w.std.err, "\r\x1b[K"+format, args...)
}
