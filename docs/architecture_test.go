package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite what is generated")

const module = "flowrun"

// house is the table of packages: an import goes to a lower rank, and where `may` is set only to those. docs/architecture.md
// prints it.
var house = []struct {
	rank    int
	pattern string   // a package, or with a final /* every package below
	job     string   // its one job
	may     []string // ours that it may import; nil: every lower rank but `never`
	never   []string
}{
	{0, "dag/diag", "spans, diagnostics with code and hint, caret printer, did-you-mean", []string{}, nil},
	{0, "dag/durable", "directories that a crash does not take away again, over a file system that tests let fail", []string{}, nil},
	{0, "dag/retry", "trying again what is refused for a while: which errors of the system pass, back-off, how long in all", []string{}, nil},
	{0, "dag/failpoint", "the named steps at which the crash tests end the process", []string{}, nil},
	{0, "dag/live", "what a watcher sees: topology, snapshot, preview, commands; plain data", []string{}, nil},
	{0, "pipelines/bench", "the workloads of flowrun bench, as files", []string{}, nil},
	{0, "pipelines/nexmark", "the queries of the Nexmark benchmark, as files", []string{}, nil},
	{1, "dag/schema", "Arrow schema: tree text, diff, type names for YAML, expr and Spark", []string{"dag/diag"}, nil},
	{1, "dag/spec", "YAML to spec with positions; strict decode into typed config structs; environment", []string{"dag/diag"}, nil},
	{2, "dag/batch", "the batch, its ownership rule, builders, text table, previews", []string{"dag/diag", "dag/schema", "dag/live"}, nil},
	{3, "dag/expr", "parse and type expressions, function table, column kernels, row fallback", []string{"dag/diag", "dag/schema", "dag/batch"}, nil},
	{3, "dag/codec/columnar", "files of columns: Parquet and Arrow IPC, read by column and row group, and written", []string{"dag/diag", "dag/schema", "dag/batch"}, nil},
	{3, "dag/journal", "what a source received, kept on disk until it is committed: a log in checksummed segments", []string{"dag/diag", "dag/durable", "dag/failpoint", "dag/schema", "dag/batch"}, nil},
	{3, "dag/stage", "rows of a sink that wait for their commit, kept on disk", []string{"dag/durable", "dag/batch"}, nil},
	{3, "dag/state", "state tables", []string{"dag/schema", "dag/batch"}, nil},
	{4, "dag/checkpoint", "what outlives a run: a point of it and the state of its operators, written in one durable step", []string{"dag/durable", "dag/failpoint", "dag/state"}, nil},
	{4, "dag/codec", "bytes to columns and back: text, json lines, csv, key=value; all formats by name", []string{"dag/diag", "dag/schema", "dag/batch", "dag/codec/columnar"}, nil},
	{4, "dag/plan", "closed logical algebra: bind, check, rewrite, explain", []string{"dag/diag", "dag/schema", "dag/spec", "dag/expr"}, nil},
	{4, "dag/op", "the operator contract: Source, Transform, Sink, Runtime", []string{"dag/schema", "dag/batch", "dag/state"}, nil},
	{5, "dag/op/optest", "a Runtime and an Emitter for the tests of operators", []string{"dag/schema", "dag/batch", "dag/state", "dag/op"}, nil},
	{5, "dag/op/journaled", "a source that cannot replay, behind a journal from which it can", []string{"dag/schema", "dag/batch", "dag/journal", "dag/op"}, nil},
	{5, "nodes/lines", "reading lines from what can block, shared by the kinds that do", []string{"dag/batch", "dag/expr", "dag/codec", "dag/op", "dag/schema"}, nil},
	{4, "nodes/peer", "talking to other machines, shared by the kinds that do: TLS settings, back-off, words for errors", []string{"dag/retry"}, nil},
	{5, "nodes/sqltable", "tables of databases, shared by the kinds that write and read them: staged commits, columns, retries", nil, []string{"nodes"}},
	{5, "dag/relational", "the local form of each algebra operation: filter, project, explode, aggregate...", nil, nil},
	{5, "nodes", "registry, Kind[C]; lowering of a file; reference pages are made from kinds", nil, nil},
	{6, "dag/exec", "goroutines, channels, barriers, commit, meters; implements live.Run", nil, []string{"nodes"}},
	{6, "nodes/*", "one folder per kind: config, lowering or connector, doc.md", []string{"nodes", "dag/diag", "dag/failpoint", "dag/retry", "dag/live", "dag/schema", "dag/spec", "dag/batch", "dag/expr", "dag/codec", "dag/codec/columnar", "dag/state", "dag/plan", "dag/op", "nodes/lines", "nodes/peer", "nodes/sqltable"}, nil},
	{6, "nodes/sqltable/sqltabletest", "the tests that every connection to a database is held to", []string{"dag/schema", "dag/batch", "dag/op", "dag/op/optest", "nodes/sqltable"}, nil},
	{7, "nodes/lookup", "the kind that looks up in files and in tables, whose connectors belong to other kinds", []string{"nodes", "dag/diag", "dag/schema", "dag/spec", "dag/codec", "dag/codec/columnar", "dag/plan", "dag/op", "nodes/postgres", "nodes/sqlite", "nodes/sqltable"}, nil},
	{7, "dag/job", "load, bind, build and run a file", nil, []string{"nodes/*"}},
	{8, "dag/job/pipetest", "the tests of a pipeline file: its rows in, its rows expected, on a clock of their own", nil, []string{"nodes/*", "tui", "tui/*"}},
	{8, "dag/job/programtest", "the built program for tests, started and watched", []string{"dag/batch"}, nil},
	{8, "dag/job/bench", "measuring runs: speed, processor time, memory, each node's share", nil, []string{"nodes/*", "tui", "tui/*"}},
	{8, "dag/job/diff", "comparing two outputs: files or directories of them, as multisets of rows", nil, []string{"nodes/*", "tui", "tui/*"}},
	{8, "dag/job/crash", "the crash tests: the program, killed again and again, gives what it gives undisturbed", nil, []string{"nodes/*", "tui", "tui/*"}},
	{8, "dag/job/soak", "the soak: the program under load for long, and what it holds meanwhile", nil, []string{"nodes/*", "tui", "tui/*"}},
	{8, "nodes/all", "blank imports of every kind", []string{"nodes/*"}, nil},
	{8, "tui", "the dashboard", []string{"dag/live", "tui/theme", "tui/widget", "tui/pane"}, nil},
	{8, "tui/*", "its theme, widgets and panes", []string{"dag/live", "tui/theme", "tui/widget"}, nil},
	{9, "cmd/flowrun", "one file per verb", nil, nil},
}

