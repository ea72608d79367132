package spec

import "strings"

// flow reads a collection in braces or brackets as its writer meant it: a comma inside parentheses, brackets or quotes
// of an expression does not end the expression, as it does for YAML.
type flow struct {
	s      *scanner
	base   int // lines that are not indented deeper and begin with a key are outside
	start  pos // of the outermost bracket
	depth  int
	faults []fault
}

// collection reads from the bracket at open up to the closing one and returns the place behind it. It returns false when
// the brackets do not match.
func (f *flow) collection(open pos) (pos, bool) {
	closer := '}'
	if f.at(open) == '[' {
		closer = ']'
	}
	p := pos{open.line, open.col + 1}
	if f.depth > maxDepth {
		f.unclosed(open, pos{p.line + 1, 1}, "brackets are nested too deeply here", "make it flatter")
		return pos{p.line + 1, 1}, false
	}
	for {
		var ok bool
		if p, ok = f.skip(p); !ok {
			f.unclosed(open, p, "this "+string(f.at(open))+" is never closed", "close it with "+string(closer))
			return p, false
		}
		switch r := f.at(p); r {
		case closer:
			p.col++
			return p, true
		case ',':
			p.col++
		case '}', ']':
			f.unclosed(open, p, "this "+string(f.at(open))+" is closed by "+string(r), "close it with "+string(closer))
			return pos{p.line + 1, 1}, false
		default:
			if p, ok = f.entry(p, closer == '}'); !ok {
				return p, false
			}
		}
	}
}

func (f *flow) at(p pos) rune {
	text := f.s.text(p.line)
	if p.col > len(text) {
		return 0
	}
	return text[p.col-1]
}

// skip moves over blanks, line breaks and comments. It returns false where the collection has run out.
func (f *flow) skip(p pos) (pos, bool) {
	for {
		text := f.s.text(p.line)
		switch {
		case p.line > len(f.s.p.lines):
			return p, false
		case p.col > len(text) || text[p.col-1] == '#' && (p.col == 1 || isBlank(text[p.col-2])):
			p = pos{p.line + 1, 1}
			if p.line > len(f.s.p.lines) {
				return p, false
			}
			next := f.s.text(p.line)
			indent := indentOf(next)
			if indent <= f.base && indent < len(next) && (keyForm.MatchString(string(next[indent:])) || strings.HasPrefix(string(next[indent:]), "- ")) {
				return p, false
			}
		case isBlank(text[p.col-1]):
			p.col++
		default:
			return p, true
		}
	}
}

// unclosed reports a bracket and patches over the whole outermost value, up to the line where it ran out.
func (f *flow) unclosed(open, end pos, message, hint string) {
	start := f.start
	f.faults = []fault{{
		code: codeUnclosed, from: open, to: pos{open.line, open.col + 1}, message: message, hint: hint,
		apply: func(p *patched) {
			for n := start.line + 1; n < end.line || n == end.line && end.col > 1; n++ {
				blank(n)(p)
			}
			overwrite(start, pos{start.line, len(trimRight(p.lines[start.line-1])) + 1})(p)
		},
	}}
}

// entry reads one `key: value` or value.
func (f *flow) entry(p pos, keyed bool) (pos, bool) {
	text := f.s.text(p.line)
	if end := flowKeyEnd(text, p.col-1); end > 0 {
		next, ok := f.skip(pos{p.line, end + 1})
		if !ok || strings.ContainsRune(",]}", f.at(next)) {
			return next, true
		}
		return f.value(next)
	}
	return f.value(p)
}

// flowKeyEnd is the index behind the colon of a key at col, 0 when there is none.
func flowKeyEnd(text []rune, col int) int {
	i := col
	if text[col] == '"' || text[col] == '\'' {
		end := quoteEnd(text, col)
		if end < 0 {
			return 0
		}
		for i = end; i < len(text) && isBlank(text[i]); i++ {
		}
		if i < len(text) && text[i] == ':' {
			return i + 1
		}
		return 0
	}
	for ; i < len(text) && !strings.ContainsRune(",[]{}\"'()?=|#&", text[i]); i++ {
		if text[i] == ':' && i > col && (i+1 == len(text) || strings.ContainsRune(" \t,[]{}", text[i+1])) {
			return i + 1
		}
	}
	return 0
}

