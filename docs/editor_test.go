package docs

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"flowrun/nodes"
)

// editorSchema is what editors are given, compiled.
func editorSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	src, err := nodes.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(src)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("flowrun.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("flowrun.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEditorTakesEveryExample holds every whole pipeline of the pages to the schema.
func TestEditorTakesEveryExample(t *testing.T) {
	s := editorSchema(t)
	n := 0
	for _, b := range blocks(t) {
		if b.lang != "yaml" || !strings.Contains(b.text, "nodes:") {
			continue
		}
		n++
		v, err := parsed([]byte(b.text))
		if err == nil {
			err = s.Validate(v)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", b.page, err, b.text)
		}
	}
	if n < 10 {
		t.Errorf("only %d pipelines were found in the pages", n)
	}
}

// TestEditorFlags holds which of the wrong pipelines an editor underlines: "flagged", or "unseen" where only flowrun can
// tell. A name that moves from flagged to unseen is a loss.
func TestEditorFlags(t *testing.T) {
	s := editorSchema(t)
	files, err := filepath.Glob("../nodes/all/testdata/wrong/*.yaml")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d wrong pipelines (%v)", len(files), err)
	}
	var lines []string
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		verdict := "unseen"
		v, err := parsed(src)
		if err != nil {
			verdict = "flagged (no YAML)"
		} else if err := s.Validate(v); err != nil {
			if wrong := (*jsonschema.ValidationError)(nil); !errors.As(err, &wrong) {
				t.Errorf("%s: %v", name, err)
			}
			verdict = "flagged"
		}
		lines = append(lines, strings.TrimSuffix(filepath.Base(name), ".yaml")+": "+verdict)
	}
	file(t, "testdata/editor_flags.txt", []byte(strings.Join(lines, "\n")+"\n"))
}

func parsed(src []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(src, &v); err != nil {
		return nil, err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
}

// TestEditorHelpsWithEveryKey holds that each key that an editor can complete has a text to show, and that every kind's
// settings can be completed.
func TestEditorHelpsWithEveryKey(t *testing.T) {
	src, err := nodes.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(src, &root); err != nil {
		t.Fatal(err)
	}
	var visit func(path string, v any)
	visit = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if props, ok := v["properties"].(map[string]any); ok {
				for key, p := range props {
					if p, ok := p.(map[string]any); !ok || !described(p) {
						t.Errorf("%s.%s has no text", path, key)
					}
				}
			}
			for key, inner := range v {
				visit(path+"."+key, inner)
			}
		case []any:
			for _, inner := range v {
				visit(path, inner)
			}
		}
	}
	visit("", root)
	node := root["properties"].(map[string]any)["nodes"].(map[string]any)["additionalProperties"].(map[string]any)["properties"].(map[string]any)
	for _, name := range append(nodes.Names(), "from", "format", "schema", "on_error", "description") {
		if node[name] == nil {
			t.Errorf("a node's key %s cannot be completed", name)
		}
	}
}

// described reports whether a key has a text of its own, or one for each of its forms.
func described(p map[string]any) bool {
	if text, _ := p["description"].(string); text != "" {
		return true
	}
	forms, _ := p["anyOf"].([]any)
	return len(forms) > 0 && !slices.ContainsFunc(forms, func(f any) bool {
		m, ok := f.(map[string]any)
		return !ok || !described(m)
	})
}