// homes says which packages may import a library that has one home.
var homes = map[string][]string{
	"gopkg.in/yaml.v3":                   {"dag/spec"},
	"github.com/expr-lang/expr":          {"dag/expr"},
	"github.com/charmbracelet/bubbletea": {"tui", "tui/*"},
	"github.com/charmbracelet/lipgloss":  {"tui", "tui/*"},
	"github.com/charmbracelet/bubbles":   {"tui", "tui/*"},
	"github.com/cockroachdb/pebble/v2":   {"dag/durable", "dag/checkpoint", "dag/journal", "dag/job", "dag/op/journaled", "dag/stage", "nodes/sqltable"},
	"modernc.org/sqlite":                 {"nodes/sqlite"},
	"github.com/jackc/pgx/v5":            {"nodes/postgres", "nodes/postgres/*"},
}

// bare are packages that must stay free of Arrow: they stand below or beside the columns.
var bare = []string{"dag/diag", "dag/live", "dag/spec", "tui", "tui/*"}

type listed struct {
	ImportPath string
	GoFiles    []string
	Imports    []string
	Dir        string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports,Dir", module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func matches(pkg, pattern string) bool {
	if base, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(pkg, base+"/")
	}
	return pkg == pattern
}

// place finds a package's row: a row that names it alone comes before a pattern.
func place(pkg string) int {
	for i, h := range house {
		if h.pattern == pkg {
			return i
		}
	}
	for i, h := range house {
		if matches(pkg, h.pattern) {
			return i
		}
	}
	return -1
}

