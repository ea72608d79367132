package spec

import (
	"regexp"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"flowrun/dag/diag"
)

// step is how much deeper a level stands.
const step = 2

// layout is a file on its way to another layout: what is to be done to each of its lines. Lines and columns in it count
// from 0.
type layout struct {
	src   *source
	b     *builder
	lines []lineLayout
	odd   bool // there is something that it does not understand
}

type lineLayout struct {
	indent int    // blanks at the start; -1: as they are
	edits  []edit // from the left
	tail   bool   // what stands at its end belongs to a value
	inside bool   // the line, empty or not, belongs to a value that began further up
}

// edit replaces the characters [from, to) of a line.
type edit struct {
	from, to int
	text     string
}

func newLayout(src *source, p *patched) *layout {
	list := new(diag.List)
	o := formatOptions()
	l := &layout{src: src, lines: make([]lineLayout, len(src.lines)), b: &builder{
		src: src, text: p, list: list, done: map[*yaml.Node]built{}, active: map[*yaml.Node]bool{},
		env: &environment{lookup: o.Env, readFile: o.ReadFile, list: list},
	}}
	for i := range l.lines {
		l.lines[i].indent = -1
	}
	return l
}

// owner is the key or dash that a value belongs to: its line, and the column in which it stands and will stand.
type owner struct{ line, old, col int }

// mapping lays out a map in lines of its own whose keys come to stand in column col.
func (l *layout) mapping(n *yaml.Node, col int) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		line, at := key.Line-1, key.Column-1
		if key.Kind != yaml.ScalarNode || line >= len(l.lines) || at > len(l.src.lines[line]) {
			l.odd = true
			return
		}
		before := strings.TrimLeft(string(l.src.lines[line][:at]), " -")
		switch {
		case before != "":
			l.odd = true // `? key`, or something else that is rare
			return
		case indentOf(l.src.lines[line]) == at:
			l.lines[line].indent = col
		case i > 0:
			l.odd = true
			return
		}
		l.colon(key, val)
		l.value(val, owner{line, at, col})
	}
}

// sequence lays out a list in lines of its own whose dashes come to stand in column col.
func (l *layout) sequence(n *yaml.Node, col int) {
	for _, item := range n.Content {
		line, at, ok := l.dash(item)
		if !ok {
			l.odd = true
			return
		}
		text := l.src.lines[line]
		if indentOf(text) == at {
			l.lines[line].indent = col
		}
		if next := behind(text, at+1); next < len(text) && text[next] != '#' {
			l.edit(line, at+1, next, " ")
		}
		l.value(item, owner{line, at, col})
	}
}

// dash finds the dash of an entry: before it on its line, or alone on a line above.
func (l *layout) dash(item *yaml.Node) (line, at int, ok bool) {
	line = item.Line - 1
	if line >= len(l.src.lines) {
		return 0, 0, false
	}
	for at = min(item.Column-2, len(l.src.lines[line])-1); at >= 0 && isBlank(l.src.lines[line][at]); at-- {
	}
	if at >= 0 {
		return line, at, l.src.lines[line][at] == '-'
	}
	for line--; line >= 0 && insignificant(l.src.lines[line]); line-- {
	}
	if line < 0 {
		return 0, 0, false
	}
	at = indentOf(l.src.lines[line])
	text := l.src.lines[line]
	return line, at, text[at] == '-' && ended(text, at+1)
}

// value lays out what stands behind a key or dash.
func (l *layout) value(n *yaml.Node, o owner) {
	block := n.Style&yaml.FlowStyle == 0
	switch {
	case n.Kind == yaml.MappingNode && block:
		l.mapping(n, o.col+step)
	case n.Kind == yaml.SequenceNode && block:
		l.sequence(n, o.col+step)
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		l.literal(n, o)
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "":
	default:
		l.flow(n)
		to := l.extent(n).line - 1
		for line := o.line + 1; line <= min(to, len(l.lines)-1); line++ {
			l.move(line, o.col-o.old, indentOf(l.src.lines[line]))
			l.lines[line].inside = true
		}
	}
}

// extent is the place behind a value.
func (l *layout) extent(n *yaml.Node) pos {
	if n.Kind != yaml.ScalarNode {
		return l.b.build(n, within{flow: true}).to
	}
	_, t := l.b.trace(n, pos{n.Line, n.Column})
	if n.Style&yaml.TaggedStyle != 0 {
		l.odd = true // tags are refused, and where they end is not known
	}
	if n.Value != "" && len(t.places) == 0 {
		l.odd = true
	}
	return t.to
}

