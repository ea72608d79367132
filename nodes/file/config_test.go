package file

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// lower reads a pipeline of one node and gives its scan, or what is said against it.
func lower(t *testing.T, node string) (*plan.Scan, string) {
	t.Helper()
	f, list := spec.Load("x.yaml", []byte("nodes:\n  in: {"+node+"}\n"), spec.Options{Kinds: nodes.Names()})
	if list.HasErrors() {
		return nil, list.Error()
	}
	p, list := nodes.Lower(context.Background(), f)
	if list.HasErrors() {
		return nil, list.Error()
	}
	s, ok := p.Nodes[0].Op.(*plan.Scan)
	if !ok {
		t.Fatalf("no scan, and nothing said against it: %s", node)
	}
	return s, ""
}

func TestScan(t *testing.T) {
	path := onDisk(t, "a\n")
	s, wrong := lower(t, fmt.Sprintf("file: {path: %q}", path))
	if wrong != "" {
		t.Fatal(wrong)
	}
	if s.Format.Name != "text" || s.Detail != path || !s.Bounded || !s.Replays || !s.UntilNow {
		t.Errorf("%+v", s)
	}
	s, wrong = lower(t, "file: {path: testdata/readings.jsonl}, schema: {device: string, temp: float}")
	if wrong != "" {
		t.Fatal(wrong)
	}
	if s.Format.Name != "json" || s.Schema.NumFields() != 2 {
		t.Errorf("%+v", s)
	}
	s, wrong = lower(t, "file: {path: testdata}, schema: {device: string, temp: float}")
	if wrong != "" || s.Format.Name != "json" {
		t.Errorf("a directory of JSON lines: %+v, %s", s, wrong)
	}
	s, wrong = lower(t, "file: {path: not/there/yet.log, follow: true}")
	if wrong != "" || s.Bounded || s.UntilNow || !s.Replays {
		t.Errorf("a file to follow: %+v, %s", s, wrong)
	}
}

func TestWrongSettings(t *testing.T) {
	for node, want := range map[string]string{
		`file: {}`:                                                               "path",
		`file: {path: ""}`:                                                       "path is empty",
		`file: {path: no/such/file.txt}`:                                         `there is no file "no/such/file.txt"`,
		`file: {path: "testdata/*.none"}`:                                        `no file matches "testdata/*.none"`,
		`file: {path: "testdata/[x"}`:                                            "syntax error in pattern",
		`file: {path: "**/*.log"}`:                                               "** is no pattern here",
		`file: {path: a.log.gz, follow: true}`:                                   "a compressed file is read whole and cannot be followed",
		`file: {path: a, follow: true, compression: zstd}`:                       "a compressed file is read whole and cannot be followed",
		`file: {path: /dev/null}`:                                                "it is no regular file",
		`file: {path: /dev/null, follow: true}`:                                  "it is no regular file",
		`file: {path: testdata/readings.jsonl}`:                                  "format json needs a schema",
		fmt.Sprintf("file: {path: %q}", filepath.Join(onDisk(t, "x"), "y")):      "not a directory",
		`file: {path: testdata/readings.jsonl, max_line_bytes: 0}, format: text`: "max_line_bytes is 0",
	} {
		if _, wrong := lower(t, node); !strings.Contains(wrong, want) {
			t.Errorf("%s: said %q, want %q", node, wrong, want)
		}
	}
}
