package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"flowrun/dag/diag"
)

const (
	maxDepth = 100
	// maxExpanded is how many values aliases may add to a file.
	maxExpanded = 100_000
)

// builder turns YAML's nodes into values with their places.
type builder struct {
	src      *source
	text     *patched
	list     *diag.List
	env      *environment
	done     map[*yaml.Node]built
	active   map[*yaml.Node]bool
	expanded int
	flooded  bool
}

// built is a value and the place behind it.
type built struct {
	v        *Value
	from, to pos
}

// within says where a node stands.
type within struct {
	depth int
	flow  bool // inside braces or brackets
	data  bool // rows of a test: no expression, so nothing is held to be one
	after pos  // where an absent value is shown
}

func (w within) deeper(n *yaml.Node, after pos) within {
	w.depth++
	w.flow = w.flow || n.Style&yaml.FlowStyle != 0
	w.after = after
	return w
}

func (b *builder) add(code diag.Code, at diag.Span, message, hint string, notes ...diag.Diagnostic) {
	b.list.Add(diag.Diagnostic{Code: code, Message: message, Hint: hint, At: at, Notes: notes})
}

// start is the place of a node in the patched text, behind its anchor and tag.
func (b *builder) start(n *yaml.Node) pos {
	p := pos{n.Line, n.Column}
	for {
		r, in := b.at(p)
		switch {
		case in && (r == '&' || r == '!'):
			for in && !isBlank(r) && (r != ',' && r != ']' && r != '}') {
				p.col++
				r, in = b.at(p)
			}
			p = b.skipSpace(p)
		default:
			return p
		}
	}
}

func (b *builder) at(p pos) (rune, bool) {
	if p.line < 1 || p.line > len(b.text.lines) || p.col < 1 || p.col > len(b.text.lines[p.line-1]) {
		return 0, false
	}
	return b.text.lines[p.line-1][p.col-1], true
}

func (b *builder) skipSpace(p pos) pos {
	return (&source{lines: b.text.lines}).skipSpace(p)
}

func (b *builder) build(n *yaml.Node, w within) built {
	if r, ok := b.done[n]; ok {
		return r
	}
	var r built
	switch {
	case w.depth > maxDepth:
		at := b.text.file(pos{n.Line, n.Column})
		b.add(codeDepth, b.src.span(at, 1), fmt.Sprintf("maps and lists are nested more than %d deep here", maxDepth), "make it flatter")
		r = built{v: &Value{At: b.src.span(at, 1), broken: true, size: 1}, from: at, to: at}
	case n.Kind == yaml.AliasNode:
		r = b.alias(n, w)
	case n.Kind == yaml.MappingNode:
		r = b.mapping(n, w)
	case n.Kind == yaml.SequenceNode:
		r = b.sequence(n, w)
	default:
		r = b.scalar(n, w)
	}
	b.done[n] = r
	return r
}

func (b *builder) alias(n *yaml.Node, w within) built {
	from := b.text.file(pos{n.Line, n.Column})
	to := pos{from.line, from.col + 1 + len([]rune(n.Value))}
	r := built{from: from, to: to}
	if b.active[n.Alias] {
		b.add(codeAlias, b.src.between(from, to), "the value *"+n.Value+" would hold itself", "write the value out; if this is an expression that begins with *, quote it")
		r.v = &Value{At: b.src.between(from, to), broken: true, size: 1}
		return r
	}
	r.v = b.build(n.Alias, within{depth: w.depth, data: w.data}).v
	b.expanded += r.v.size
	if b.expanded > maxExpanded {
		if !b.flooded {
			b.add(codeAlias, b.src.between(from, to),
				fmt.Sprintf("the aliases of this file make more than %d values of it", maxExpanded), "write the values out, or repeat less")
		}
		b.flooded = true
		r.v = &Value{At: b.src.between(from, to), broken: true, size: 1}
	}
	return r
}

// enclose gives a collection its place: from its first to behind its last character.
func (b *builder) enclose(n *yaml.Node, v *Value, last pos) built {
	from := b.text.file(b.start(n))
	to := last
	if to.before(from) {
		to = from
	}
	if n.Style&yaml.FlowStyle != 0 {
		closer := '}'
		if n.Kind == yaml.SequenceNode {
			closer = ']'
		}
		p := to
		if p == from {
			p.col++
		}
		for {
			p = b.src.skipSpace(p)
			if r, in := b.src.at(p); !in || r != ',' && r != ':' {
				break
			}
			p.col++
		}
		if r, _ := b.src.at(p); r == closer {
			to = pos{p.line, p.col + 1}
		}
	}
	v.At = b.src.between(from, to)
	if from.line == to.line {
		line := b.src.line(from.line)
		v.source = string(line[min(from.col-1, len(line)):max(min(to.col-1, len(line)), min(from.col-1, len(line)))])
	}
	return built{v, from, to}
}

func (b *builder) sequence(n *yaml.Node, w within) built {
	b.active[n] = true
	defer delete(b.active, n)
	b.tag(n)
	v := &Value{Kind: List, size: 1}
	var last pos
	for _, c := range n.Content {
		item := b.build(c, w.deeper(n, b.text.file(pos{c.Line, c.Column})))
		v.Items = append(v.Items, item.v)
		v.size += item.v.size
		last = item.to
	}
	return b.enclose(n, v, last)
}

