package spec

import (
	"regexp"
	"strings"
	"unicode"
)

// scanner reads the text as YAML's block structure, roughly, and knows what people get wrong in it. It runs only over
// files that YAML has refused, so it may be strict where YAML is subtle.
type scanner struct {
	p       *patched
	anchors map[string]bool
	faults  []fault
	levels  []level // open maps and lists, outermost first
}

// level is an open map or list.
type level struct {
	indent int
	list   bool
	open   bool // the last entry has nothing behind it yet, so something deeper may follow
}

var (
	anchorForm = regexp.MustCompile(`^&[A-Za-z0-9_-]+(\s+|$)`)
	aliasForm  = regexp.MustCompile(`^\*[A-Za-z0-9_-]+\s*$`)
	anchorUse  = regexp.MustCompile(`(^|[\s:\[{,])&([A-Za-z0-9_-]+)`)
	tagForm    = regexp.MustCompile(`^!\S*(\s+|$)`)
	blockForm  = regexp.MustCompile(`^[|>][0-9+-]{0,2}\s*(#.*)?$`)
	gluedForm  = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_.-]*):\S`)
	wordsForm  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*\s`)
	secondForm = regexp.MustCompile(`^([^\s"'?(\[{]+)\s+([A-Za-z_][A-Za-z0-9_]*): +[^:?]*$`)
	keyForm    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*\s*:(\s|$)`)
)

// scan finds the mistakes of the text.
func scan(p *patched) []fault {
	s := &scanner{p: p, anchors: map[string]bool{}}
	for _, l := range p.lines {
		for _, m := range anchorUse.FindAllStringSubmatch(string(l), -1) {
			s.anchors[m[2]] = true
		}
	}
	if s.conflict() {
		return s.faults
	}
	for line := 1; line <= len(p.lines) && len(s.faults) < maxFaults; {
		line = s.line(line)
	}
	return s.faults
}

// text returns a line, empty behind the end of the file.
func (s *scanner) text(line int) []rune {
	if line > len(s.p.lines) {
		return nil
	}
	return s.p.lines[line-1]
}

func (s *scanner) add(f fault) { s.faults = append(s.faults, f) }

// conflict finds what a merge has left behind.
func (s *scanner) conflict() bool {
	var lines []int
	for i, l := range s.p.lines {
		for _, mark := range []string{"<<<<<<<", "=======", ">>>>>>>"} {
			if text := string(l); strings.HasPrefix(text, mark+" ") || text == mark {
				lines = append(lines, i+1)
			}
		}
	}
	if len(lines) < 2 {
		return false
	}
	s.add(fault{
		code: codeSyntax, from: pos{lines[0], 1}, to: pos{lines[0], len(s.text(lines[0])) + 1},
		message: "a merge conflict is left in the file", hint: "choose one of the two versions and remove the lines of <, = and >",
		apply: func(p *patched) {
			for _, n := range lines {
				blank(n)(p)
			}
		},
	})
	return true
}

// line reads the entry that begins on a line and returns the number of the line behind it.
func (s *scanner) line(n int) int {
	text := s.text(n)
	if insignificant(text) || n == 1 && text[0] == '%' {
		return n + 1
	}
	if t := string(trimRight(text)); t == "---" || t == "..." {
		s.levels = nil
		return n + 1
	}
	indent := indentOf(text)
	if strings.ContainsRune(string(text[:indent]), '\t') {
		s.tab(n, indent)
		return len(s.p.lines) + 1 // the lines below are judged once this one is right
	}
	col := indent
	isDash := func(c int) bool {
		return c < len(text) && text[c] == '-' && (c+1 == len(text) || isBlank(text[c+1]))
	}
	if !s.enter(n, indent, isDash(indent)) {
		return n + 1
	}
	for isDash(col) {
		col++
		for col < len(text) && isBlank(text[col]) {
			col++
		}
		s.top().open = true
		if col == len(text) || text[col] == '#' {
			return n + 1
		}
		if isDash(col) || keyEnd(text, col) > 0 {
			s.levels = append(s.levels, level{indent: col, list: isDash(col)})
		}
	}
	end := keyEnd(text, col)
	if end == 0 {
		return s.lone(n, col)
	}
	s.top().open = false
	v := end
	for v < len(text) && isBlank(text[v]) {
		v++
	}
	if v == len(text) || text[v] == '#' {
		s.top().open = true
		return n + 1
	}
	return s.value(n, v, s.top().indent, true)
}

func (s *scanner) top() *level {
	if len(s.levels) == 0 {
		s.levels = append(s.levels, level{})
	}
	return &s.levels[len(s.levels)-1]
}

// enter closes the maps and lists that end before a line with this indentation and opens the one that begins; it reports
// false when the line fits nowhere.
func (s *scanner) enter(n, indent int, dash bool) bool {
	if len(s.levels) == 0 {
		s.levels = append(s.levels, level{indent: indent, list: dash})
		return true
	}
	closed := -1
	for len(s.levels) > 1 && s.top().indent > indent {
		closed = s.top().indent
		s.levels = s.levels[:len(s.levels)-1]
	}
	if t := s.top(); t.indent == indent && t.list && !dash && len(s.levels) > 1 && s.levels[len(s.levels)-2].indent == indent {
		s.levels = s.levels[:len(s.levels)-1] // a list that stands right under its key
	}
	t := s.top()
	switch {
	case t.indent == indent && t.list == dash:
		return true
	case t.indent == indent && dash && t.open, t.indent < indent && t.open && closed < 0:
		s.levels = append(s.levels, level{indent: indent, list: dash})
		return true
	}
	want := t.indent
	if inner, outer := closed-indent, indent-t.indent; closed >= 0 && (inner < outer || inner == outer && !opens(s.text(n))) {
		want = closed
	}
	s.misplaced(n, want)
	return false
}

// opens reports whether a line is a key with nothing behind it: of two places where it may belong the outer one is more
// likely.
func opens(text []rune) bool {
	text = trimRight(text)
	return len(text) > 0 && text[len(text)-1] == ':'
}

func (s *scanner) misplaced(n, want int) {
	text := s.text(n)
	indent := indentOf(text)
	from := pos{n, indent + 1}
	if want == indent && s.top().list && len(text) > indent+1 && text[indent] == '-' {
		s.add(fault{
			code: codeSyntax, from: from, to: pos{n, len(trimRight(text)) + 1}, message: "a space is missing behind the dash",
			hint: "write it as: - " + strings.TrimSpace(string(text[indent+1:])), moves: true, apply: insert(pos{n, indent + 2}, " "),
		})
		return
	}
	if want == indent {
		s.add(fault{
			code: codeIndent, from: from, to: pos{n, len(trimRight(text)) + 1},
			message: "this line does not belong to what stands above it: a list and a map are mixed",
			hint:    "entries of a list begin with `- `, entries of a map are `key: value`", apply: blank(n),
		})
		return
	}
	s.add(fault{
		code: codeIndent, from: from, to: pos{n, wordEnd(text, indent) + 1},
		message: "this line is indented by " + spaces(indent) + ", its neighbours by " + spaces(want),
		hint:    "begin it in column " + itoa(want+1), moves: true, apply: reindent(n, want),
	})
}

func (s *scanner) tab(n, indent int) {
	more := 0
	var fixes []func(*patched)
	for i := n; i <= len(s.p.lines); i++ {
		text := s.text(i)
		lead := string(text[:indentOf(text)])
		if tabs := strings.Count(lead, "\t"); tabs > 0 && !insignificant(text) {
			more++
			fixes = append(fixes, reindent(i, len(lead)-tabs+2*tabs))
		}
	}
	message := "a tab in the indentation: YAML takes only spaces there"
	if more > 1 {
		message += " (and on " + plural(more-1, "more line") + ")"
	}
	s.add(fault{
		code: codeIndent, from: pos{n, 1}, to: pos{n, indent + 1}, message: message,
		hint: "indent by two spaces", apply: func(p *patched) {
			for _, fix := range fixes {
				fix(p)
			}
		},
	})
}

// lone reads a line without a key.
func (s *scanner) lone(n, col int) int {
	text := s.text(n)
	rest := string(text[col:])
	parent := s.top()
	if parent.open && parent.indent < col { // the value of the key or dash before it
		parent.open = false
		return s.value(n, col, parent.indent, false)
	}
	if !parent.list || parent.indent == col {
		if m := gluedForm.FindStringSubmatch(rest); m != nil {
			at := pos{n, col + len([]rune(m[1])) + 2}
			s.add(fault{
				code: codeSyntax, from: pos{n, col + 1}, to: pos{n, len(trimRight(text)) + 1},
				message: "a space is missing behind the colon",
				hint:    "write it as: " + m[1] + ": " + strings.TrimSpace(string(text[at.col-1:])),
				moves:   true, apply: insert(at, " "),
			})
			return n + 1
		}
		next := n + 1
		for next <= len(s.p.lines) && insignificant(s.text(next)) {
			next++
		}
		word := strings.TrimSpace(rest)
		if next <= len(s.p.lines) && indentOf(s.text(next)) > col && !strings.ContainsAny(word, " \"'{}[]") {
			s.add(fault{
				code: codeSyntax, from: pos{n, col + 1}, to: pos{n, len(trimRight(text)) + 1},
				message: "a colon is missing behind this key", hint: "write it as: " + word + ":",
				moves: true, apply: insert(pos{n, len(trimRight(text)) + 1}, ":"),
			})
			parent.open = true
			return n + 1
		}
		f := fault{
			code: codeSyntax, from: pos{n, col + 1}, to: pos{n, len(trimRight(text)) + 1},
			message: "expected `key: value` here", hint: "a key and its value are written `key: value`", apply: blank(n),
		}
		if wordsForm.MatchString(rest) {
			first, second, _ := strings.Cut(word, " ")
			f.hint = "write it as: " + first + ": " + strings.TrimSpace(second)
			if s.p.known[first] {
				f.moves, f.apply = true, insert(pos{n, col + len(first) + 1}, ":")
			}
		}
		s.add(f)
		return n + 1
	}
	return s.value(n, col, parent.indent, false)
}

// keyEnd is the index behind the colon of the key that begins at col, 0 when there is none.
func keyEnd(text []rune, col int) int {
	if col >= len(text) {
		return 0
	}
	i := col
	switch text[col] {
	case '"', '\'':
		end := quoteEnd(text, col)
		if end < 0 {
			return 0
		}
		for i = end; i < len(text) && isBlank(text[i]); i++ {
		}
		if i < len(text) && text[i] == ':' && (i+1 == len(text) || isBlank(text[i+1])) {
			return i + 1
		}
		return 0
	case '[', '{', '!', '*', '|', '>', '%', '@', '`', '#', ',', ']', '}':
		return 0
	case '&':
		m := anchorForm.FindString(string(text[col:]))
		if m == "" {
			return 0
		}
		return keyEnd(text, col+len(m))
	}
	for ; i < len(text); i++ {
		if text[i] == '#' && i > 0 && isBlank(text[i-1]) {
			return 0
		}
		if text[i] == ':' && (i+1 == len(text) || isBlank(text[i+1])) {
			return i + 1
		}
	}
	return 0
}

// quoteEnd is the index behind the quote that closes the one at text[from], -1 when it is not on this line.
func quoteEnd(text []rune, from int) int {
	quote := text[from]
	for i := from + 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return -1
}

// wordEnd is the index behind the word at from.
func wordEnd(text []rune, from int) int {
	for from < len(text) && !unicode.IsSpace(text[from]) {
		from++
	}
	return from
}

func spaces(n int) string {
	if n == 0 {
		return "no spaces"
	}
	return plural(n, "space")
}
