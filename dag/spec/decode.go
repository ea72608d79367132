package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"flowrun/dag/diag"
)

// Decode reads v into the struct (or other type) that into points to, strictly: unknown keys, wrong types, missing
// required keys and values outside an enum are diagnostics, all of them, and what is right is filled in all the same.
//
// Struct tags: `yaml:"key"`, `doc:"..."`, `default:"..."` (as it would stand in a file; a list without its brackets),
// `enum:"a,b"`, `required:"true"`, `secret:"true"` (see [Secrets]), `min:"..."` and `max:"..."` for numbers, durations and sizes. An embedded struct lends
// its keys, and `short:"true"` lets a single value stand for a map of that key alone. A nil v, nothing, and an empty map give the defaults.
//
// A diag.Text is an expression, or with an enum tag one of its words; [Name] is a text that is none. Into an expression a
// substitution goes as a literal.
//
// where is the place to blame when v is nil or lacks a key; what names the thing in messages ("socket").
func Decode(v *Value, into any, where diag.Span, what string) diag.List {
	d := &decoder{}
	target := reflect.ValueOf(into).Elem()
	d.value(target, v, field{name: what, at: where, top: true})
	return d.list
}

type decoder struct{ list diag.List }

// field is what is known of the place that a value is decoded into.
type field struct {
	name     string // in messages
	at       diag.Span
	enum     []string
	min, max string
	top      bool // the whole thing: nothing means the defaults
}

func (d *decoder) add(code diag.Code, at diag.Span, message, hint string) {
	d.list.Add(diag.Diagnostic{Code: code, Message: message, Hint: hint, At: at})
}

var (
	textType     = reflect.TypeFor[diag.Text]()
	nameType     = reflect.TypeFor[Name]()
	fieldsType   = reflect.TypeFor[Fields]()
	itemsType    = reflect.TypeFor[Items]()
	valueType    = reflect.TypeFor[*Value]()
	durationType = reflect.TypeFor[Duration]()
	goDuration   = reflect.TypeFor[time.Duration]()
	sizeType     = reflect.TypeFor[Size]()
	timeType     = reflect.TypeFor[time.Time]()
)

// value decodes v into t.
func (d *decoder) value(t reflect.Value, v *Value, f field) {
	if v != nil && v.broken {
		d.defaults(t)
		return
	}
	switch t.Type() {
	case valueType:
		if v != nil {
			t.Set(reflect.ValueOf(v))
		}
		return
	case fieldsType:
		t.Set(reflect.ValueOf(d.fields(v, f)))
		return
	case itemsType:
		t.Set(reflect.ValueOf(d.items(v, f)))
		return
	case textType, nameType, timeType:
		d.leaf(t, v, f)
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		p := reflect.New(t.Type().Elem())
		d.value(p.Elem(), v, f)
		t.Set(p)
	case reflect.Struct:
		d.structure(t, v, f)
	case reflect.Slice:
		d.slice(t, v, f)
	case reflect.Map:
		d.mapping(t, v, f)
	default:
		d.leaf(t, v, f)
	}
}

// missing reports a value that is not there.
func (d *decoder) missing(v *Value, f field, example string) {
	hint := "write it behind the colon"
	if example != "" {
		hint = "write " + example
	}
	d.add(codeRequired, d.place(v, f), f.name+" has no value", hint)
}

func (d *decoder) wrong(v *Value, f field, wants, hint string) {
	at := v.At
	if v.Kind == Scalar && v.Text.At.Known() {
		at = v.Text.At
	}
	d.add(codeType, at, fmt.Sprintf("%s is %s, and wants %s", f.name, empty(v), wants), hint)
}

func (d *decoder) slice(t reflect.Value, v *Value, f field) {
	one := wordOf(t.Type().Elem(), len(f.enum) > 0)
	switch {
	case v == nil || v.Kind == Null:
		if !f.top {
			d.missing(v, f, f.name+": [...]")
		}
		return
	case v.Kind != List:
		hint := "write a list: " + f.name + ": [...]"
		if v.source != "" {
			hint = "write a list: " + f.name + ": [" + v.source + "]"
		}
		d.wrong(v, f, "a list of "+one, hint)
		return
	}
	out := reflect.MakeSlice(t.Type(), len(v.Items), len(v.Items))
	for i, item := range v.Items {
		inner := f
		inner.top = false
		inner.name = fmt.Sprintf("entry %d of %s", i+1, f.name)
		inner.at = item.At
		d.value(out.Index(i), item, inner)
	}
	t.Set(out)
}

