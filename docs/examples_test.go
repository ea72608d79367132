package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"flowrun/dag/job/pipetest"
)

var hasTests = regexp.MustCompile(`(?m)^tests:`)

// TestExamplesInPages runs the tests of every pipeline in a page that has some. A page that shows a test which fails on purpose
// has it in a block of text.
func TestExamplesInPages(t *testing.T) {
	n := 0
	for _, b := range blocks(t) {
		if b.lang != "yaml" || !hasTests.MatchString(b.text) {
			continue
		}
		path := filepath.Join(t.TempDir(), "example.yaml")
		if err := os.WriteFile(path, []byte(b.text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := pipetest.Load(t.Context(), path, pipetest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range s.Diags {
			t.Errorf("%s: %s", b.page, d.Error())
		}
		for _, one := range s.Tests {
			n++
			res := one.Run(t.Context())
			for i, d := range res.Diagnostics() {
				t.Errorf("%s: %s: %s", b.page, one.Name, d.Error())
				if res.Err == nil {
					t.Log(res.Differs[i].Lines())
				}
			}
		}
	}
	if n < 3 {
		t.Errorf("only %d tests were found in the pages", n)
	}
}
