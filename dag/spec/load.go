package spec

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"flowrun/dag/diag"
)

// Options is what Load needs to know of the world around the file.
type Options struct {
	// Kinds are the known kind names, to tell an unknown kind from a misspelt common key and to suggest.
	Kinds []string
	// Env looks up an environment variable; nil: there are none.
	Env func(name string) (string, bool)
	// ReadFile reads ${file:...}; nil: refused.
	ReadFile func(path string) ([]byte, error)
	// Set holds overrides "a.b=c" of leaves, in order.
	Set []string
}

var topKeys = []string{"name", "description", "trigger", "checkpoint", "nodes", "tests"}

// Load reads a pipeline file. It returns all that it could understand, nil only when nothing could be, and every
// diagnostic that it found, in the order of their places.
func Load(path string, src []byte, o Options) (*File, diag.List) {
	l := &loader{options: o, file: &File{Path: path, Source: src, Secrets: new(diag.Secrets)}}
	ok := l.load(path, src)
	l.list.Sort()
	if !ok {
		return nil, l.list
	}
	return l.file, l.list
}

// loader reads one file.
type loader struct {
	options Options
	file    *File
	list    diag.List
}

func (l *loader) add(code diag.Code, at diag.Span, message, hint string, notes ...diag.Diagnostic) {
	l.list.Add(diag.Diagnostic{Code: code, Message: message, Hint: hint, At: at, Notes: notes})
}

func (l *loader) load(path string, content []byte) bool {
	base := filepath.Base(path)
	l.file.Name = diag.Text{Value: strings.TrimSuffix(base, filepath.Ext(base)), At: diag.Span{File: path}}
	top := l.tree(path, content)
	if top == nil {
		return false
	}
	for _, s := range l.options.Set {
		top = l.set(top, s)
	}
	l.top(top)
	return true
}

// tree reads the text as a map with its places; nil, with a diagnostic, when it is none.
func (l *loader) tree(path string, content []byte) *Value {
	src := readSource(path, content, &l.list)
	if src == nil {
		return nil
	}
	before := len(l.list)
	known := map[string]bool{}
	for _, k := range slices.Concat(topKeys, nodeKeys, l.options.Kinds) {
		known[k] = true
	}
	root, text := parse(src, known, &l.list)
	if root == nil || root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		if len(l.list) == before {
			l.add(codeSyntax, diag.Span{File: path}, "the file is empty", "begin with `nodes:` and a node below it")
		}
		return nil
	}
	if root.Kind != yaml.MappingNode {
		l.add(codeSyntax, src.span(text.file(pos{root.Line, root.Column}), 1), "a pipeline file is a map with the key nodes", "begin with `nodes:` and a node below it")
		return nil
	}
	b := &builder{
		src: src, text: text, list: &l.list, done: map[*yaml.Node]built{}, active: map[*yaml.Node]bool{},
		env: &environment{lookup: l.options.Env, readFile: l.options.ReadFile, list: &l.list, secrets: l.file.Secrets},
	}
	// What x- keys hold counts only where an alias repeats it.
	var keep []*yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		if k := root.Content[i]; k.Kind != yaml.ScalarNode || !strings.HasPrefix(k.Value, "x-") {
			keep = append(keep, k, root.Content[i+1])
		}
	}
	root.Content = keep
	return b.build(root, within{}).v
}

// top reads the keys of the file.
func (l *loader) top(v *Value) {
	f := l.file
	var nodes *Entry
	for i, e := range v.Entries {
		switch e.Key {
		case "name":
			if t, ok := l.text(e); ok {
				f.Name = t
				if t.Value == "" {
					l.add(codeName, t.At, "the name is empty", "give the pipeline a name, or leave the key out: then the file's name is taken")
				}
			}
		case "description":
			if t, ok := l.text(e); ok {
				f.Description = t.Value
			}
		case "trigger":
			f.Trigger = e.Value
		case "checkpoint":
			f.Checkpoint = e.Value
		case "tests":
			f.Tests = e.Value
		case "nodes":
			nodes = &v.Entries[i]
		default:
			l.add(codeUnknownKey, e.KeyAt, fmt.Sprintf("unknown key %q", e.Key), nearest(e.Key, topKeys, "the keys of a file are"))
		}
	}
	switch {
	case nodes == nil:
		if !v.broken {
			l.add(codeRequired, diag.Span{File: f.Path}, "the file has no nodes", "add `nodes:` and a node below it")
		}
	case nodes.Value.broken:
	case nodes.Value.Kind != Map || len(nodes.Value.Entries) == 0:
		l.add(codeType, nodes.KeyAt, "nodes is "+empty(nodes.Value)+", and wants a map of nodes", "write one line `name:` for each node below it, indented")
	default:
		l.nodes(nodes.Value)
	}
}

// empty is the kind of a value in words.
func empty(v *Value) string {
	switch {
	case v.Kind == Map && len(v.Entries) == 0:
		return "an empty map"
	case v.Kind == List && len(v.Items) == 0:
		return "an empty list"
	}
	return v.Kind.String()
}

// text reads a leaf that is plain text.
func (l *loader) text(e Entry) (diag.Text, bool) {
	if e.Value.broken {
		return diag.Text{}, false
	}
	if e.Value.Kind != Scalar {
		l.add(codeType, e.KeyAt, e.Key+" is "+e.Value.Kind.String()+", and wants text", "write a text behind the colon, in quotes where it begins with a bracket")
		return diag.Text{}, false
	}
	return e.Value.Text, true
}

// nearest is a hint for a name that is not known.
func nearest(name string, known []string, list string) string {
	if s := diag.Suggest(name, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	if len(known) == 0 {
		return ""
	}
	return list + " " + strings.Join(known, ", ")
}

// sorted returns names in order.
func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }
