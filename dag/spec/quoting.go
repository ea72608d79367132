package spec

import (
	"strings"
	"unicode"
)

// value reads what stands behind a key or dash: it begins at index v of line n, and what belongs to it further down is
// indented deeper than base. It returns the number of the line behind it.
func (s *scanner) value(n, v, base int, keyed bool) int {
	text := trimRight(s.text(n))
	start := v
	for v < len(text) {
		if m := anchorForm.FindString(string(text[v:])); m != "" {
			v += len(m)
			start = v
		} else if m := tagForm.FindString(string(text[v:])); m != "" {
			v += len([]rune(m))
		} else {
			break
		}
	}
	if v >= len(text) || text[v] == '#' {
		s.top().open = true
		return n + 1
	}
	rest := string(text[v:])
	switch text[v] {
	case '"', '\'':
		return s.quoted(n, start, v, base)
	case '[', '{':
		return s.flow(n, start, v, base)
	case '|', '>':
		if blockForm.MatchString(rest) {
			n++
			for n <= len(s.p.lines) && (len(trimRight(s.text(n))) == 0 || indentOf(s.text(n)) > base) {
				n++
			}
			return n
		}
		return s.mustQuote(n, start, base, "to YAML a value that begins with "+rest[:1]+" is a block of text")
	case '*':
		if aliasForm.MatchString(rest) && s.anchors[strings.TrimSpace(rest[1:])] {
			return s.after(n, base)
		}
		return s.mustQuote(n, start, base, "to YAML a value that begins with * is the repetition of another")
	case '&':
		if start < v {
			return s.mustQuote(n, start, base, "to YAML a value that begins with ! has a tag")
		}
		return s.mustQuote(n, start, base, "to YAML a value that begins with & has a name to be repeated by")
	case '%', '@', '`', ',', ']', '}':
		return s.mustQuote(n, start, base, "in YAML no value can begin with "+rest[:1])
	}
	if start < v && text[start] == '!' {
		return s.plain(n, start, base)
	}
	if keyed && (text[v] == '-' || text[v] == '?') && (v+1 == len(text) || isBlank(text[v+1])) {
		return s.mustQuote(n, start, base, "to YAML a value that begins with `"+rest[:1]+" ` is a list or map of its own")
	}
	return s.plain(n, start, base)
}

func (s *scanner) mustQuote(n, start, base int, message string) int {
	text := trimRight(s.text(n))
	if m := secondForm.FindStringSubmatchIndex(string(text[start:])); m != nil {
		word := string(text[start:])
		return s.second(n, start+len([]rune(word[:m[4]])), base)
	}
	piece := [2]pos{{n, start + 1}, {n, expressionEnd(text, start) + 1}}
	s.add(fault{
		code: codeQuote, from: piece[0], to: piece[1], message: message + "; quote it", quoted: true, apply: quote(piece),
	})
	return s.skipDeeper(n+1, base)
}

// second reports a second key on a line; it begins at index i.
func (s *scanner) second(n, i, base int) int {
	text := trimRight(s.text(n))
	from, to := pos{n, i + 1}, pos{n, expressionEnd(text, i) + 1}
	s.add(fault{
		code: codeSyntax, from: from, to: to, message: "a second key on the same line",
		hint: "put it on a line of its own: " + string(text[i:to.col-1]), apply: erase(from, to),
	})
	return s.skipDeeper(n+1, base)
}

func (s *scanner) skipDeeper(n, base int) int {
	for n <= len(s.p.lines) && (insignificant(s.text(n)) || indentOf(s.text(n)) > base) {
		n++
	}
	return n
}

// plain reads a value without quotes, which may go on over deeper lines.
func (s *scanner) plain(n, start, base int) int {
	text := trimRight(s.text(n))
	if keyEnd(text, start) > 0 || colonInside(text[start:]) {
		return s.mustQuote(n, start, base, `the value holds ": ", which begins another value in YAML`)
	}
	first := n
	pieces := [][2]pos{{{n, start + 1}, {n, expressionEnd(text, start) + 1}}}
	colon := false
	for n++; n <= len(s.p.lines); n++ {
		text = trimRight(s.text(n))
		if len(text) == 0 {
			continue
		}
		indent := indentOf(text)
		if indent <= base || text[indent] == '#' {
			break
		}
		if keyForm.MatchString(string(text[indent:])) && !colon {
			s.misplaced(n, base)
			return s.skipDeeper(n+1, base)
		}
		colon = colon || colonInside(text[indent:])
		pieces = append(pieces, [2]pos{{n, indent + 1}, {n, expressionEnd(text, indent) + 1}})
	}
	if colon {
		s.add(fault{
			code: codeQuote, from: pieces[0][0], to: pos{first + 1, 1}, quoted: true, apply: quote(pieces...),
			message: `this value of several lines holds ": ", which begins another value in YAML`,
		})
	}
	return n
}