func (d *decoder) mapping(t reflect.Value, v *Value, f field) {
	switch {
	case v == nil || v.Kind == Null:
		if !f.top {
			d.missing(v, f, f.name+": {...}")
		}
		return
	case v.Kind != Map:
		d.wrong(v, f, "a map of names to "+wordOf(t.Type().Elem(), len(f.enum) > 0), "write "+f.name+": {name: value}")
		return
	}
	out := reflect.MakeMapWithSize(t.Type(), len(v.Entries))
	for _, e := range v.Entries {
		inner := f
		inner.top = false
		inner.name, inner.at = e.Key, e.KeyAt
		item := reflect.New(t.Type().Elem()).Elem()
		d.value(item, e.Value, inner)
		out.SetMapIndex(reflect.ValueOf(e.Key).Convert(t.Type().Key()), item)
	}
	t.Set(out)
}

// structure decodes the keys of a struct.
func (d *decoder) structure(t reflect.Value, v *Value, f field) {
	all := structKeys(t.Type())
	short := false
	if i := slices.IndexFunc(all, func(k key) bool { return k.short }); i >= 0 && v != nil && v.Kind == Scalar {
		short = true
		v = &Value{Kind: Map, At: v.At, Entries: []Entry{{Key: all[i].name, KeyAt: v.At, Value: v}}}
	}
	if v != nil && v.Kind != Map && v.Kind != Null {
		hint := ""
		if names := namesOf(all); len(names) == 1 && v.source != "" {
			hint = "write " + f.name + ": {" + names[0] + ": " + v.source + "}"
		} else if len(names) > 0 {
			hint = "write " + f.name + ": {" + names[0] + ": ...}; its keys are " + strings.Join(names, ", ")
		} else {
			hint = "it has no settings: write " + f.name + ": {}"
		}
		d.wrong(v, f, "a map of settings", hint)
		d.defaults(t)
		return
	}
	given := map[string]*Entry{}
	if v != nil {
		for i := range v.Entries {
			e := &v.Entries[i]
			given[e.Key] = e
		}
	}
	for _, k := range all {
		target := k.of(t)
		inner := field{name: k.name, enum: k.enum, min: k.min, max: k.max}
		e := given[k.name]
		if e == nil || e.Value != nil && !e.Value.broken && e.Value.Kind == Null && e.Value.Text.Value != "" {
			if k.required && (v == nil || !v.partial && !misspelt(k.name, v, all)) {
				at := f.at
				if !at.Known() && v != nil {
					at = v.At
				}
				hint := "add " + k.name + ": ..."
				if k.doc != "" {
					hint += " (" + k.doc + ")"
				}
				d.add(codeRequired, at, fmt.Sprintf("%s needs %q, and has none", f.name, k.name), hint)
			}
			d.absent(target, k)
			delete(given, k.name)
			continue
		}
		delete(given, k.name)
		inner.at = e.KeyAt
		if short {
			inner.name = f.name // the key is not written
		}
		d.absent(target, k) // what cannot be read keeps its default
		d.value(target, e.Value, inner)
	}
	if v == nil {
		return
	}
	for _, e := range v.Entries {
		if given[e.Key] != nil {
			names := namesOf(all)
			hint := nearest(e.Key, names, "its keys are")
			if len(names) == 0 {
				hint = "it has no settings: write " + f.name + ": {}"
			}
			d.add(codeUnknownKey, e.KeyAt, fmt.Sprintf("%s has no key %q", f.name, e.Key), hint)
		}
	}
}

// misspelt reports whether a map has an unknown key that looks like name: it is blamed, and name is not missed as well.
func misspelt(name string, v *Value, all []key) bool {
	names := namesOf(all)
	return slices.ContainsFunc(v.Entries, func(e Entry) bool {
		return !slices.Contains(names, e.Key) && diag.Suggest(e.Key, names) == name
	})
}

// defaults fills a value in that the file does not give.
func (d *decoder) defaults(t reflect.Value) {
	if t.Kind() == reflect.Struct && t.Type() != textType && t.Type() != nameType && t.Type() != timeType {
		for _, k := range structKeys(t.Type()) {
			d.absent(k.of(t), k)
		}
	}
}

// absent fills in a key that the file does not give.
func (d *decoder) absent(t reflect.Value, k key) {
	if k.fallback == "" {
		d.defaults(t)
		return
	}
	v := &Value{Kind: Scalar, Text: diag.Text{Value: k.fallback}}
	if t.Kind() == reflect.Slice {
		v = &Value{Kind: List}
		for item := range strings.SplitSeq(k.fallback, ",") {
			v.Items = append(v.Items, &Value{Kind: Scalar, Text: diag.Text{Value: strings.TrimSpace(item)}})
		}
	}
	before := len(d.list)
	d.value(t, v, field{name: k.name, enum: k.enum, min: k.min, max: k.max})
	if len(d.list) > before {
		panic(fmt.Sprintf("spec: the default %q of %s does not fit its own type: %s", k.fallback, k.name, d.list[before].Message))
	}
}
