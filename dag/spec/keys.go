package spec

import (
	"fmt"
	"reflect"
	"strings"
)

// KeyDoc is what the reference and the JSON Schema say of one setting.
type KeyDoc struct {
	Name     string // "" for a kind whose settings are one value
	Type     string // a few words: "whole number", "duration", "expression", "list of text", "map of names to expressions"
	Doc      string
	Default  string // as it would stand in a file
	Enum     []string
	Required bool
	Secret   bool     // its value is never shown
	Short    bool     // a single value in place of the map of settings is this one
	Min, Max string   // "" is no bound
	Keys     []KeyDoc // of a map of settings, or of a list of those
}

// Keys describes the type that into points to, as [Decode] would read it: one KeyDoc for each key of a struct, in order,
// or a single one without a name for any other type.
func Keys(into any) []KeyDoc { return keysOfType(reflect.TypeOf(into).Elem()) }

func keysOfType(t reflect.Type) []KeyDoc {
	for t.Kind() == reflect.Pointer && t != valueType {
		t = t.Elem()
	}
	if !isSettings(t) {
		return []KeyDoc{{Type: wordOf(t, false), Keys: nested(t)}}
	}
	var out []KeyDoc
	for _, k := range structKeys(t) {
		out = append(out, KeyDoc{
			Name: k.name, Type: wordOf(k.typ, len(k.enum) > 0), Doc: k.doc, Default: k.fallback, Enum: k.enum, Required: k.required, Secret: k.secret,
			Min: k.min, Max: k.max, Keys: nested(k.typ), Short: k.short,
		})
	}
	return out
}

// nested are the keys of the settings inside a type.
func nested(t reflect.Type) []KeyDoc {
	for t != valueType && t != fieldsType && t != itemsType && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		t = t.Elem()
	}
	if isSettings(t) {
		return keysOfType(t)
	}
	return nil
}

func isSettings(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != textType && t != nameType && t != timeType
}

// article puts an article before the name of a type where it needs one.
func article(word string) string {
	switch {
	case word == "text" || word == "any" || word == "true or false":
		return word
	case word[0] == 'e':
		return "an " + word
	}
	return "a " + word
}

// wordOf names a type for messages and the reference.
func wordOf(t reflect.Type, enum bool) string {
	switch t {
	case textType:
		if enum {
			return "text"
		}
		return "expression"
	case nameType:
		return "text"
	case fieldsType:
		return "map of names to expressions"
	case itemsType:
		return "list of names and `name: EXPR`"
	case valueType:
		return "any"
	case durationType, goDuration:
		return "duration"
	case sizeType:
		return "size"
	case timeType:
		return "time"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return wordOf(t.Elem(), enum)
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of " + wordOf(t.Elem(), enum)
	case reflect.Map:
		return "map of names to " + wordOf(t.Elem(), enum)
	case reflect.Struct:
		return "map of settings"
	}
	return "whole number"
}

// key is one key of a settings struct.
type key struct {
	name, doc, fallback, min, max string
	enum                          []string
	required, short, secret       bool
	typ                           reflect.Type
	index                         []int
}

func (k key) of(t reflect.Value) reflect.Value { return t.FieldByIndex(k.index) }

// structKeys reads the tags of a struct. A field without a name for the file is a bug and panics.
func structKeys(t reflect.Type) []key {
	var out []key
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("yaml")
		switch {
		case f.Anonymous && name == "":
			for _, k := range structKeys(f.Type) {
				k.index = append([]int{i}, k.index...)
				out = append(out, k)
			}
			continue
		case !f.IsExported() || name == "-":
			continue
		case name == "":
			panic(fmt.Sprintf("spec: the field %s of %v has no yaml tag", f.Name, t))
		}
		k := key{
			name: name, doc: f.Tag.Get("doc"), fallback: f.Tag.Get("default"), min: f.Tag.Get("min"), max: f.Tag.Get("max"),
			required: f.Tag.Get("required") == "true", short: f.Tag.Get("short") == "true", secret: f.Tag.Get("secret") == "true", typ: f.Type, index: []int{i},
		}
		if e := f.Tag.Get("enum"); e != "" {
			k.enum = strings.Split(e, ",")
		}
		out = append(out, k)
	}
	return out
}

func namesOf(keys []key) []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}
