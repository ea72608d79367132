package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"flowrun/dag/diag"
	"flowrun/dag/job"
	"flowrun/dag/job/pipetest"
)

type testFlags struct {
	fileFlags
	run    string
	update bool
}

func newTest(std streams) *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "test FILE...",
		Short: "Run the tests of pipeline files: those under `tests:` and in NAME.test.yaml; exit 4 if one fails",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				_, err := oneFile(c, args)
				return err
			}
			return runTests(c, std, &f, args)
		},
	}
	f.add(c)
	f.addJSON(c)
	c.Flags().StringVar(&f.run, "run", "", "only tests whose name matches the `REGEX`")
	c.Flags().BoolVar(&f.update, "update", false, "write what came into the files of expected rows (expect: {NODE: {file: PATH}})")
	return c
}

func runTests(c *cobra.Command, std streams, f *testFlags, paths []string) error {
	if err := f.check(); err != nil {
		return err
	}
	env, err := f.env()
	if err != nil {
		return usage("--env-file: %v", err)
	}
	o := pipetest.Options{Options: job.Options{Env: env, Set: f.set}, Update: f.update}
	if f.run != "" {
		if o.Run, err = regexp.Compile(f.run); err != nil {
			return usage("--run: %v", err)
		}
	}
	// All files are read first: what is wrong is said at once, and then nothing runs.
	var suites []*pipetest.Suite
	var wrong diag.List
	for _, path := range paths {
		s, err := pipetest.Load(c.Context(), path, o)
		if err != nil {
			return usage("cannot read the pipeline file: %v", err)
		}
		suites = append(suites, s)
		wrong.Add(s.Diags...)
		if !f.json {
			diag.Print(std.err, s.Diags, s.SourceOf, diag.PrintOptions{Color: colored(f.color, std.err)})
		}
	}
	r := testReport{Command: "test", Tests: []testResult{}}
	if !wrong.HasErrors() {
		if err := r.run(c, std, f, suites); err != nil {
			return &exit{exitFailed, err}
		}
	}
	if f.json {
		if err := r.json(std.out, wrong); err != nil {
			return &exit{exitFailed, err}
		}
	}
	switch {
	case wrong.HasErrors():
		return said(exitUsage)
	case r.failed > 0:
		return said(exitTests)
	case len(r.Tests) == 0 && f.run != "":
		return usage("no test's name matches %q", f.run)
	case len(r.Tests) == 0 && !f.json:
		fmt.Fprintln(std.out, "no tests; write some under `tests:`")
	}
	return nil
}

// testReport is what --json prints, and the count of it.
type testReport struct {
	Command  string          `json:"command"`
	OK       bool            `json:"ok"`
	Error    string          `json:"error"`
	Tests    []testResult    `json:"tests"`
	Updated  []string        `json:"updated,omitempty"`
	Findings json.RawMessage `json:"findings"` // what is wrong with the files

	failed int
}

type testResult struct {
	File     string        `json:"file"`
	Line     int           `json:"line"`
	Name     string        `json:"name"`
	OK       bool          `json:"ok"`
	Failures []testFailure `json:"failures,omitempty"`
}

type testFailure struct {
	diag.Diagnostic
	Diff []string `json:"diff,omitempty"`
}

// run runs the tests one after another; as text each is a line, and where it failed what differs.
func (r *testReport) run(c *cobra.Command, std streams, f *testFlags, suites []*pipetest.Suite) error {
	var out io.Writer = std.out
	if f.json {
		out = io.Discard
	}
	paint := painter(colored(f.color, std.out))
	for _, s := range suites {
		for _, t := range s.Tests {
			res := t.Run(c.Context())
			if f.update {
				written, err := res.Update()
				r.Updated = append(r.Updated, written...)
				for _, path := range written {
					fmt.Fprintf(out, "wrote %s\n", path)
				}
				if err != nil {
					return err
				}
			}
			one := testResult{File: t.At.File, Line: t.At.Line, Name: t.Name, OK: res.OK()}
			if one.OK {
				fmt.Fprintf(out, "%s  %s: %s\n", paint(green, "ok  "), s.Path, t.Name)
			} else {
				r.failed++
				fmt.Fprintf(out, "%s  %s: %s\n", paint(red, "FAIL"), s.Path, t.Name)
			}
			list := res.Diagnostics()
			for _, d := range list {
				failure := testFailure{Diagnostic: d}
				if res.Err == nil {
					failure.Diff = res.Differs[len(one.Failures)].Lines()
				}
				one.Failures = append(one.Failures, failure)
				writeFailure(out, failure, paint)
			}
			r.Tests = append(r.Tests, one)
		}
	}
	if len(r.Tests) > 0 {
		fmt.Fprintln(out, r.summary())
	}
	return nil
}

func (r *testReport) summary() string {
	noun := "tests"
	if len(r.Tests) == 1 {
		noun = "test"
	}
	if r.failed == 0 {
		return fmt.Sprintf("%d %s passed", len(r.Tests), noun)
	}
	return fmt.Sprintf("%d of %d %s failed", r.failed, len(r.Tests), noun)
}

func writeFailure(w io.Writer, f testFailure, paint func(color, text string) string) {
	fmt.Fprintf(w, "%s: %s\n", f.At, f.Message)
	for _, line := range f.Diff {
		switch line[2] {
		case '-':
			line = paint(red, line)
		case '+':
			line = paint(green, line)
		}
		fmt.Fprintln(w, line)
	}
}

const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
)

// painter colours text, or does not.
func painter(color bool) func(color, text string) string {
	return func(c, text string) string {
		if !color {
			return text
		}
		return c + text + "\x1b[0m"
	}
}

func (r *testReport) json(w io.Writer, wrong diag.List) error {
	r.OK = r.failed == 0 && !wrong.HasErrors()
	switch {
	case wrong.HasErrors():
		r.Error = wrong.Summary()
	case r.failed > 0:
		r.Error = r.summary()
	}
	findings, err := diag.JSON("test", wrong)
	if err != nil {
		return err
	}
	var part struct {
		Findings json.RawMessage `json:"findings"`
	}
	if err := json.Unmarshal(findings, &part); err != nil {
		return err
	}
	r.Findings = part.Findings
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}
