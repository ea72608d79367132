package pipetest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/job/pipetest"
)

// load writes a pipeline and loads it. Files are name and content by turns.
func load(t *testing.T, o pipetest.Options, yaml string, files ...string) *pipetest.Suite {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "p.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := pipetest.Load(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// outcome runs all tests and says of each what was wrong, one line each, and below it the lines of the difference.
func outcome(t *testing.T, s *pipetest.Suite) []string {
	t.Helper()
	var out []string
	for _, d := range s.Diags {
		out = append(out, d.Message)
	}
	for _, one := range s.Tests {
		res := one.Run(t.Context())
		for _, d := range res.Diagnostics() {
			out = append(out, d.Message)
		}
		for _, d := range res.Differs {
			for _, line := range d.Lines() {
				before, _, _ := strings.Cut(line, "    "+filepath.Dir(s.Path)) // the place differs from run to run
				out = append(out, before)
			}
		}
	}
	return out
}

// types is a pipeline with a column of each type, as it comes and as strings.
const types = `
nodes:
  in:
    file: {path: PATH}
    format: json
    schema: {b: bool, i: int, f: float, s: string, x: bytes, t: timestamp, d: date, l: duration, a: list<int>, m: map<int>, r: {p: int, q: string}}
  out: {from: in, discard: {}}
tests:
`

func withTypes(t *testing.T, tests string) *pipetest.Suite {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return load(t, pipetest.Options{}, strings.Replace(types, "PATH", path, 1)+tests)
}

func TestValuesAreReadByTheirColumnsType(t *testing.T) {
	s := withTypes(t, `
  - name: every type
    input:
      in:
        - {b: true, i: -7, f: 3, s: 12, x: abc, t: 2026-01-01T10:00:00+02:00, d: 2026-02-03, l: 1m30s, a: [1, null], m: {y: 2, z: 1}, r: {q: x}}
        - {b: null, s: null, t: ~, x: "base64:/w==", f: .inf}
        - {s: "null", f: NaN}
    expect:
      in:
        - {b: true, i: -7, f: 3.0, s: "12", x: abc, t: 2026-01-01T08:00:00Z, d: 2026-02-03, l: 90s, a: [1, null], m: {z: 1, y: 2}, r: {p: null, q: x}}
        - {b: null, i: null, s: null, t: null, x: "base64:/w==", f: .inf}
        - {s: "null", f: .nan, x: null}
`)
	if got := outcome(t, s); len(got) > 0 {
		t.Error(strings.Join(got, "\n"))
	}
}

func TestEveryTypeIsToldApart(t *testing.T) {
	var tests strings.Builder
	pairs := []string{
		"b: true", "b: false", "i: 1", "i: 2", "f: 1", "f: 1.1", "f: .inf", "f: -.inf", "s: a", "s: b", `s: "null"`, "s: null", "x: a", "x: b",
		"t: 2026-01-01", "t: 2026-01-01T00:00:00.000001Z", "d: 2026-01-01", "d: 2026-01-02", "l: 1s", "l: 2s", "a: [1]", "a: [1, 1]",
		"m: {y: 1}", "m: {z: 1}", "r: {p: 1}", "r: {p: 1, q: z}",
	}
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&tests, "  - {name: %d, input: {in: [{%s}]}, expect: {in: [{%s}]}}\n", i, pairs[i], pairs[i+1])
	}
	s := withTypes(t, tests.String())
	for _, one := range s.Tests {
		if res := one.Run(t.Context()); res.OK() {
			t.Errorf("test %s passed: %s", one.Name, pairs[2*slices.Index(s.Tests, one):][:2])
		}
	}
	if len(s.Tests) != len(pairs)/2 {
		t.Error(s.Diags.Error())
	}
}

func TestFloatsAreEqualToNineDigits(t *testing.T) {
	s := withTypes(t, `
  - name: near
    input: {in: [{f: 0.1}, {f: 1e300}]}
    expect: {in: [{f: 0.10000000000000001}, {f: 1.0000000001e300}]}
  - name: far
    input: {in: [{f: 0.1}]}
    expect: {in: [{f: 0.100000001}]}
`)
	got := outcome(t, s)
	if len(got) != 3 || !strings.Contains(got[0], "1 missing") {
		t.Error(strings.Join(got, "\n"))
	}
}

