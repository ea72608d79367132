package nodes

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"flowrun/dag/spec"
)

// JSONSchema is a JSON Schema (draft 2020-12) of pipeline files, made of the registered kinds: what an editor needs to
// complete keys, show their meaning and underline mistakes. It is laxer than flowrun itself: it knows no types of
// expressions and no graph.
func JSONSchema() ([]byte, error) {
	node := common()
	kinds := map[string][]object{}
	for _, e := range All() {
		kinds[e.Name] = append(kinds[e.Name], settings(e))
	}
	var one []object
	for _, name := range Names() {
		forms := kinds[name]
		s := forms[0]
		if len(forms) > 1 {
			s = object{"anyOf": forms}
		}
		node[name] = s
		one = append(one, object{"required": []string{name}})
	}
	root := object{
		"$schema":  "https://json-schema.org/draft/2020-12/schema",
		"title":    "flowrun pipeline",
		"type":     "object",
		"required": []string{"nodes"},
		"properties": object{
			"name":        object{"type": "string", "description": "The pipeline's name; without it, the file's."},
			"description": object{"type": "string", "description": "What the pipeline is for."},
			"trigger": object{
				"description": "When an epoch is cut: asap, a duration such as 2s, available_now or once.",
				"default":     "asap",
				"anyOf": []object{
					{"enum": []string{"asap", "available_now", "once"}},
					{"type": "string", "pattern": durationPattern},
					substitution(),
				},
			},
			"checkpoint": checkpointSchema(),
			"nodes": object{
				"type":          "object",
				"description":   "The graph: named nodes, each with one kind.",
				"propertyNames": object{"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"},
				"additionalProperties": object{
					"type":                 "object",
					"properties":           node,
					"additionalProperties": false,
					"oneOf":                one,
				},
			},
			"tests": object{"type": "array", "description": "Rows in and rows expected."},
		},
		"patternProperties":    object{"^x-": object{"description": "Ignored: a home for anchors."}},
		"additionalProperties": false,
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(root)
	return b.Bytes(), err
}

type object = map[string]any

const (
	durationPattern = `^-?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w))+$`
	sizePattern     = `^[0-9]+(\.[0-9]+)? ?([KMGT]i?)?B$`
)

// common are the keys beside the kind.
func common() object {
	times := properties(spec.Keys(&Timing{}))
	times["description"] = "Of a source: which column tells when rows happened, and for how long older ones are waited for."
	ref := object{"type": "string", "pattern": `^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)?$`}
	return object{
		"from": object{
			"description": "What it reads: a node, NODE.rejected, or a list of them. A source has none.",
			"anyOf":       []object{ref, {"type": "array", "items": ref, "minItems": 1}},
		},
		"format": object{
			"description": "How bytes become rows, or rows bytes: a name, or a map of one name to its options.",
			"anyOf":       []object{{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}},
		},
		"schema":      object{"type": []string{"object", "string"}, "description": "Columns and their types, or, for files, infer: bool int float string bytes timestamp date duration, list<T>, map<T>, a nested map for a struct. ! behind a type means never null."},
		"on_error":    object{"enum": []string{"fail", "drop"}, "description": "What becomes of a rejected row that nobody reads: the run ends, or the row is dropped and counted."},
		"parallelism": lanesSchema(),
		"event_time":  times,
		"journal":     journalSchema(),
		"description": object{"type": "string", "description": "For people."},
	}
}

// checkpointSchema is that of `checkpoint`.
func checkpointSchema() object {
	s := properties(spec.Keys(&Checkpoint{}))
	s["description"] = "Where and how often the run keeps what it needs to go on after it was stopped or killed."
	return s
}

// substitution is a setting that the environment gives.
func substitution() object { return object{"type": "string", "pattern": `\$\{.*\}`} }

// settings is the schema of what stands behind a kind's key.
func settings(e *Entry) object {
	keys := spec.Keys(e.New())
	var s object
	if len(keys) == 1 && keys[0].Name == "" {
		s = typed(keys[0])
	} else {
		s = group(keys)
		if !slices.ContainsFunc(keys, func(k spec.KeyDoc) bool { return k.Required }) {
			s = object{"anyOf": []object{s, {"type": "null"}}}
		}
	}
	s["description"] = e.Summary()
	return s
}

// group is the schema of a map of settings, or of the one of them that can stand for it.
func group(keys []spec.KeyDoc) object {
	s := properties(keys)
	if i := slices.IndexFunc(keys, func(k spec.KeyDoc) bool { return k.Short }); i >= 0 {
		s = object{"anyOf": []object{typed(keys[i]), s}}
	}
	return s
}

func properties(keys []spec.KeyDoc) object {
	props, required := object{}, []string{}
	for _, k := range keys {
		p := typed(k)
		if k.Doc != "" {
			p["description"] = k.Doc
		}
		if k.Default != "" {
			p["default"] = k.Default
		}
		props[k.Name] = p
		if k.Required {
			required = append(required, k.Name)
		}
	}
	s := object{"type": "object", "properties": props, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

var scalars = []string{"string", "number", "boolean"}

// typed is the schema of one value, by the word that spec has for its type.
func typed(k spec.KeyDoc) object {
	if len(k.Enum) > 0 {
		var values []any
		for _, v := range k.Enum {
			values = append(values, v)
		}
		if regexp.MustCompile(`^[0-9,]+$`).MatchString(strings.Join(k.Enum, ",")) {
			return object{"anyOf": []object{{"type": "integer"}, substitution()}}
		}
		return object{"anyOf": []object{{"enum": values}, substitution()}}
	}
	switch k.Type {
	case "whole number":
		return object{"anyOf": []object{{"type": "integer"}, substitution()}}
	case "number":
		return object{"anyOf": []object{{"type": "number"}, substitution()}}
	case "true or false":
		return object{"anyOf": []object{{"type": "boolean"}, substitution()}}
	case "duration":
		return object{"anyOf": []object{{"type": "string", "pattern": durationPattern}, substitution()}}
	case "size":
		return object{"anyOf": []object{{"type": "integer"}, {"type": "string", "pattern": sizePattern}, substitution()}}
	case "map of settings":
		return group(k.Keys)
	case "map of names to expressions":
		return object{"type": "object", "additionalProperties": object{"type": scalars}, "minProperties": 1}
	case "list of names and `name: EXPR`":
		return object{"type": "array", "minItems": 1, "items": object{"anyOf": []object{
			{"type": "string"},
			{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": object{"type": scalars}},
		}}}
	case "any":
		return object{}
	}
	if elem, ok := strings.CutPrefix(k.Type, "list of "); ok {
		return object{"type": "array", "items": typed(spec.KeyDoc{Type: elem, Keys: k.Keys})}
	}
	if elem, ok := strings.CutPrefix(k.Type, "map of names to "); ok {
		return object{"type": "object", "additionalProperties": typed(spec.KeyDoc{Type: elem, Keys: k.Keys})}
	}
	return object{"type": scalars} // text, expression, time
}
