package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/diag"
	"flowrun/nodes"
)

const madeFrom = "<!-- generated from %s by go test ./docs -update; edit that -->\n\n"

var (
	kindLink = regexp.MustCompile(`\]\(\.\./([a-z_]+)/doc\.md`)
	docsLink = regexp.MustCompile(`\]\(\.\./\.\./docs/`)
)

// TestNodePages holds docs/nodes to the kinds: a page for each, and none for what is none.
func TestNodePages(t *testing.T) {
	if err := os.MkdirAll("nodes", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range nodes.Names() {
		page := kindLink.ReplaceAllString(nodes.Page(name), "]($1.md")
		page = strings.NewReplacer("](doc.md", "](#as-a-source", "](sink.md", "](#as-a-sink").Replace(page)
		page = docsLink.ReplaceAllString(page, "](../")
		file(t, "nodes/"+name+".md", fmt.Appendf(nil, madeFrom+"%s", "nodes/"+name, page))
	}
	found, err := filepath.Glob("nodes/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range found {
		if name := strings.TrimSuffix(filepath.Base(page), ".md"); !slices.Contains(nodes.Names(), name) {
			if *update {
				_ = os.Remove(page)
				continue
			}
			t.Errorf("docs/%s is the page of no kind", page)
		}
	}
}

// TestKindsTable holds the table of kinds in docs/pipelines.md to the registry.
func TestKindsTable(t *testing.T) {
	columns := map[nodes.Role][]string{}
	rows := 0
	for _, e := range nodes.All() {
		columns[e.Role] = append(columns[e.Role], fmt.Sprintf("[`%s`](nodes/%s.md)", e.Name, e.Name))
		rows = max(rows, len(columns[e.Role]))
	}
	var b strings.Builder
	b.WriteString("| sources | transforms | sinks |\n|---|---|---|\n")
	for i := range rows {
		for _, role := range []nodes.Role{nodes.Source, nodes.Transform, nodes.Sink} {
			cell := ""
			if i < len(columns[role]) {
				cell = columns[role][i] + " "
			}
			b.WriteString("| " + cell)
		}
		b.WriteString("|\n")
	}
	generated(t, "pipelines.md", "kinds", b.String())
}

// TestErrorsPage holds docs/errors.md to the codes of all diagnostics.
func TestErrorsPage(t *testing.T) {
	parts := map[string]string{
		"FR01": "The file and its YAML", "FR02": "The graph and its types", "FR03": "Expressions", "FR04": "Settings of a kind", "FR05": "The run", "FR06": "Tests of a pipeline",
	}
	var b strings.Builder
	fmt.Fprintf(&b, madeFrom, "the codes that packages define with diag.Define")
	b.WriteString("# Errors\n\nEvery message of flowrun about a pipeline file has a code, a place and a hint. A code never changes its meaning.\n")
	part := ""
	for _, p := range diag.Pages() {
		if title := parts[string(p.Code)[:4]]; title != part {
			if title == "" {
				t.Errorf("%s belongs to no part of the page", p.Code)
			}
			part = title
			fmt.Fprintf(&b, "\n## %s\n", title)
		}
		if p.Title == "" || !strings.HasSuffix(strings.TrimSpace(p.Text), ".") && !strings.HasSuffix(strings.TrimSpace(p.Text), "```") {
			t.Errorf("the page of %s is not complete: %q, %q", p.Code, p.Title, p.Text)
		}
		fmt.Fprintf(&b, "\n### %s: %s\n\n%s\n", p.Code, p.Title, strings.TrimSpace(p.Text))
	}
	file(t, "errors.md", []byte(b.String()))
}
