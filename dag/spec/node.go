package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"flowrun/dag/diag"
)

var (
	nodeKeys = []string{"from", "format", "schema", "event_time", "journal", "on_error", "parallelism", "description"}
	nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
)

const nameRule = "a name begins with a letter or _ and goes on with letters, digits, _ and -"

func (l *loader) nodes(v *Value) {
	for _, e := range v.Entries {
		if !nameForm.MatchString(e.Key) {
			hint := nameRule
			if better := nameFrom(e.Key); better != "" {
				hint += "; for instance " + better
			}
			if slices.ContainsFunc(l.list, func(d diag.Diagnostic) bool { return d.Code == codeName && d.At == e.KeyAt }) {
				hint = "" // it was no text to begin with
				continue
			}
			l.add(codeName, e.KeyAt, fmt.Sprintf("%q is not a valid node name", e.Key), hint)
		}
		l.file.Nodes = append(l.file.Nodes, l.node(e))
	}
}

// nameFrom makes a valid name out of another one, "" when too little of it is left.
func nameFrom(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		case r == ' ' || r == '.':
			return '_'
		}
		return r
	}, strings.TrimSpace(s))
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		s = "n" + s
	}
	if !nameForm.MatchString(s) {
		return ""
	}
	return s
}

func (l *loader) node(e Entry) Node {
	n := Node{ID: e.Key, At: e.KeyAt}
	if e.Value.broken {
		return n
	}
	if e.Value.Kind != Map && e.Value.Kind != Null {
		l.add(codeType, e.KeyAt, fmt.Sprintf("the node %q is %s, and wants a map", e.Key, empty(e.Value)),
			"write its kind below it, indented: "+l.example())
		return n
	}
	var kinds, unknown []Entry
	for _, c := range e.Value.Entries {
		switch c.Key {
		case "from":
			n.From, n.FromAt = l.from(c), c.KeyAt
		case "format":
			n.Format = c.Value
		case "schema":
			n.Schema = c.Value
		case "event_time":
			n.EventTime = c.Value
		case "journal":
			n.Journal = c.Value
		case "on_error":
			n.OnError = c.Value
		case "parallelism":
			n.Parallelism = c.Value
		case "description":
			if t, ok := l.text(c); ok {
				n.Description = t.Value
			}
		default:
			if l.options.Kinds == nil || slices.Contains(l.options.Kinds, c.Key) {
				kinds = append(kinds, c)
			} else {
				unknown = append(unknown, c)
			}
		}
	}
	l.kind(&n, e, kinds, unknown)
	return n
}

// kind finds the one key that says what the node does.
func (l *loader) kind(n *Node, e Entry, kinds, unknown []Entry) {
	if l.namesKind(unknown) {
		return
	}
	for _, c := range unknown {
		l.unknown(n, c, kinds)
	}
	switch {
	case len(kinds) == 1:
		n.Kind, n.KindAt, n.Config = kinds[0].Key, kinds[0].KeyAt, kinds[0].Value
	case len(kinds) > 1:
		names := make([]string, len(kinds))
		for i, c := range kinds {
			names[i] = c.Key
		}
		l.add(codeKind, kinds[1].KeyAt, fmt.Sprintf("the node %q has %d kinds: %s", n.ID, len(kinds), strings.Join(names, ", ")),
			fmt.Sprintf("make each a node of its own, the second with `from: %s`", n.ID),
			diag.Diagnostic{Message: "the first is here", At: kinds[0].KeyAt})
	case len(unknown) == 0 && !e.Value.partial:
		found := "it is empty"
		if len(e.Value.Entries) > 0 {
			names := make([]string, len(e.Value.Entries))
			for i, c := range e.Value.Entries {
				names[i] = c.Key
			}
			found = "it has only " + strings.Join(names, ", ")
		}
		l.add(codeKind, n.At, fmt.Sprintf("the node %q has no kind: %s", n.ID, found), "add the key that says what it does, such as "+l.example())
	}
}

// namesKind reports a node that says its kind as a value, as in `type: socket`, where the settings then stand beside it.
func (l *loader) namesKind(unknown []Entry) bool {
	for _, c := range unknown {
		if c.Value == nil || c.Value.Kind != Scalar || c.Key != "type" && c.Key != "kind" {
			continue
		}
		if kind := c.Value.Text.Value; slices.Contains(l.options.Kinds, kind) {
			l.add(codeUnknownKind, c.KeyAt, "the kind of a node is a key, and not the value of "+strconv.Quote(c.Key),
				"write "+kind+": {...}, with the settings of "+kind+" inside")
			return true
		}
	}
	return false
}

