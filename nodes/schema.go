package nodes

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

// ReadSchema reads a `schema` value: a map of columns to types. The fields keep the metadata that decoders need.
func ReadSchema(v *spec.Value) (*arrow.Schema, diag.List) {
	var list diag.List
	if isInfer(v) {
		list.Add(diag.Diagnostic{Code: CodeSchema, At: v.At,
			Message: "schema: infer is for a source of files: only an input that can be read again can be looked at before the run",
			Hint:    "write the columns: schema: {device: string, temp: float}"})
		return nil, list
	}
	fields := readFields(v, &list)
	if list.HasErrors() {
		return nil, list
	}
	return arrow.NewSchema(fields, nil), list
}

// isInfer reports whether a `schema` asks to be found.
func isInfer(v *spec.Value) bool {
	return v != nil && v.Kind == spec.Scalar && v.Text.Value == "infer"
}

func readFields(v *spec.Value, list *diag.List) []arrow.Field {
	if v.Kind != spec.Map || len(v.Entries) == 0 {
		list.Add(diag.Diagnostic{Code: CodeSchema, At: v.At,
			Message: "expected a map of columns to types", Hint: "{device: string, temp: float, at: timestamp}"})
		return nil
	}
	fields := make([]arrow.Field, 0, len(v.Entries))
	for _, e := range v.Entries {
		name, never := strings.CutSuffix(e.Key, "!")
		if name == "" {
			list.Add(diag.Diagnostic{Code: CodeSchema, At: e.KeyAt, Message: "a column needs a name"})
			continue
		}
		f, ok := readType(name, e.Value, list)
		if !ok {
			continue
		}
		if never {
			f.Nullable = false
		}
		fields = append(fields, f)
	}
	return fields
}

// readType reads the type of one field: a word, a nested map (a struct) or a list of one map (a list of structs).
func readType(name string, v *spec.Value, list *diag.List) (arrow.Field, bool) {
	f := arrow.Field{Name: name, Nullable: true}
	switch {
	case v.Kind == spec.Map:
		f.Type = schema.Struct(readFields(v, list)...)
		return f, true
	case v.Kind == spec.List && len(v.Items) == 1 && v.Items[0].Kind == spec.Map:
		f.Type = schema.List(schema.Struct(readFields(v.Items[0], list)...))
		return f, true
	case v.Kind == spec.Scalar:
		t, nullable, unit, err := schema.Parse(v.Text.Value)
		if err != nil {
			list.Add(diag.Diagnostic{Code: CodeSchema, At: v.Text.At, Message: fmt.Sprintf("column %q: %v", name, err),
				Hint: "types: bool int float string bytes timestamp date duration, list<T>, map<T>, {a: int} for a struct"})
			return f, false
		}
		f.Type, f.Nullable = t, nullable
		if unit != "" {
			f.Metadata = arrow.NewMetadata([]string{schema.UnitKey}, []string{unit})
		}
		return f, true
	}
	list.Add(diag.Diagnostic{Code: CodeSchema, At: v.At, Message: fmt.Sprintf("column %q has no type", name),
		Hint: name + ": string"})
	return f, false
}
