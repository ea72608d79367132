package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowrun/nodes"
)

// packInto writes a text into a file, packed as its name tells.
func packInto(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := compressionOf("auto", path).writer(f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = w.Write([]byte(text)); err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestColumnsAreInferred(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a.csv":       {"n,s\n1,x\n", "{n: int, s: string}"},
		"a.tsv":       {"n\ts\n1\tx,y\n", "{n: int, s: string}"},
		"a.kv":        {"n=1 t=2026-01-01\n", "{n: int, t: date}"},
		"a.jsonl":     {`{"n":1,"true":{"a b":[1]}}`, `{n: int, "true": {"a b": list<int>}}`},
		"b.csv":       {"yes,on,null,1,a:b,é\n1,1,1,1,1,1\n", `{yes: int, on: int, "null": int, "1": int, "a:b": int, "é": int}`},
		"a.csv.gz":    {"n\n1.5\n", "{n: float}"},
		"a.jsonl.zst": {`{"o":[{"n":true}]}`, "{o: [{n: bool}]}"},
	} {
		path := filepath.Join(t.TempDir(), name)
		packInto(t, path, c.text)
		s, wrong := lower(t, fmt.Sprintf("file: {path: %q}, schema: infer", path))
		if wrong != "" {
			t.Error(name, wrong)
			continue
		}
		got := nodes.SchemaText(s.Schema)
		if !s.Inferred || got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		again, wrong := lower(t, fmt.Sprintf("file: {path: %q}, schema: %s", path, got))
		if wrong != "" || again.Inferred || !again.Schema.Equal(s.Schema) {
			t.Errorf("%s: what was found is %v, and written down %v (%s)", name, s.Schema, again, wrong)
		}
	}
}

func TestTheFirstFileWithARecordIsInferred(t *testing.T) {
	dir := t.TempDir()
	packInto(t, filepath.Join(dir, "a.csv"), "")
	packInto(t, filepath.Join(dir, "b.csv"), "n\n")
	packInto(t, filepath.Join(dir, "c.csv"), "n\n7\n")
	s, wrong := lower(t, fmt.Sprintf("file: {path: %q}, schema: infer", dir))
	if wrong != "" || nodes.SchemaText(s.Schema) != "{n: int}" {
		t.Error(s, wrong)
	}
}

func TestWhatCannotBeInferred(t *testing.T) {
	dir := t.TempDir()
	path := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for node, want := range map[string]string{
		fmt.Sprintf("file: {path: %q}, schema: infer", path("empty.csv", "")):                       "no record of format csv",
		fmt.Sprintf("file: {path: %q}, schema: infer", path("plain.csv.gz", "n,s\n1,not packed\n")): "is no gzip data",
		fmt.Sprintf("file: {path: %q}, schema: infer", path("clash.json", "{\"a\":1}\n{\"a\":[]}")): "a in line 2 is of type a list, but a in line 1 is of type int",
		"file: {path: not/there/yet.csv, follow: true}, schema: infer":                              "no record of format csv",
		"file: {path: not/there.csv}, schema: infer":                                                "there is no file",
	} {
		if _, wrong := lower(t, node); !strings.Contains(wrong, want) {
			t.Errorf("%s: %s, want %s", node, wrong, want)
		}
	}
}
