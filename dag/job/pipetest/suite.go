package pipetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/job"
	"flowrun/dag/spec"
)

// Options are how tests are loaded.
type Options struct {
	job.Options
	Run    *regexp.Regexp // only tests whose name matches; nil: all
	Update bool           // files of expected rows may be missing, and [Test.Update] writes them
}

// Suite is the tests of one pipeline file.
type Suite struct {
	Path  string
	Tests []*Test
	Diags diag.List // of the pipeline and its tests, sorted; with an error in it nothing is to be run

	texts map[string][]byte
}

// SourceOf gives the text of a file that a diagnostic names.
func (s *Suite) SourceOf(file string) []byte { return s.texts[file] }

// Test is one test, read and checked against the plan that it runs.
type Test struct {
	Name  string
	At    diag.Span
	steps []step
	bench bench
}

// step is what one epoch of a test gives and expects.
type step struct {
	input   map[string]*batch.Batch // by source
	advance time.Duration
	expect  []expectation
	marks   []mark
}

// expectation is the rows that one output has to give in one step.
type expectation struct {
	of      string // the node or output
	at      diag.Span
	rows    []row
	file    string // where they stand in a file
	missing bool   // which is not there yet
	ordered bool
}

type testConfig struct {
	Name    spec.Name     `yaml:"name" doc:"what the test shows" required:"true"`
	Input   *spec.Value   `yaml:"input" doc:"rows by source"`
	Expect  *spec.Value   `yaml:"expect" doc:"rows by node or output"`
	Marks   *spec.Value   `yaml:"watermarks" doc:"the watermark that a node has come to, by node"`
	Ordered bool          `yaml:"ordered" doc:"rows come in the order in which they are expected"`
	Steps   []*spec.Value `yaml:"steps" doc:"a list of {input, advance, expect, watermarks}, each an epoch"`
}

type stepConfig struct {
	Input   *spec.Value   `yaml:"input" doc:"rows by source"`
	Advance spec.Duration `yaml:"advance" doc:"how far time moves on behind the input"`
	Expect  *spec.Value   `yaml:"expect" doc:"rows by node or output"`
	Marks   *spec.Value   `yaml:"watermarks" doc:"the watermark that a node has come to, by node"`
	Ordered bool          `yaml:"ordered" doc:"rows come in the order in which they are expected"`
}

// Load reads a pipeline file and its tests, those in the file first, then those in NAME.test.yaml beside it. The error is
// that of reading a file; everything that is wrong is in Diags.
func Load(ctx context.Context, path string, o Options) (*Suite, error) {
	o.Inputless = true // tests give the rows of sources
	j, err := job.Load(ctx, path, o.Options)
	if err != nil {
		return nil, err
	}
	s := &Suite{Path: path, Diags: j.Diags, texts: map[string][]byte{path: j.Source}}
	if j.File == nil {
		return s, nil
	}
	s.read(ctx, j, j.File.Tests, o)
	beside := strings.TrimSuffix(path, filepath.Ext(path)) + ".test" + filepath.Ext(path)
	text, err := os.ReadFile(beside)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		s.texts[beside] = text
		env := o.Env
		if env == nil {
			env = os.LookupEnv
		}
		tests, list := spec.LoadTests(beside, text, spec.Options{Env: env, ReadFile: os.ReadFile})
		s.Diags.Add(list...)
		s.read(ctx, j, tests, o)
	}
	s.Diags.Sort()
	return s, nil
}

// read reads a list of tests; those of a pipeline that is wrong are only looked at.
func (s *Suite) read(ctx context.Context, j *job.Job, v *spec.Value, o Options) {
	if v == nil || v.Kind == spec.Null {
		return
	}
	var all []*spec.Value
	s.Diags.Add(spec.Decode(v, &all, v.At, "tests")...)
	seen := map[string]bool{}
	for _, t := range s.Tests {
		seen[t.Name] = true
	}
	for _, item := range all {
		var c testConfig
		list := spec.Decode(item, &c, item.At, "a test")
		s.Diags.Add(list...)
		if list.HasErrors() || item.Broken() || !s.sound(item, c, seen) || j.Plan == nil {
			continue
		}
		seen[c.Name.Value] = true
		if o.Run != nil && !o.Run.MatchString(c.Name.Value) {
			continue
		}
		r := reader{suite: s, options: o}
		if t := r.test(ctx, j, item, c); t != nil {
			s.Tests = append(s.Tests, t)
		}
	}
}