// elsewhere is what kinds are called in other programs.
var elsewhere = map[string]string{
	"where": "filter", "project": "select", "map": "derive", "with_column": "derive", "withColumn": "derive",
	"flat_map": "explode", "flatMap": "explode", "unnest": "explode",
	"group_by": "aggregate", "groupBy": "aggregate", "reduce": "aggregate", "agg": "aggregate", "count": "aggregate",
	"take": "limit", "head": "limit", "merge": "union", "concat": "union",
	"tcp": "socket", "nc": "socket", "print": "console", "show": "console", "rate": "generate", "null": "discard", "blackhole": "discard",
}

// unknown reports a key of a node that is neither a kind nor common to all nodes.
func (l *loader) unknown(n *Node, c Entry, kinds []Entry) {
	near := diag.Suggest(c.Key, append(slices.Clone(nodeKeys), l.options.Kinds...))
	if kind := elsewhere[c.Key]; len(kinds) == 0 && slices.Contains(l.options.Kinds, kind) {
		near = kind
	}
	switch {
	case slices.Contains(nodeKeys, near):
		l.add(codeUnknownKey, c.KeyAt, fmt.Sprintf("unknown key %q", c.Key), fmt.Sprintf("did you mean %q?", near))
	case len(kinds) > 0 && near == "":
		l.add(codeUnknownKey, c.KeyAt, fmt.Sprintf("unknown key %q beside the kind %q", c.Key, kinds[0].Key),
			fmt.Sprintf("if it is a setting of %s, indent it below that key; beside a kind stand %s", kinds[0].Key, strings.Join(nodeKeys, ", ")))
	case near != "":
		l.add(codeUnknownKind, c.KeyAt, fmt.Sprintf("unknown kind %q", c.Key), fmt.Sprintf("did you mean %q?", near))
	default:
		l.add(codeUnknownKind, c.KeyAt, fmt.Sprintf("unknown kind %q", c.Key), "the kinds are "+strings.Join(sorted(l.options.Kinds), ", "))
	}
}

// example names some kinds.
func (l *loader) example() string {
	var some []string
	for _, k := range []string{"socket", "filter", "console"} {
		if l.options.Kinds == nil || slices.Contains(l.options.Kinds, k) {
			some = append(some, k)
		}
	}
	if len(some) == 0 {
		some = sorted(l.options.Kinds)
		some = some[:min(len(some), 3)]
	}
	return strings.Join(some, ", ")
}

// from reads what a node reads.
func (l *loader) from(e Entry) []Ref {
	const forms = "write the name of a node, node.output, or a list of those"
	v := e.Value
	switch {
	case v.broken:
		return nil
	case v.Kind == Scalar:
		return l.ref(nil, v)
	case v.Kind == List && len(v.Items) > 0:
		var refs []Ref
		for _, item := range v.Items {
			switch {
			case item.broken:
			case item.Kind == Scalar:
				refs = l.ref(refs, item)
			default:
				l.add(codeFrom, item.At, "an entry of from is "+empty(item)+", and has to be a name", forms)
			}
		}
		return refs
	}
	hint := forms
	if v.Kind == Null {
		hint += "; a source has no from"
	}
	l.add(codeFrom, e.KeyAt, "from is "+empty(v), hint)
	return nil
}

func (l *loader) ref(refs []Ref, v *Value) []Ref {
	node, output, dotted := strings.Cut(v.Text.Value, ".")
	if nameForm.MatchString(node) && (!dotted || nameForm.MatchString(output)) {
		return append(refs, Ref{Node: node, Output: output, At: v.At})
	}
	hint := nameRule
	if strings.ContainsAny(v.Text.Value, ", ") {
		names := strings.FieldsFunc(v.Text.Value, func(r rune) bool { return r == ',' || r == ' ' })
		if len(names) > 1 && !slices.ContainsFunc(names, func(n string) bool { return !nameForm.MatchString(strings.ReplaceAll(n, ".", "_")) }) {
			hint = "write a list: from: [" + strings.Join(names, ", ") + "]"
		}
	}
	l.add(codeFrom, v.At, fmt.Sprintf("%q is no name of a node or its output", v.Text.Value), hint)
	return refs
}