// value reads a nested collection, a quoted text, or an expression.
func (f *flow) value(p pos) (pos, bool) {
	text := f.s.text(p.line)
	rest := string(text[p.col-1:])
	if m := anchorForm.FindString(rest); m != "" {
		next, ok := f.skip(pos{p.line, p.col + len(m)})
		if !ok || strings.ContainsRune(",]}", f.at(next)) {
			return next, true
		}
		p, text = next, f.s.text(next.line)
		rest = string(text[p.col-1:])
	}
	switch rest[0] {
	case '[', '{':
		inner := flow{s: f.s, base: f.base, start: f.start, depth: f.depth + 1}
		end, ok := inner.collection(p)
		if ok && !f.ends(end) && end.line == p.line {
			break // an expression that begins with a bracket
		}
		f.faults = append(f.faults, inner.faults...)
		return end, ok
	case '"', '\'':
		if end := quoteEnd(text, p.col-1); end > 0 && f.ends(pos{p.line, end + 1}) {
			return pos{p.line, end + 1}, true
		} else if end < 0 {
			if q, ok := f.closing(p); ok {
				return q, true
			}
			f.unclosed(p, pos{p.line + 1, 1}, "this quote is never closed", "close it with "+rest[:1])
			return pos{p.line + 1, 1}, false
		}
	case '*':
		word, _, _ := strings.Cut(rest[1:], ",")
		if f.s.anchors[strings.TrimRight(word, " ]}")] {
			return pos{p.line, p.col + 1 + len(strings.TrimRight(word, " ]}"))}, true
		}
	}
	return f.expression(p), true
}

// closing finds the end of a quoted text that goes on over several lines.
func (f *flow) closing(p pos) (pos, bool) {
	mark := f.at(p)
	for n := p.line + 1; n <= len(f.s.p.lines); n++ {
		line := f.s.text(n)
		indent := indentOf(line)
		if indent < len(line) && indent <= f.base {
			return p, false
		}
		if end := quoteEnd(append([]rune{mark}, line...), 0); end > 0 {
			return pos{n, end}, f.ends(pos{n, end})
		}
	}
	return p, false
}

// ends reports whether a value may end at p: a comma, a closing bracket or the end of the line comes next.
func (f *flow) ends(p pos) bool {
	text := f.s.text(p.line)
	for p.col <= len(text) && isBlank(text[p.col-1]) {
		p.col++
	}
	return p.col > len(text) || strings.ContainsRune(",]}#", text[p.col-1])
}

// expression reads an expression and reports it when YAML would not read it as one value.
func (f *flow) expression(p pos) pos {
	text := f.s.text(p.line)
	start := p.col - 1
	end := flowExpressionEnd(text, start)
	value := string(text[start:end])
	if m := secondForm.FindStringSubmatchIndex(value); m != nil {
		at := pos{p.line, start + len([]rune(value[:m[3]])) + 1}
		f.faults = append(f.faults, fault{
			code: codeSyntax, from: pos{p.line, start + len([]rune(value[:m[4]])) + 1}, to: pos{p.line, end + 1},
			message: "a comma is missing before this key", hint: "write it as: " + value[:m[3]] + ", " + value[m[4]:],
			moves: true, apply: insert(at, ","),
		})
		return pos{p.line, end + 1}
	}
	message := ""
	switch {
	case strings.ContainsRune("\"'!&*|>%@`", text[start]):
		message = "a value that begins with " + string(text[start])
	case strings.Contains(value, ","):
		message = "a value that holds a comma"
	case strings.ContainsAny(value, "[]{}"):
		message = "a value that holds brackets or braces"
	case colonInside([]rune(value)):
		message = `a value that holds ": "`
	}
	if message != "" && end > start {
		piece := [2]pos{p, {p.line, end + 1}}
		f.faults = append(f.faults, fault{
			code: codeQuote, from: piece[0], to: piece[1], quoted: true, apply: quote(piece),
			message: message + " must be quoted here",
		})
	}
	return pos{p.line, max(end, start+1) + 1}
}

// flowExpressionEnd is the index behind the expression at start: it ends at a comma or closing bracket that is not
// inside its own brackets and quotes.
func flowExpressionEnd(text []rune, start int) int {
	depth := 0
	for i := start; i < len(text); i++ {
		switch r := text[i]; {
		case opensQuote(text, i, start):
			if end := literalEnd(text, i); end > 0 {
				i = end - 1
			}
		case strings.ContainsRune("([{", r):
			depth++
		case strings.ContainsRune(")]}", r) && depth > 0:
			depth--
		case strings.ContainsRune(",]}", r) && depth == 0, r == '#' && i > start && isBlank(text[i-1]):
			return start + len(trimRight(text[start:i]))
		}
	}
	if depth > 0 { // brackets that are none: back to YAML's own rule
		for i := start; i < len(text); i++ {
			if strings.ContainsRune(",]}", text[i]) {
				return start + len(trimRight(text[start:i]))
			}
		}
	}
	return start + len(trimRight(text[start:]))
}