// sound reports tests of which it cannot be said what they mean.
func (s *Suite) sound(v *spec.Value, c testConfig, seen map[string]bool) bool {
	report := func(at diag.Span, message, hint string) bool {
		s.Diags.Add(diag.Diagnostic{Code: CodeTest, At: at, Message: message, Hint: hint})
		return false
	}
	switch {
	case c.Name.Value == "":
		return report(c.Name.At, "the name of a test is empty", "say what the test shows: name: counts every word")
	case seen[c.Name.Value]:
		return report(c.Name.At, fmt.Sprintf("two tests are called %q", c.Name.Value), "give one of them another name")
	case v.Get("steps") != nil && (c.Input != nil || c.Expect != nil || c.Marks != nil):
		return report(c.Name.At, "a test has either steps, or input and expect", "make a step of it: steps: [{input: ..., expect: ...}]")
	case v.Get("steps") != nil && len(c.Steps) == 0:
		return report(v.Get("steps").At, "steps is empty", "steps: [{input: ..., expect: ...}]")
	}
	return true
}

// reader reads one test.
type reader struct {
	suite   *Suite
	options Options
	expects bool // something is expected
}

func (r *reader) report(code diag.Code, at diag.Span, message, hint string) {
	r.suite.Diags.Add(diag.Diagnostic{Code: code, At: at, Message: message, Hint: hint})
}

// test reads a test and binds the plan that it runs; nil: there was a mistake.
func (r *reader) test(ctx context.Context, j *job.Job, item *spec.Value, c testConfig) *Test {
	before := len(r.suite.Diags)
	configs := []stepConfig{{Input: c.Input, Expect: c.Expect, Marks: c.Marks}}
	if len(c.Steps) > 0 {
		configs = make([]stepConfig, len(c.Steps))
		for i, v := range c.Steps {
			r.suite.Diags.Add(spec.Decode(v, &configs[i], v.At, fmt.Sprintf("step %d", i+1))...)
		}
	}
	p, list := job.Lower(ctx, j.File, r.options.Options)
	if list.HasErrors() {
		r.suite.Diags.Add(list...) // what the file reads has changed since it was loaded
		return nil
	}
	t := &Test{Name: c.Name.Value, At: c.Name.At, bench: bench{plan: p}}
	marks := make([][]mark, len(configs))
	for i := range configs {
		r.places(&t.bench, &configs[i])
		marks[i] = r.marks(&t.bench, configs[i].Marks)
	}
	if !r.expects && len(r.suite.Diags) == before {
		r.report(CodeTest, c.Name.At, "the test expects nothing", "expect: {NODE: [...]}; `[]` says that no row comes")
	}
	if len(r.suite.Diags) > before {
		return nil
	}
	r.suite.Diags.Add(t.bench.bind()...)
	if len(r.suite.Diags) > before {
		return nil
	}
	for i, s := range configs {
		t.steps = append(t.steps, r.step(&t.bench, s, c.Ordered))
		t.steps[i].marks = marks[i]
	}
	if len(r.suite.Diags) > before {
		return nil
	}
	return t
}

// places checks the names of a step's input and expect, and makes the taps of the latter.
func (r *reader) places(b *bench, s *stepConfig) {
	for _, e := range r.entries(s.Input, "input", "a map of sources to rows: {lines: [a, b]}") {
		if message, hint := b.checkSource(e.Key); message != "" {
			r.report(CodePlace, e.KeyAt, message, hint)
		}
	}
	for _, e := range r.entries(s.Expect, "expect", "a map of nodes to rows: {counts: [...]}") {
		r.expects = true
		if message, hint := b.tap(e.Key, e.KeyAt); message != "" {
			r.report(CodePlace, e.KeyAt, message, hint)
		}
	}
}

func (r *reader) entries(v *spec.Value, key, hint string) []spec.Entry {
	if v == nil || v.Kind == spec.Null || v.Broken() {
		return nil
	}
	if v.Kind != spec.Map {
		r.report(CodeTest, v.At, key+" is "+v.Kind.String()+", and wants "+hint, key+": "+hint[strings.Index(hint, "{"):])
		return nil
	}
	return v.Entries
}

// step reads the rows of a step, by the schemas of the bound plan.
func (r *reader) step(b *bench, c stepConfig, ordered bool) step {
	s := step{input: map[string]*batch.Batch{}, advance: time.Duration(c.Advance)}
	for _, e := range r.entries(c.Input, "input", "{") {
		if rows, ok := readRows(e.Value, e.KeyAt, false, &r.suite.Diags); ok {
			s.input[e.Key] = inputRows(rows, e.Key, b.scans[e.Key], &r.suite.Diags)
		}
	}
	for _, e := range r.entries(c.Expect, "expect", "{") {
		rows, ok := readRows(e.Value, e.KeyAt, r.options.Update, &r.suite.Diags)
		if !ok {
			continue
		}
		s.expect = append(s.expect, expectation{of: e.Key, at: e.KeyAt, file: rows.file, missing: rows.none, ordered: ordered || c.Ordered,
			rows: expectedRows(rows, e.Key, b.schema(e.Key), &r.suite.Diags)})
	}
	return s
}
