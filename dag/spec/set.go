package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flowrun/dag/diag"
)

// creates reports whether an override may bring a map into being that the file does not have. Inside a kind's settings it
// may: whether they have such a key is found when they are decoded.
func creates(depth int, key string) bool {
	switch depth {
	case 0:
		return key == "checkpoint"
	case 2:
		return key == "format" || key == "schema" || key == "event_time" || key == "journal"
	}
	return depth > 2
}

// set applies one override "a.b=c" and returns the changed tree; v itself is not changed.
func (l *loader) set(v *Value, override string) *Value {
	path, text, ok := strings.Cut(override, "=")
	path = strings.TrimSpace(path)
	at := diag.Span{File: "--set " + path}
	if !ok || path == "" {
		l.add(codeSet, diag.Span{File: "--set " + override}, "an override has the form a.b=c", "for instance --set nodes.lines.socket.port=1101")
		return v
	}
	leaf := &Value{Kind: Scalar, Text: diag.Text{Value: text, At: at}, At: at, size: 1}
	if text == "null" || text == "~" {
		leaf.Kind = Null
	}
	keys := strings.Split(path, ".")
	if i := slices.Index(keys, ""); i >= 0 {
		l.add(codeSet, at, "the path has an empty key", "for instance --set nodes.lines.socket.port=1101")
		return v
	}
	changed, ok := l.replace(v, keys, 0, leaf)
	if !ok {
		return v
	}
	return changed
}

func (l *loader) replace(v *Value, keys []string, depth int, leaf *Value) (*Value, bool) {
	if depth == len(keys) {
		if v != nil && (v.Kind == Map || v.Kind == List) {
			hint := "name one of its entries, which count from 0"
			if names := keysOf(v); len(names) > 0 {
				hint = "its keys are " + strings.Join(names, ", ")
			}
			l.add(codeSet, leaf.At, fmt.Sprintf("%s is %s, and only leaves can be set", strings.Join(keys, "."), v.Kind), hint)
			return nil, false
		}
		return leaf, true
	}
	key, here := keys[depth], strings.Join(keys[:depth], ".")
	last := depth == len(keys)-1
	if v == nil || v.Kind == Null && !v.broken {
		v = &Value{Kind: Map, At: leaf.At, size: 1}
	}
	copied := *v
	copied.source = ""
	switch v.Kind {
	case Map:
		i := slices.IndexFunc(v.Entries, func(e Entry) bool { return e.Key == key })
		if i < 0 && !last && !creates(depth, key) && v.Entries != nil {
			l.add(codeSet, leaf.At, fmt.Sprintf("%s has no %q", orFile(here), key), nearest(key, keysOf(v), "it has"))
			return nil, false
		}
		copied.Entries = slices.Clone(v.Entries)
		if i < 0 {
			i = len(copied.Entries)
			copied.Entries = append(copied.Entries, Entry{Key: key, KeyAt: leaf.At})
		}
		child, ok := l.replace(copied.Entries[i].Value, keys, depth+1, leaf)
		copied.Entries[i].Value = child
		return &copied, ok
	case List:
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(v.Items) {
			l.add(codeSet, leaf.At, fmt.Sprintf("%s is a list of %s and has no %q", here, plural(len(v.Items), "entry"), key), "entries count from 0")
			return nil, false
		}
		copied.Items = slices.Clone(v.Items)
		child, ok := l.replace(v.Items[i], keys, depth+1, leaf)
		copied.Items[i] = child
		return &copied, ok
	}
	if !v.broken {
		l.add(codeSet, leaf.At, fmt.Sprintf("%s is a single value and has no %q", orFile(here), key), "set the value itself: --set "+here+"=...")
	}
	return nil, false
}

func orFile(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

func keysOf(v *Value) []string {
	var names []string
	for _, e := range v.Entries {
		names = append(names, e.Key)
	}
	return names
}
