package docs

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"flowrun/dag/job"
	_ "flowrun/nodes/all"
)

// block is a fenced part of a page.
type block struct {
	page string
	lang string
	text string
}

// pages are all that a user reads: the README, the guides, and the reference page of every kind.
func pages(t *testing.T) []string {
	t.Helper()
	all := []string{"../README.md", "../CONTRIBUTING.md"}
	for _, pattern := range []string{"*.md", "decisions/*.md", "nodes/*.md", "../nodes/*/doc.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

var fence = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$")

func blocks(t *testing.T) []block {
	t.Helper()
	var all []block
	for _, page := range pages(t) {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fence.FindAllStringSubmatch(string(src), -1) {
			all = append(all, block{page, m[1], m[2]})
		}
	}
	return all
}

// TestPipelinesInPages binds every whole pipeline that a page shows.
func TestPipelinesInPages(t *testing.T) {
	all := blocks(t)
	t.Chdir("..") // relative paths in examples start at the top of the repository
	n := 0
	for _, b := range all {
		if b.lang != "yaml" || !strings.Contains(b.text, "nodes:") {
			continue
		}
		n++
		j := job.Parse(context.Background(), b.page, []byte(b.text), job.Options{})
		for _, d := range j.Diags {
			t.Errorf("%s\n%s", d.Error(), b.text)
		}
	}
	if n < 10 {
		t.Errorf("only %d pipelines were found in the pages", n)
	}
}

// TestCodeInPages holds a block whose first line names a file of ours to what that file says.
func TestCodeInPages(t *testing.T) {
	quoted := regexp.MustCompile("(?ms)^```go\n// ([a-z/_.]+)\n(.*?)^```$")
	for _, page := range pages(t) {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		out := quoted.ReplaceAllStringFunc(string(src), func(s string) string {
			name := quoted.FindStringSubmatch(s)[1]
			code, err := os.ReadFile(filepath.Join("..", name))
			if err != nil {
				t.Errorf("%s quotes %s: %v", page, name, err)
				return s
			}
			return "```go\n// " + name + "\n" + string(code) + "```"
		})
		if out == string(src) {
			continue
		}
		if !*update {
			t.Errorf("%s quotes code that has changed; refill it with: go test ./docs -update", page)
			continue
		}
		if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLinksInPages finds links to files that are not there.
func TestLinksInPages(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, page := range pages(t) {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(src), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}
