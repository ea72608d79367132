package file

import (
	"context"
	"fmt"
	"os"
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

// lowerSink reads a pipeline of the given nodes, of which the last is a sink, binds it, and gives its write or what is said
// against it.
func lowerSink(t *testing.T, yaml string) (*plan.Write, string) {
	t.Helper()
	f, list := spec.Load("x.yaml", []byte("nodes:\n"+yaml), spec.Options{Kinds: nodes.Names()})
	if list.HasErrors() {
		return nil, list.Error()
	}
	p, list := nodes.Lower(context.Background(), f)
	if list.HasErrors() {
		return nil, list.Error()
	}
	if list = plan.Bind(p); list.HasErrors() {
		return nil, list.Error()
	}
	return p.Nodes[len(p.Nodes)-1].Op.(*plan.Write), ""
}

const (
	ends  = "  in: {file: {path: testdata/readings.jsonl}, format: text}\n"
	never = "  in: {file: {path: no/app.log, follow: true}}\n"
)

func TestWrites(t *testing.T) {
	for node, want := range map[string]plan.Write{
		ends + "  out: {from: in, file: {path: no/out.jsonl}}":            {Format: plan.Format{Name: "json"}, Detail: "no/out.jsonl"},
		ends + "  out: {from: in, file: {path: no/out.gz}, format: text}": {Format: plan.Format{Name: "text"}, Detail: "no/out.gz"},
		ends + "  out: {from: in, file: {path: no/out}}":                  {Format: plan.Format{Name: "json"}, Detail: "no/out"},
		never + "  out: {from: in, file: {path: no/out}}":                 {Format: plan.Format{Name: "json"}, Detail: "no/out", Live: true},
		never + "  out: {from: in, file: {path: no/v1.2/}}":               {Format: plan.Format{Name: "json"}, Detail: "no/v1.2/", Live: true},
	} {
		w, wrong := lowerSink(t, node)
		if wrong != "" {
			t.Errorf("%s: %s", node, wrong)
			continue
		}
		if w.Format.Name != want.Format.Name || w.Detail != want.Detail || w.Live != want.Live || !w.Transactional {
			t.Errorf("%s: %+v", node, w)
		}
	}
}

func TestWrongWrites(t *testing.T) {
	dir := t.TempDir()
	for node, want := range map[string]string{
		never + "  out: {from: in, file: {path: no/out.jsonl}}":                         "no/out.jsonl is one file, which shows at the end of the input, and in (file) has none",
		ends + "  out: {from: in, file: {path: a.jsonl, roll: {every: 1s}}}":            "a.jsonl is one file, which is never rolled",
		ends + "  out: {from: in, file: {path: a, roll: {every: 0s}}}":                  "has to be at least 1ms",
		ends + "  out: {from: in, file: {path: a, roll: {size: 0}}}":                    "has to be at least 1",
		ends + "  out: {from: in, file: {path: a, compression: lz4}}":                   "has to be one of auto, gzip, zstd, none",
		ends + "  out: {from: in, file: {path: \"\"}}":                                  "path is empty",
		ends + "  out: {from: in, file: {path: doc.md}, format: jsn}":                   `unknown format "jsn"`,
		ends + "  out: {from: in, file: {path: testdata/readings.jsonl/}}":              "is a file, and a path without an extension",
		ends + fmt.Sprintf("  out: {from: in, file: {path: %q}}", mkdir(t, dir, "x.d")): "is a directory, and a path with an extension is one file",
	} {
		if _, wrong := lowerSink(t, node); !strings.Contains(wrong, want) {
			t.Errorf("%s: said %q, want %q", node, wrong, want)
		}
	}
}

func mkdir(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
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
