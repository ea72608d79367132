package pipetest_test

import (
	"path/filepath"
	"testing"

	"flowrun/dag/job/pipetest"
)

// The numbers that Spark's own tests give for windows, watermarks, duplicates and joins, as pipelines with tests. Where
// flowrun's rule is another one on purpose, the file says so.
func TestSparkVectors(t *testing.T) {
	files, err := filepath.Glob("testdata/spark/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, path := range files {
		s, err := pipetest.Load(t.Context(), path, pipetest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range s.Diags {
			t.Error(d.Error())
		}
		for _, one := range s.Tests {
			n++
			t.Run(filepath.Base(path)+"/"+one.Name, func(t *testing.T) {
				res := one.Run(t.Context())
				for i, d := range res.Diagnostics() {
					t.Error(d.Error())
					for _, line := range res.Differs[min(i, len(res.Differs)):][:min(1, len(res.Differs))] {
						for _, l := range line.Lines() {
							t.Log(l)
						}
					}
				}
			})
		}
	}
	if n < 12 {
		t.Errorf("only %d tests", n)
	}
}
