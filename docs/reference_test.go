package docs

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"flowrun/nodes"
)

// file holds a whole generated file to what was made of the code.
func file(t *testing.T, name string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err == nil && bytes.Equal(got, want) {
		return
	}
	if !*update {
		t.Errorf("docs/%s is not what the code says; refill it with: go test ./docs -update", name)
		return
	}
	if err := os.WriteFile(name, want, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEditorSchema holds docs/flowrun.schema.json to the kinds, and every example to it.
func TestEditorSchema(t *testing.T) {
	src, err := nodes.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	file(t, "flowrun.schema.json", src)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
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
	examples, err := filepath.Glob("../pipelines/*.yaml")
	if err != nil || len(examples) < 3 {
		t.Fatalf("%d examples (%v)", len(examples), err)
	}
	workloads, err := filepath.Glob("../pipelines/bench/*.yaml")
	if err != nil || len(workloads) < 3 {
		t.Fatalf("%d workloads (%v)", len(workloads), err)
	}
	queries, err := filepath.Glob("../pipelines/nexmark/*.yaml")
	if err != nil || len(queries) < 3 {
		t.Fatalf("%d queries (%v)", len(queries), err)
	}
	examples = append(append(examples, workloads...), queries...)
	for _, name := range examples {
		if err := s.Validate(value(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"unknown_kind", "unknown_setting", "emit_misspelt", "limit_not_a_number"} {
		if err := s.Validate(value(t, "../nodes/all/testdata/wrong/"+name+".yaml")); err == nil {
			t.Errorf("%s is wrong, and an editor would not say so", name)
		}
	}
}

// value reads a YAML file as the JSON value that a schema speaks of.
func value(t *testing.T, name string) any {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := yaml.Unmarshal(src, &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