func TestImportsGoDownTheHouse(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue // only tests
		}
		pkg := strings.TrimPrefix(p.ImportPath, module+"/")
		at := place(pkg)
		if at < 0 {
			t.Errorf("%s has no place in the house: add it to the table in %s", pkg, "docs/architecture_test.go")
			continue
		}
		own := house[at]
		for _, imp := range p.Imports {
			for lib, allowed := range homes {
				if imp != lib && !strings.HasPrefix(imp, lib+"/") {
					continue
				}
				if !slices.ContainsFunc(allowed, func(h string) bool { return matches(pkg, h) }) {
					t.Errorf("%s imports %s (%s): only %s may", pkg, imp, importers(p, imp), strings.Join(allowed, ", "))
				}
			}
			if strings.HasPrefix(imp, "github.com/apache/arrow-go") && slices.ContainsFunc(bare, func(h string) bool { return matches(pkg, h) }) {
				t.Errorf("%s imports %s (%s): it is to stay free of Arrow", pkg, imp, importers(p, imp))
			}
			other, ours := strings.CutPrefix(imp, module+"/")
			if !ours {
				continue
			}
			to := place(other)
			if to < 0 {
				continue // reported with that package
			}
			// A folder below a kind belongs to that kind.
			if kind, ok := strings.CutPrefix(pkg, "nodes/"); ok && strings.HasPrefix(other, "nodes/"+strings.Split(kind, "/")[0]+"/") {
				continue
			}
			inside := strings.HasPrefix(other, "tui/") && strings.HasPrefix(pkg, "tui")
			if house[to].rank >= own.rank && !inside {
				t.Errorf("%s (rank %d) imports %s (rank %d) in %s: an import goes to a lower rank", pkg, own.rank, other, house[to].rank, importers(p, imp))
			}
			if own.may != nil && !slices.ContainsFunc(own.may, func(m string) bool { return matches(other, m) }) {
				t.Errorf("%s imports %s in %s: it may import only %s", pkg, other, importers(p, imp), strings.Join(own.may, ", "))
			}
			if slices.ContainsFunc(own.never, func(m string) bool { return matches(other, m) }) {
				t.Errorf("%s imports %s in %s: it may not", pkg, other, importers(p, imp))
			}
		}
	}
}

// importers names the files of p that import imp.
func importers(p listed, imp string) string {
	var files []string
	for _, f := range p.GoFiles {
		src, err := os.ReadFile(path.Join(p.Dir, f))
		if err == nil && bytes.Contains(src, []byte(`"`+imp+`"`)) {
			files = append(files, f)
		}
	}
	return strings.Join(files, ", ")
}

// TestArchitectureTable holds the table in docs/architecture.md to the one above; -update rewrites it.
func TestArchitectureTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("| rank | package | its one job | may import (ours) |\n|---|---|---|---|\n")
	for _, h := range house {
		may := "every lower rank"
		switch {
		case h.may != nil && len(h.may) == 0:
			may = "none"
		case h.may != nil:
			may = strings.Join(h.may, ", ")
		case h.never != nil:
			may += " but " + strings.Join(h.never, ", ")
		}
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s |\n", h.rank, h.pattern, h.job, may)
	}
	generated(t, "architecture.md", "house", b.String())
}

// generated holds the part of a page between two marks to what was made of the code.
func generated(t *testing.T, page, name, want string) {
	t.Helper()
	src, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	part := regexp.MustCompile(`(?s)(<!-- ` + name + `: generated[^\n]*-->\n)(.*?)(<!-- end -->)`)
	m := part.FindSubmatch(src)
	if m == nil {
		t.Fatalf("docs/%s has no part marked %q", page, name)
	}
	if string(m[2]) == want {
		return
	}
	if *update {
		out := part.ReplaceAllFunc(src, func([]byte) []byte { return slices.Concat(m[1], []byte(want), m[3]) })
		if err := os.WriteFile(page, out, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("docs/%s is not what the code says; refill it with: go test ./docs -update", page)
}
