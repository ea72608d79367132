package pipetest_test

import (
	"strings"
	"testing"

	"flowrun/dag/job"
	"flowrun/dag/job/pipetest"
)

// Tests give the rows of sources, so what a source reads need not be there: neither the file nor what matches a pattern. A
// run needs it.
func TestSourcesNeedNothingToRead(t *testing.T) {
	for _, path := range []string{"no/such/readings.jsonl", "no/such/*.jsonl"} {
		s := load(t, pipetest.Options{}, strings.ReplaceAll(`
nodes:
  in: {file: {path: "PATH"}, schema: {n: int}}
  double: {from: in, derive: {n: n * 2}}
  out: {from: double, stdout: {}}
tests:
  - name: doubles
    input: {in: [1, 2]}
    expect: {double: [2, 5]}
`, "PATH", path))
		got := strings.Join(outcome(t, s), "\n")
		if !strings.HasPrefix(got, "double: 1 missing, 1 unexpected") || len(s.Tests) != 1 {
			t.Errorf("%s: the test says %q", path, got)
		}
		j, err := job.Load(t.Context(), s.Path, job.Options{})
		if err != nil || j.Plan != nil || len(j.Diags) != 1 || !strings.Contains(j.Diags[0].Message, path) {
			t.Errorf("%s: without tests it loads with %v, %v", path, j.Diags, err)
		}
	}
}

// What cannot be known without the input is still a mistake, and so is every other one.
func TestWhatOnlyTheInputTellsIsMissed(t *testing.T) {
	for yaml, want := range map[string]string{
		`{file: {path: no/such/directory}}`:              `there is no file "no/such/directory"`,
		`{file: {path: "no/such/[x.txt"}}`:               "syntax error in pattern",
		`{file: {path: no/such.txt, max_line_bytes: 0}}`: "max_line_bytes is 0",
	} {
		s := load(t, pipetest.Options{}, `
nodes:
  in: `+yaml+`
  out: {from: in, stdout: {}}
tests:
  - {name: takes, input: {in: [a]}, expect: {out: [a]}}
`)
		if got := strings.Join(outcome(t, s), "\n"); !strings.Contains(got, want) || len(s.Tests) != 0 {
			t.Errorf("%s: said %q, want %q", yaml, got, want)
		}
	}
}