// move shifts a line that begins with the given number of blanks.
func (l *layout) move(line, by, blanks int) {
	if len(trimRight(l.src.lines[line])) > 0 {
		l.lines[line].indent = max(blanks+by, 0)
	}
}

// flow tidies inside of braces and brackets, and quotes.
func (l *layout) flow(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		l.scalar(n)
	}
	for i, c := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 1:
			l.colon(n.Content[i-1], c)
			l.flow(c)
		case n.Kind == yaml.MappingNode:
			l.keep(c)
		default:
			l.flow(c)
		}
	}
}

// keep leaves the lines of a text alone that it goes on over.
func (l *layout) keep(n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		return
	}
	from, to := n.Line-1, l.extent(n).line-1
	for line := from; line < min(to, len(l.lines)-1); line++ {
		l.lines[line].tail = true
		l.lines[line+1].inside = true
	}
}

// scalar keeps the lines of a text, and prefers single quotes to backslashes before double ones.
func (l *layout) scalar(n *yaml.Node) {
	l.keep(n)
	if n.Style != yaml.DoubleQuotedStyle || n.Anchor != "" || !strings.Contains(n.Value, `"`) || strings.ContainsFunc(n.Value, func(r rune) bool {
		return r == '\'' || !unicode.IsPrint(r)
	}) {
		return
	}
	line, at, to := n.Line-1, n.Column-1, l.extent(n)
	if to.line-1 != line || to.col-2 <= at || to.col-1 > len(l.src.lines[line]) || l.src.lines[line][at] != '"' {
		return
	}
	inner := string(l.src.lines[line][at+1 : to.col-2])
	if !strings.Contains(strings.NewReplacer(`\\`, "", `\"`, "").Replace(inner), `\`) {
		l.edit(line, at, to.col-1, quoteYAML(n.Value))
	}
}

// colon puts no blank before the colon of a key and one behind it.
func (l *layout) colon(key, val *yaml.Node) {
	line := key.Line - 1
	if key.Kind != yaml.ScalarNode || key.Anchor != "" || key.Style&yaml.TaggedStyle != 0 || line >= len(l.src.lines) {
		return
	}
	text := l.src.lines[line]
	end := key.Column - 1
	switch {
	case key.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		if end = quoteEnd(text, end); end < 0 {
			return
		}
	default:
		end += len([]rune(key.Value))
	}
	colon := end
	for colon < len(text) && isBlank(text[colon]) {
		colon++
	}
	if colon >= len(text) || text[colon] != ':' {
		return
	}
	next := behind(text, colon+1)
	if val.Line == key.Line && next < len(text) && next == val.Column-1 && next > colon+1 {
		l.edit(line, end, next, ": ")
		return
	}
	l.edit(line, end, colon+1, ":")
}

var literalHead = regexp.MustCompile(`^[|>]([-+]?)([1-9]?)([-+]?)`)

// literal lays out a block of text: its lines come to stand a level below the owner, unless the block says how deep.
func (l *layout) literal(n *yaml.Node, o owner) {
	at := l.b.start(n)
	if at.line-1 != o.line {
		l.odd = true
		return
	}
	m := literalHead.FindStringSubmatch(string(l.src.lines[o.line][at.col-1:]))
	if m == nil {
		l.odd = true
		return
	}
	first, end, base := o.line+1, o.line+1, -1
	last := len(l.src.lines)
	if len(l.src.lines[last-1]) == 0 {
		last-- // nothing stands behind the last line break
	}
	for line := first; line < last; line++ {
		text := l.src.lines[line]
		n := leadingSpaces(text)
		if n < len(text) {
			if n <= o.old {
				break
			}
			if base < 0 {
				base = n
			}
			end = line + 1
		} else if m[1] == "+" || m[3] == "+" {
			end = line + 1
		}
	}
	by := o.col + step - base
	if m[2] != "" {
		by = o.col - o.old
	}
	for line := first; line < end; line++ {
		l.lines[line].inside, l.lines[line].tail = true, true
		text := l.src.lines[line]
		switch n := leadingSpaces(text); {
		case n < len(text), m[2] != "" && n > 0, n > base:
			l.lines[line].indent = max(n+by, 0)
		default:
			l.lines[line].indent = 0
		}
	}
}

func leadingSpaces(line []rune) int {
	n := 0
	for n < len(line) && line[n] == ' ' {
		n++
	}
	return n
}

func (l *layout) edit(line, from, to int, text string) {
	if string(l.src.lines[line][from:to]) != text {
		l.lines[line].edits = append(l.lines[line].edits, edit{from, to, text})
	}
}
