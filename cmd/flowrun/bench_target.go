package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"flowrun/dag/diag"
	"flowrun/dag/job"
	"flowrun/dag/job/bench"
	"flowrun/dag/plan"
	"flowrun/nodes/file"
	"flowrun/nodes/socket"
	workloads "flowrun/pipelines/bench"
	"flowrun/pipelines/nexmark"
)

// target is one pipeline that is measured, and what came of it.
type target struct {
	name     string
	pipeline string
	env      []string // beside the process's own
	input    string   // the file that its sockets or its standard input are given
	sockets  int
	rate     float64
	rows     int
	paths    []string // what wc is run on; nil: nothing
	dir      string   // where lines show, as parts; "": on the standard output
	beside   string   // the workload that it is compared with

	runs   []bench.Once
	limits []float64
	delays []bench.Delays
}

// workload finds a workload of ours by its name.
func workload(name string) (workloads.Workload, bool) {
	for _, w := range workloads.Workloads {
		if w.Name == name {
			return w, true
		}
	}
	return workloads.Workload{}, false
}

// ungrouped puts the workloads of a group in place of its name. A file comes first.
func ungrouped(args []string) []string {
	var all []string
	for _, name := range args {
		group, known := workloads.Groups[name]
		if _, err := os.Stat(name); err == nil || !known {
			all = append(all, name)
			continue
		}
		for _, w := range workloads.Workloads {
			if slices.ContainsFunc(group, func(begin string) bool { return strings.HasPrefix(w.Name, begin) }) {
				all = append(all, w.Name)
			}
		}
	}
	return all
}

// withBeside puts behind each workload the one that it is compared with, unless that is named as well. One that is profiled is alone.
func (f *benchFlags) withBeside(names []string) []string {
	var all []string
	for _, name := range names {
		all = append(all, name)
		if _, err := os.Stat(name); err == nil || f.cpuProfile != "" {
			continue
		}
		if w, ours := workload(name); ours && w.Beside != "" && !slices.Contains(names, w.Beside) {
			all = append(all, w.Beside)
		}
	}
	return all
}

// loadTarget reads a pipeline file, or a workload by its name; a file comes first.
func (f *benchFlags) loadTarget(ctx context.Context, std streams, name string, env func(string) (string, bool)) (*job.Job, error) {
	w, ours := workload(name)
	if _, err := os.Stat(name); err == nil || !ours {
		j, err := f.load(ctx, "bench", std, name)
		if err != nil && !strings.Contains(name, ".") {
			var names []string
			for _, w := range workloads.Workloads {
				names = append(names, w.Name)
			}
			return nil, usage("no file and no workload %q; the workloads are %s", name, strings.Join(names, ", "))
		}
		return j, err
	}
	rows, err := rowsOf(env)
	if err != nil {
		return nil, err
	}
	files, dir := workloads.Files, "pipelines/bench/"
	if w.Nexmark {
		files, dir = nexmark.Files, "pipelines/nexmark/"
	}
	src, err := files.ReadFile(w.File)
	if err != nil {
		return nil, err
	}
	set := *f
	set.set = append(settingsOf(w, rows), f.set...)
	j, err := set.parse(ctx, std, dir+w.File, src, env)
	if err == nil && w.Bare {
		j.Plan.Checkpoint = nil
	}
	return j, err
}

// parse binds a pipeline of ours; that something is wrong with it comes of the settings.
func (f *benchFlags) parse(ctx context.Context, std streams, path string, src []byte, env func(string) (string, bool)) (*job.Job, error) {
	j := job.Parse(ctx, path, src, job.Options{Env: env, Set: f.set})
	diag.Print(std.err, j.Diags, j.SourceOf, diag.PrintOptions{Color: colored(f.color, std.err)})
	if j.Plan == nil {
		return nil, said(exitUsage)
	}
	return j, nil
}

// targets makes what the workloads need and looks at every pipeline before any of them runs.
func (f *benchFlags) targets(ctx context.Context, std streams, place *workplace, args []string) ([]*target, error) {
	if len(args) == 0 {
		for _, w := range workloads.Workloads {
			args = append(args, w.Name)
		}
	}
	args = f.withBeside(ungrouped(args))
	var all []*target
	compared := false
	for _, name := range args {
		t := &target{name: name, input: f.input, rate: f.rate}
		env := place.env
		if w, ours := workload(name); ours {
			if err := place.make(ctx, f, w); err != nil {
				return nil, err
			}
			own := place.of(w)
			env = place.with(own)
			t.env = place.environ(own)
			t.beside = w.Beside
			if w.Feed != "" {
				t.input, t.rate, t.rows = place.path(w.Feed), w.Rate, w.Rows
			}
			if w.Dir != "" {
				t.dir = filepath.Join(place.dir, w.Dir)
			}
		}
		j, err := f.loadTarget(ctx, std, name, env)
		if err != nil {
			return nil, err
		}
		t.pipeline = j.Plan.Name
		if err := t.look(f, j.Plan); err != nil {
			return nil, err
		}
		compared = compared || t.paths != nil
		all = append(all, t)
	}
	if f.compare != "" && !compared {
		return nil, usage("--compare runs wc on the input, and no pipeline reads a file")
	}
	return all, nil
}

