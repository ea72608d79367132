package spec

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"flowrun/dag/diag"
)

// TestPlacesOfCharacters holds the place of every character of scalars in every style; the golden file shows each
// scalar's decoded text, and for each run of characters that stand side by side where it stands.
func TestPlacesOfCharacters(t *testing.T) {
	src, err := os.ReadFile("testdata/places.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, list := Load("places.yaml", src, Options{})
	if len(list) > 0 {
		t.Fatal(list)
	}
	var b bytes.Buffer
	for _, n := range f.Nodes {
		var walk func(name string, v *Value)
		walk = func(name string, v *Value) {
			for _, e := range v.Entries {
				walk(name+"."+e.Key, e.Value)
			}
			for i, item := range v.Items {
				walk(fmt.Sprintf("%s.%d", name, i), item)
			}
			if v.Kind == Scalar {
				fmt.Fprintf(&b, "%s at %d:%d+%d\n", name, v.At.Line, v.At.Column, v.At.Length)
				writeRuns(&b, v.Text)
			}
		}
		walk(n.ID, n.Config)
	}
	golden(t, "testdata/places.txt", b.Bytes())
}

func writeRuns(b *bytes.Buffer, text diag.Text) {
	runes := []rune(text.Value)
	for i := 0; i < len(runes); {
		first := text.Slice(i, i+1)
		j := i + 1
		for ; j < len(runes); j++ {
			if next := text.Slice(j, j+1); next.Line != first.Line || next.Column != first.Column+j-i || next.Length != 1 || first.Length != 1 {
				break
			}
		}
		fmt.Fprintf(b, "  %d:%d+%d %q\n", first.Line, first.Column, text.Slice(i, j).Length, string(runes[i:j]))
		i = j
	}
}

// checkPlaces holds that the place of each character of a value shows that character in the file, or the escape that it
// is written with.
func checkPlaces(v *Value, lines []string) error {
	for _, e := range v.Entries {
		if err := checkPlaces(e.Value, lines); err != nil {
			return err
		}
	}
	for _, item := range v.Items {
		if err := checkPlaces(item, lines); err != nil {
			return err
		}
	}
	if v.Kind != Scalar || len(v.parts) > 0 {
		return nil
	}
	i := 0
	for _, r := range v.Text.Value {
		at := v.Text.Slice(i, i+1)
		i++
		if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Length < 1 {
			return fmt.Errorf("%q: character %d is at %v", v.Text.Value, i-1, at)
		}
		line := []rune(lines[at.Line-1])
		if at.Column > len(line) || at.Length > 1 || r == ' ' || r == '\n' || r == '\ufffd' {
			continue
		}
		if got := line[at.Column-1]; got != r && !strings.ContainsRune(`\`, got) {
			return fmt.Errorf("%q: character %d is %q, and at %v stands %q", v.Text.Value, i-1, r, at, got)
		}
	}
	return nil
}

func TestMidOfEveryStyleIsFound(t *testing.T) {
	for name, src := range map[string]string{
		"plain":              "nodes: {a: {filter: x + tmep}}",
		"plain folded":       "nodes:\n  a:\n    filter: x +\n      tmep > 1\n",
		"plain empty line":   "nodes:\n  a:\n    filter: x +\n\n      tmep > 1\n",
		"plain in flow":      "nodes: {a: {filter: x +\n  tmep > 1}}\n",
		"single":             "nodes:\n  a:\n    filter: 'x == ''é'' + tmep'\n",
		"single folded":      "nodes:\n  a:\n    filter: 'x\n\n      == tmep'\n",
		"double":             "nodes:\n  a:\n    filter: \"x == \\\"\\u00e9\\x41\\U0001F44D\\t\\\" + tmep\"\n",
		"double folded":      "nodes:\n  a:\n    filter: \"x ==\n      tmep\"\n",
		"double escaped eol": "nodes:\n  a:\n    filter: \"x == \\\n      \\ tmep\"\n",
		"literal":            "nodes:\n  a:\n    filter: |\n      x ==\n        日本 + tmep\n",
		"literal indicator":  "nodes:\n  a:\n    filter: |2-\n        x ==\n      tmep\n",
		"literal keep":       "nodes:\n  a:\n    filter: |+\n      x == tmep\n\n\n",
		"literal at once":    "nodes:\n  a:\n    filter: |\n\n      x == tmep\n",
		"folded":             "nodes:\n  a:\n    filter: >\n      x ==\n      日本 + tmep\n",
		"folded strip":       "nodes:\n  a:\n    filter: >-\n      x ==\n\n        y +\n      tmep",
		"folded indicator":   "nodes:\n  a:\n    filter: >2\n        x ==\n      tmep\n",
		"anchor":             "nodes:\n  a:\n    filter: &f x == tmep\n",
		"anchor then block":  "nodes:\n  a:\n    filter: &f >-\n      x == tmep\n",
		"alias":              "x-a: &f x == tmep\nnodes: {a: {filter: *f}}\n",
		"tag":                "nodes:\n  a:\n    filter: !!str x == tmep\n",
		"crlf":               "nodes:\r\n  a:\r\n    filter: >-\r\n      x ==\r\n      tmep\r\n",
		"bom":                "\ufeffnodes: {a: {filter: x + tmep}}",
		"quoting mistake":    "nodes:\n  a:\n    filter: \"a\" ? \"x: y\" : tmep\n",
		"several lines":      "nodes:\n  a:\n    filter: x\n      ? y\n      : tmep\n",
		"wrong indentation":  "nodes:\n  a:\n    from: b\n     filter: x + tmep\n",
		"tabs":               "nodes:\n\ta:\n\t\tfilter: x + tmep\n",
		"a missing space":    "nodes:\n  a:\n    from: b\n    filter:x+tmep\n",
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := Load("f.yaml", []byte(src), Options{Kinds: []string{"filter"}})
			if f == nil || len(f.Nodes) != 1 || f.Nodes[0].Config == nil {
				t.Fatal("not loaded")
			}
			text := f.Nodes[0].Config.Text
			i := strings.Index(text.Value, "tmep")
			if i < 0 {
				t.Fatalf("no tmep in %q", text.Value)
			}
			from := len([]rune(text.Value[:i]))
			at := text.Slice(from, from+4)
			line := []rune(diag.SplitLines([]byte(src))[at.Line-1])
			if got := string(line[at.Column-1 : at.Column-1+at.Length]); got != "tmep" {
				t.Errorf("the place %v shows %q", at, got)
			}
			if err := checkPlaces(f.Nodes[0].Config, diag.SplitLines([]byte(src))); err != nil {
				t.Error(err)
			}
		})
	}
}
