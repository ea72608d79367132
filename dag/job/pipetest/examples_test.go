package pipetest_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"flowrun/dag/job/pipetest"
	_ "flowrun/nodes/all"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestExamples runs the tests of every example pipeline, as `flowrun test` does; each has some.
func TestExamples(t *testing.T) {
	t.Chdir("../../..") // relative paths in examples start at the top of the repository
	var files []string
	for _, pattern := range []string{"pipelines/*.yaml", "pipelines/bench/*.yaml", "pipelines/nexmark/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal(err, found)
		}
		files = append(files, found...)
	}
	for _, path := range files {
		if matched, _ := filepath.Match("*.test.yaml", filepath.Base(path)); matched {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			s, err := pipetest.Load(t.Context(), path, pipetest.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range s.Diags {
				t.Error(d.Error())
			}
			if len(s.Tests) == 0 && !s.Diags.HasErrors() {
				t.Error("the example has no tests")
			}
			for _, one := range s.Tests {
				res := one.Run(t.Context())
				report(t, res)
			}
		})
	}
}

func report(t *testing.T, res pipetest.Result) {
	t.Helper()
	for _, d := range res.Diagnostics() {
		t.Error(d.Error())
	}
	for _, d := range res.Differs {
		for _, line := range d.Lines() {
			t.Log(line)
		}
	}
}