// look finds out what the sources of a pipeline need to be measured.
func (t *target) look(f *benchFlags, p *plan.Pipeline) error {
	fed := false
	for _, n := range p.Nodes {
		scan, ok := n.Op.(*plan.Scan)
		if !ok {
			continue
		}
		switch cfg := scan.Config.(type) {
		case socket.Config:
			t.sockets++
		case file.Config:
			names, err := cfg.Names()
			if err != nil {
				return environment(fmt.Errorf("%s: %w", n.ID, err))
			}
			t.paths = append(t.paths, names...)
		}
		if n.Kind == "socket" || n.Kind == "stdin" {
			if t.input == "" {
				return usage("%s: %s reads a %s: say with --input FILE which lines it is sent", t.name, n.ID, n.Kind)
			}
			fed = true
		} else if !scan.Bounded && f.duration == 0 {
			return usage("%s: %s (%s) has no end: say with --duration how long a run is to be", t.name, n.ID, n.Kind)
		}
	}
	switch {
	case !fed:
		t.input = ""
	case t.rate > 0 && t.sockets != 1:
		return usage("%s: --rate needs one socket to send the lines to, and there are %d", t.name, t.sockets)
	case t.rate > 0:
		t.paths = nil // its time is that of the sender
	default:
		if _, err := os.Stat(t.input); err != nil {
			return environment(err)
		}
		t.paths = append(t.paths, t.input)
	}
	return nil
}

// run measures one run and, if asked, the limit right after it.
func (t *target) run(ctx context.Context, std streams, f *benchFlags, self string, last bool) error {
	once, err := t.once(ctx, std, f, self, last)
	if err != nil {
		return err
	}
	t.runs = append(t.runs, once)
	if f.compare == "" || t.paths == nil {
		return nil
	}
	took, err := bench.Wc(ctx, t.paths)
	t.limits = append(t.limits, took)
	return err
}

func (t *target) once(ctx context.Context, std streams, f *benchFlags, self string, last bool) (bench.Once, error) {
	c := bench.Child{Program: self, Args: []string{"bench", t.name, "--color", f.color}, Env: t.env, Log: std.err}
	for _, s := range f.set {
		c.Args = append(c.Args, "--set", s)
	}
	for _, e := range f.envFile {
		c.Args = append(c.Args, "--env-file", e)
	}
	if f.duration > 0 {
		c.Args = append(c.Args, "--duration", f.duration.String())
	}
	if last && f.cpuProfile != "" {
		c.Args = append(c.Args, "--cpuprofile", f.cpuProfile)
	}
	if t.sockets == 0 {
		c.Input = t.input
		c.Args = append(c.Args, "--report")
		return c.Run(ctx)
	}
	sender := &bench.Sender{Path: t.input, Rate: t.rate, Rows: t.rows}
	address, err := sender.Listen(ctx)
	if err != nil {
		return bench.Once{}, environment(err)
	}
	c.Args = append(c.Args, "--feed", address, "--report")
	var once bench.Once
	switch {
	case t.rate == 0:
		once, err = c.Run(ctx)
	case t.dir != "":
		var d bench.Delays
		if err = os.RemoveAll(t.dir); err != nil { // what another run showed
			break
		}
		once, d, err = c.WatchParts(ctx, sender, t.dir)
		t.delays = append(t.delays, d)
		err = errors.Join(err, os.RemoveAll(t.dir))
	default:
		var d bench.Delays
		once, d, err = c.Watch(ctx, sender)
		t.delays = append(t.delays, d)
	}
	if e := sender.Close(); err == nil {
		err = e
	}
	return once, err
}

func (t *target) sum() bench.Result {
	return bench.Sum(t.name, t.pipeline, t.runs, t.limits, t.delays, t.rate)
}

// rowsOf reads ROWS.
func rowsOf(env func(string) (string, bool)) (string, error) {
	text, ok := env("ROWS")
	if !ok || text == "" {
		return "1000000", nil
	}
	if n, err := strconv.Atoi(text); err != nil || n < 1 {
		return "", usage("ROWS is how many rows the workloads have, at least 1, not %q", text)
	}
	return text, nil
}