func TestWrongTestsAreSaidAtTheirPlace(t *testing.T) {
	for name, c := range map[string]struct{ tests, want string }{
		"no name":         {`- {expect: {in: []}}`, `a test needs "name", and has none`},
		"nothing":         {`- {name: a}`, "the test expects nothing"},
		"twice":           {"- {name: a, expect: {in: []}}\n  - {name: a, expect: {in: []}}", `two tests are called "a"`},
		"both":            {`- {name: a, expect: {in: []}, steps: [{expect: {in: []}}]}`, "a test has either steps, or input and expect"},
		"empty steps":     {`- {name: a, steps: []}`, "steps is empty"},
		"no list":         {`- {name: a, expect: [in]}`, "expect is a list, and wants a map of nodes to rows: {counts: [...]}"},
		"key":             {`- {name: a, expects: {in: []}}`, `a test has no key "expects"`},
		"source":          {`- {name: a, input: {inn: []}, expect: {in: []}}`, `the pipeline has no source "inn"`},
		"no source":       {`- {name: a, input: {out: []}, expect: {in: []}}`, "out is no source, so a test gives it no rows"},
		"node":            {`- {name: a, expect: {inn: []}}`, `the pipeline has no node "inn"`},
		"output":          {`- {name: a, expect: {in.reject: []}}`, `in has no output "reject"`},
		"sink's rejects":  {`- {name: a, expect: {out.rejected: []}}`, "out is a sink, which a test replaces, so it rejects nothing"},
		"column":          {`- {name: a, input: {in: [{ii: 1}]}, expect: {in: []}}`, `in has no column "ii"`},
		"expected column": {`- {name: a, expect: {in: [{ii: 1}]}}`, `in has no column "ii"`},
		"type":            {`- {name: a, input: {in: [{i: 1.5}]}, expect: {in: []}}`, `i is "1.5", and the column is an int`},
		"inner type":      {`- {name: a, input: {in: [{a: [1, x]}]}, expect: {in: []}}`, `a[1] is "x", and the column is an int`},
		"form":            {`- {name: a, input: {in: [{r: 1}]}, expect: {in: []}}`, `r is "1", and the column is a {p: int, q: string}`},
		"field":           {`- {name: a, input: {in: [{r: {z: 1}}]}, expect: {in: []}}`, `r has no column "z"`},
		"row":             {`- {name: a, input: {in: [7]}, expect: {in: []}}`, "a row of in has 11 columns, so it is a map of them"},
		"rows":            {`- {name: a, input: {in: 7}, expect: {in: []}}`, "rows are a list, or a file that holds them"},
		"file":            {`- {name: a, expect: {in: {file: none.json}}}`, "the rows cannot be read"},
		"duration":        {`- {name: a, steps: [{advance: 10, expect: {in: []}}]}`, `advance is "10", which has no unit`},
	} {
		t.Run(name, func(t *testing.T) {
			s := withTypes(t, "  "+c.tests+"\n")
			if len(s.Diags) != 1 || !strings.HasPrefix(s.Diags[0].Message, c.want) {
				t.Fatalf("want %s, got\n%v", c.want, s.Diags.Error())
			}
			d := s.Diags[0]
			if d.At.Line < 9 || d.At.Column < 3 || d.Hint == "" || len(s.Tests) > 1 {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestTestsBesideTheFile(t *testing.T) {
	const pipeline = "nodes:\n  in: {generate: {fields: {n: n}}}\n  out: {from: in, discard: {}}\n"
	s := load(t, pipetest.Options{}, pipeline, "p.test.yaml", "tests:\n  - {name: a, input: {in: [1]}, expect: {out: [2]}}\n")
	got := outcome(t, s)
	if want := []string{"out: 1 missing, 1 unexpected (1 expected, 1 came)", "  - {n: 2}", "  + {n: 1}"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if at := s.Tests[0].At; filepath.Base(at.File) != "p.test.yaml" || at.Line != 2 || s.SourceOf(at.File) == nil {
		t.Error(at)
	}
	s = load(t, pipetest.Options{}, pipeline, "p.test.yaml", "nodes: {}\n")
	if len(s.Diags) != 2 {
		t.Error(s.Diags.Error())
	}
}
