package spec

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"flowrun/dag/diag"
)

// FuzzLoad holds that no file makes the loader panic or hang, that every diagnostic can be drawn and has a place inside
// the file, and that the place of each character of each value shows that character.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "testdata/wrong/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte(hotDevices))
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 1<<14 {
			return
		}
		start := time.Now()
		file, _, list := check("f.yaml", src, testOptions())
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%d bytes took %v", len(src), d)
		}
		lines := diag.SplitLines(src)
		for _, d := range list {
			if d.Code == "" || d.Message == "" || d.At.File == "" {
				t.Errorf("incomplete: %+v", d)
			}
			if !utf8.ValidString(d.Message + d.Hint) {
				t.Errorf("not text: %q %q", d.Message, d.Hint)
			}
			if !d.At.Known() {
				continue
			}
			if d.At.Line > len(lines)+1 || d.At.Column < 1 || d.At.Length < 1 ||
				d.At.Line <= len(lines) && d.At.Column > len([]rune(lines[d.At.Line-1]))+2 {
				t.Errorf("outside the file: %+v", d)
			}
		}
		var b bytes.Buffer
		diag.Print(&b, list, func(string) []byte { return src }, diag.PrintOptions{})
		if file == nil && !list.HasErrors() {
			t.Error("no file and no error")
		}
		if file == nil || !utf8.Valid(src) || list.HasErrors() {
			return
		}
		for _, n := range file.Nodes {
			if n.Config == nil || n.Config.size > 10000 {
				continue
			}
			if err := checkPlaces(n.Config, lines); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzDecode holds that no settings make Decode panic, and that what it takes without an error keeps to its rules.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "{}", "{port: 1}", "{port: 1, host: x, timeout: 1d, buffer: 1KiB, on_eof: end, timestamp: true, rate: 1e3, tags: [a], start: 2026-01-01, roll: {every: 1s}, options: {a: b}}",
		"[1, {a: b}]", "x ${PORT} > 1", "{by: [a, {b: c}], take: {n: count()}, emit: final}", "{a: ${SET:-1}, b: \"x${HOSTILE}\"}", "- a\n- b: c", "&x [*x]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, settings string) {
		if len(settings) > 1<<12 {
			return
		}
		file, list := Load("f.yaml", []byte("nodes:\n  a:\n    kind: "+settings+"\n"), Options{Env: testOptions().Env})
		if list.HasErrors() || len(file.Nodes) == 0 {
			return
		}
		v := file.Nodes[0].Config
		for kind, config := range configs {
			into := config()
			if Decode(v, into, diag.Span{File: "f.yaml", Line: 3, Column: 5, Length: 4}, kind).HasErrors() {
				continue
			}
			switch c := into.(type) {
			case *socketConfig:
				if c.Port < 1 || c.Port > 65535 || c.Timeout < 0 || c.Rate < 0 || c.Buffer < 0 || c.OnEOF != "reconnect" && c.OnEOF != "end" {
					t.Errorf("%+v", c)
				}
			case *diag.Text:
				if c.Value == "" {
					t.Error("an empty expression is taken")
				}
				n := len([]rune(c.Value))
				for i := range n {
					if at := c.Slice(i, i+1); at.Line < 1 || at.Column < 1 || at.Length < 1 {
						t.Fatalf("character %d of %q is at %+v", i, c.Value, at)
					}
				}
			case *Fields:
				for _, field := range *c {
					if field.Name.Value == "" || field.Expr.Value == "" {
						t.Errorf("%+v", field)
					}
				}
			case *Items:
				for _, item := range *c {
					if item.Name.Value == "" || item.Expr.Value == "" {
						t.Errorf("%+v", item)
					}
				}
			}
		}
	})
}