func (b *builder) mapping(n *yaml.Node, w within) built {
	b.active[n] = true
	defer delete(b.active, n)
	b.tag(n)
	v := &Value{Kind: Map, size: 1}
	var last pos
	own := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		own[n.Content[i].Value] = true
	}
	seen := map[string]diag.Span{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		name, keyEnd, ok := b.key(key)
		inner := w.deeper(n, keyEnd)
		inner.data = w.data || w.depth == 0 && name.Value == "tests"
		item := b.build(val, inner)
		last = item.to
		if last.before(keyEnd) {
			last = keyEnd
		}
		if !ok {
			v.partial = true
			v.broken = v.broken || key.Kind != yaml.AliasNode
			continue
		}
		if isMerge(key) {
			b.merge(v, item.v, own, name.At)
			continue
		}
		if val.Kind == yaml.ScalarNode && val.Value == "" && val.Style == 0 && n.Style&yaml.FlowStyle != 0 && !w.data {
			if r, _ := b.src.at(b.src.skipSpace(keyEnd)); r != ':' {
				b.noValue(v, name)
				continue
			}
		}
		if first, ok := seen[name.Value]; ok {
			b.add(codeDuplicate, name.At, fmt.Sprintf("the key %q stands here a second time", name.Value), "remove or rename one of them",
				diag.Diagnostic{Message: "the first is here", At: first})
			continue
		}
		seen[name.Value] = name.At
		v.Entries = append(v.Entries, Entry{Key: name.Value, KeyAt: name.At, Value: item.v})
		v.size += item.v.size
	}
	return b.enclose(n, v, last)
}

// noValue reports an entry of braces that has no colon.
func (b *builder) noValue(v *Value, name diag.Text) {
	if m := gluedForm.FindStringSubmatch(name.Value); m != nil {
		rest := strings.TrimPrefix(name.Value, m[1]+":")
		b.add(codeNoValue, name.At, "a space is missing behind the colon", "write it as: "+m[1]+": "+rest)
		v.Entries = append(v.Entries, Entry{Key: m[1], KeyAt: name.At, Value: &Value{At: name.At, broken: true, size: 1}})
		return
	}
	v.partial = true
	hint := "inside {} each entry is `key: value`"
	if n := len(v.Entries); n > 0 && !nameForm.MatchString(name.Value) && v.Entries[n-1].Value.Kind == Scalar && !v.Entries[n-1].Value.Quoted {
		before := v.Entries[n-1]
		hint += "; if it belongs to the expression before it, quote that: " + before.Key + ": " + quoteYAML(before.Value.Text.Value+", "+name.Value)
	}
	b.add(codeNoValue, name.At, fmt.Sprintf("the key %q has no value", name.Value), hint)
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.Tag == "!!merge" }

// merge adds the entries of a merged map that the map itself does not set.
func (b *builder) merge(v, from *Value, own map[string]bool, at diag.Span) {
	switch {
	case from.broken:
		v.partial = true
	case from.Kind == Map:
		for _, e := range from.Entries {
			if !own[e.Key] && !slices.ContainsFunc(v.Entries, func(have Entry) bool { return have.Key == e.Key }) {
				v.Entries = append(v.Entries, e)
				v.size += e.Value.size
			}
		}
	case from.Kind == List:
		for _, item := range from.Items {
			if item.Kind != Map && !item.broken {
				v.partial = true
				b.add(codeAlias, at, "`<<` merges maps, and this list holds something else", "write << with an alias of a map, or a list of those")
				return
			}
			b.merge(v, item, own, at)
		}
	default:
		v.partial = true
		b.add(codeAlias, at, "`<<` merges a map, and this is "+from.Kind.String(), "write << with an alias of a map, or a list of those")
	}
}

// key reads a key: its text and the place behind it.
func (b *builder) key(n *yaml.Node) (diag.Text, pos, bool) {
	if n.Kind == yaml.AliasNode {
		at := b.text.file(pos{n.Line, n.Column})
		b.add(codeName, b.src.span(at, 1+len(n.Value)), "an alias cannot be a key", "write the key out")
		return diag.Text{}, pos{at.line, at.col + 1 + len(n.Value)}, false
	}
	if n.Kind != yaml.ScalarNode {
		at := b.text.file(pos{n.Line, n.Column})
		b.add(codeName, b.src.span(at, 1), "a key has to be text", "if this is an expression that begins with a bracket, put it in single quotes")
		return diag.Text{}, at, false
	}
	t, scalar := b.trace(n, pos{})
	if isMerge(n) {
		return t, scalar.to, true
	}
	if n.Style&^yaml.FlowStyle == 0 && n.Tag != "!!str" {
		hint := "write it in quotes: " + quoteYAML(n.Value)
		b.add(codeName, t.At, fmt.Sprintf("the key %s is not text", n.Value), hint)
	}
	return t, scalar.to, true
}

// tag reports a tag on a collection.
func (b *builder) tag(n *yaml.Node) {
	if n.Style&yaml.TaggedStyle == 0 {
		return
	}
	p := pos{n.Line, n.Column}
	for {
		if r, in := b.at(p); !in || r == '!' {
			break
		}
		p.col++
	}
	line := b.text.lines[p.line-1]
	b.add(codeTag, b.src.span(b.text.file(p), wordEnd(line, p.col-1)-p.col+1), "tags are not used in pipeline files", "remove it")
}
