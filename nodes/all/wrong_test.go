package all_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/diag"
	"flowrun/dag/job"
	_ "flowrun/nodes/all"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWrongPipelines holds what a user is told for each of the wrong pipelines in testdata/wrong: every one is refused
// (or, warn_*, warned of), with the place, the caret and the hint that its golden file shows.
func TestWrongPipelines(t *testing.T) {
	files, err := filepath.Glob("testdata/wrong/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatalf("the corpus has %d files (%v)", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path := name + ".yaml"
			j := job.Parse(context.Background(), path, src, job.Options{Env: func(string) (string, bool) { return "", false }})
			if warned := strings.HasPrefix(name, "warn_"); (j.Plan == nil) == warned || len(j.Diags) == 0 {
				t.Errorf("refused: %v, with %d diagnostics", j.Plan == nil, len(j.Diags))
			}
			for _, d := range j.Diags {
				if d.Code == "" || d.Message == "" || d.At.File == "" {
					t.Errorf("a diagnostic lacks its code, message or file: %+v", d)
				}
				if d.Hint == "" && len(d.Notes) == 0 {
					t.Errorf("no hint: %s", d.Message)
				}
			}
			var got bytes.Buffer
			diag.Print(&got, j.Diags, j.SourceOf, diag.PrintOptions{})
			golden := strings.TrimSuffix(file, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("refill with -update if this is meant (-want +got):\n%s", d)
			}
		})
	}
}
