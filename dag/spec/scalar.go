package spec

import (
	"strings"

	"gopkg.in/yaml.v3"

	"flowrun/dag/diag"
)

const quotedStyles = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// scalar reads a leaf.
func (b *builder) scalar(n *yaml.Node, w within) built {
	if m, ok := b.text.masks[b.start(n)]; ok {
		v := &Value{At: b.src.between(m.from, m.to), broken: m.broken, size: 1}
		if !m.broken {
			v.Kind, v.Quoted = Scalar, true
			v.Text = b.maskText(m)
			b.substitute(v)
		}
		return built{v, m.from, m.to}
	}
	style := n.Style &^ yaml.FlowStyle
	if n.Style&yaml.TaggedStyle != 0 || n.Tag != "" && !strings.HasPrefix(n.Tag, "!!") {
		if style&quotedStyles != 0 || n.Tag != "!!str" {
			return b.tagged(n, w)
		}
		style = yaml.SingleQuotedStyle // `!!str x` is a string
		n.Style &^= yaml.TaggedStyle
	}
	if n.Tag == "!!null" && style&quotedStyles == 0 {
		from := w.after
		if n.Value != "" {
			from = b.text.file(b.start(n))
		}
		to := pos{from.line, from.col + len(n.Value)}
		at := b.src.span(from, len(n.Value))
		return built{&Value{Kind: Null, At: at, Text: diag.Text{Value: n.Value, At: at}, size: 1}, from, to}
	}
	text, t := b.trace(n, w.after)
	v := &Value{Kind: Scalar, Text: text, Quoted: style&quotedStyles != 0, At: text.At, size: 1}
	if t.from.line == t.to.line {
		v.source = string(b.src.line(t.from.line)[t.from.col-1 : t.to.col-1])
	}
	if !v.Quoted {
		line := b.src.line(t.to.line)
		i := min(t.to.col-1, len(line))
		for i < len(line) && isBlank(line[i]) {
			i++
		}
		if i < len(line) && line[i] == '#' {
			v.cut = "..."
			if !w.flow && t.from.line == t.to.line {
				v.cut = string(trimRight(line[t.from.col-1:]))
			}
		}
	}
	b.substitute(v)
	return built{v, t.from, t.to}
}

func (b *builder) maskText(m mask) diag.Text {
	t := diag.Text{Value: m.text, At: b.src.between(m.from, m.to), Map: m.mapper(b.src.path)}
	if inner := intended(m.text); inner != m.text {
		inside := traced{from: m.from, to: m.to, places: m.places[1 : len(m.places)-1]}
		t.Value, t.Map = inner, inside.mapper(b.src.path)
	}
	return t
}

// trace finds the characters of a scalar in the file.
func (b *builder) trace(n *yaml.Node, after pos) (diag.Text, traced) {
	from := b.text.file(b.start(n))
	t := tracer{src: b.src, p: from, want: []rune(n.Value)}
	var ok, simple bool
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		ok = t.quoted('"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		ok = t.quoted('\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		ok = t.block()
	default:
		ok = t.plain()
		simple = ok && t.p.line == from.line
	}
	r := traced{from: from, to: t.p, places: t.out}
	if !ok {
		// Only the first line is known to be the scalar's.
		end := pos{from.line, min(from.col+len(t.want), len(b.src.line(from.line))+1)}
		if end.before(from) {
			end = from
		}
		at := b.src.between(from, end)
		return diag.Text{Value: n.Value, At: at, Map: func(int, int) diag.Span { return at }}, traced{from: from, to: end}
	}
	text := diag.Text{Value: n.Value, At: b.src.between(from, t.p)}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 && len(r.places) > 0 {
		first := r.places[0]
		text.At = b.src.between(pos{first.line, first.col}, pos{first.line, len(trimRight(b.src.line(first.line))) + 1})
	}
	if !simple {
		text.Map = r.mapper(b.src.path)
	}
	return text, r
}

// tagged reads a value that begins with `!`, which was most likely meant as an expression.
func (b *builder) tagged(n *yaml.Node, w within) built {
	p := pos{n.Line, n.Column}
	for {
		if r, in := b.at(p); !in || r == '!' {
			break
		}
		p.col++
	}
	from := b.text.file(p)
	line := b.src.line(from.line)
	start := min(from.col-1, len(line))
	end := expressionEnd(line, start)
	if w.flow {
		end = flowExpressionEnd(line, start)
	}
	to := pos{from.line, max(end, start) + 1}
	text := string(line[start:max(end, start)])
	at := b.src.between(from, to)
	message, hint := "tags are not used in pipeline files", "remove the tag"
	v := &Value{At: at, broken: true, size: 1}
	if n.Style&quotedStyles == 0 && !strings.HasPrefix(text, "!!") {
		message = "to YAML a value that begins with ! has a tag; quote it"
		hint = "write it as: " + strings.TrimSpace(string(line[:start])+quoteYAML(text)+string(line[max(end, start):]))
		v = &Value{Kind: Scalar, Quoted: true, Text: diag.Text{Value: text, At: at}, At: at, size: 1}
		b.substitute(v)
	}
	b.add(codeTag, at, message, hint)
	return built{v, from, to}
}