// colonInside reports whether a plain value holds a colon that YAML takes for the end of a key.
func colonInside(text []rune) bool {
	for i, r := range text {
		if r == '#' && i > 0 && isBlank(text[i-1]) {
			return false
		}
		if r == ':' && (i+1 == len(text) || isBlank(text[i+1])) {
			return true
		}
	}
	return false
}

// quoted reads a value in quotes.
func (s *scanner) quoted(n, start, v, base int) int {
	text := trimRight(s.text(n))
	if end := quoteEnd(text, v); end > 0 {
		if ended(text, end) {
			return s.after(n, base)
		}
		if next := behind(text, end); keyForm.MatchString(string(text[next:])) && next > end {
			return s.second(n, next, base)
		}
		return s.mustQuote(n, start, base, "the value goes on behind the closing quote")
	}
	// It may close further down.
	mark := text[v]
	for m := n + 1; m <= len(s.p.lines); m++ {
		line := trimRight(s.text(m))
		if len(line) > 0 && indentOf(line) <= base {
			break
		}
		if end := quoteEnd(append([]rune{mark}, line...), 0); end > 0 {
			if ended(line, end-1) {
				return s.after(m, base)
			}
			break
		}
	}
	s.add(fault{
		code: codeUnclosed, from: pos{n, v + 1}, to: pos{n, v + 2}, message: "this quote is never closed",
		hint:  "end the value with " + string(mark) + "; if the sign belongs to the text, write it as: " + quoteYAML(string(text[v:])),
		apply: overwrite(pos{n, v + 1}, pos{n, len(text) + 1}),
	})
	return n + 1
}

// behind is the index of what comes after the blanks at i.
func behind(text []rune, i int) int {
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	return i
}

// ended reports whether nothing but a comment stands from index i on.
func ended(text []rune, i int) bool {
	j := behind(text, i)
	return j == len(text) || text[j] == '#' && j > i
}

// after reads on behind a complete value: nothing deeper may follow it.
func (s *scanner) after(n, base int) int {
	next := n + 1
	for next <= len(s.p.lines) && insignificant(s.text(next)) {
		next++
	}
	if next <= len(s.p.lines) && indentOf(s.text(next)) > base && keyForm.MatchString(string(s.text(next)[indentOf(s.text(next)):])) {
		s.misplaced(next, base)
		return next + 1
	}
	return n + 1
}

// flow reads a value that begins with a brace or bracket.
func (s *scanner) flow(n, start, v, base int) int {
	f := flow{s: s, base: base, start: pos{n, v + 1}}
	end, ok := f.collection(f.start)
	if text := trimRight(s.text(end.line)); ok && !ended(text, end.col-1) {
		next := behind(text, end.col-1)
		if strings.Trim(string(text[next:]), "]} ") == "" {
			from := pos{end.line, next + 1}
			s.faults = append(s.faults, f.faults...)
			s.add(fault{
				code: codeUnclosed, from: from, to: pos{end.line, len(text) + 1}, message: "nothing is open that this could close",
				hint: "remove it", apply: erase(from, pos{end.line, len(text) + 1}),
			})
			return s.after(end.line, base)
		}
		if keyForm.MatchString(string(text[next:])) && next > end.col-1 {
			s.faults = append(s.faults, f.faults...)
			return s.second(end.line, next, base)
		}
	}
	if ok && !ended(s.text(end.line), end.col-1) && end.line == n {
		return s.mustQuote(n, start, base, "the value goes on behind the closing "+string(s.text(n)[end.col-2]))
	}
	s.faults = append(s.faults, f.faults...)
	if !ok {
		return max(end.line, n+1)
	}
	return s.after(end.line, base)
}

// expressionEnd is the index behind the expression that begins at start: the end of the line, or a comment that does not
// stand in quotes of the expression.
func expressionEnd(text []rune, start int) int {
	for i := start; i < len(text); i++ {
		switch r := text[i]; {
		case opensQuote(text, i, start):
			if end := literalEnd(text, i); end > 0 {
				i = end - 1
			}
		case r == '#' && i > start && isBlank(text[i-1]):
			return len(trimRight(text[:i]))
		}
	}
	return len(trimRight(text))
}

// opensQuote tells a quote of an expression from an apostrophe.
func opensQuote(text []rune, i, start int) bool {
	if !strings.ContainsRune("\"'`", text[i]) {
		return false
	}
	return i == start || !unicode.IsLetter(text[i-1]) && !unicode.IsDigit(text[i-1])
}

// literalEnd is quoteEnd for the quotes of an expression: a backslash escapes, but not between backticks.
func literalEnd(text []rune, from int) int {
	mark := text[from]
	for i := from + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && mark != '`':
			i++
		case text[i] == mark:
			return i + 1
		}
	}
	return -1
}
