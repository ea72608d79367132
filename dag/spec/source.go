package spec

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"flowrun/dag/diag"
)

// maxFile is the largest pipeline file in bytes.
const maxFile = 4 << 20

// pos is a place in a file: line and column in characters, both from 1.
type pos struct{ line, col int }

func (p pos) before(q pos) bool { return p.line < q.line || p.line == q.line && p.col < q.col }

// source is a pipeline file as the user wrote it, cut into lines of characters, so that columns are indexes.
type source struct {
	path  string
	lines [][]rune
}

// readSource cuts src into lines and replaces what YAML does not allow in a file, each with a diagnostic. It returns nil
// when the file is no text at all.
func readSource(path string, src []byte, list *diag.List) *source {
	refuse := func(message, hint string) *source {
		list.Add(diag.Diagnostic{Code: codeText, Message: message, Hint: hint, At: diag.Span{File: path}})
		return nil
	}
	switch {
	case len(src) > maxFile:
		return refuse(fmt.Sprintf("the file is larger than %d MiB", maxFile>>20), "a pipeline file holds settings; keep data in files of its own")
	case bytes.HasPrefix(src, []byte{0xff, 0xfe}) || bytes.HasPrefix(src, []byte{0xfe, 0xff}):
		return refuse("the file is UTF-16, not UTF-8", "save it as UTF-8")
	case bytes.Count(src, []byte{0})*4 > len(src):
		return refuse("the file is not text", "save it as UTF-8")
	}
	s := &source{path: path}
	for _, line := range diag.SplitLines(src) {
		s.lines = append(s.lines, []rune(line))
	}
	s.sanitise(src, list)
	if len(s.lines) == 0 {
		s.lines = [][]rune{nil}
	}
	return s
}

// maxBadCharacters is how many characters are shown one by one before the rest of them is passed over.
const maxBadCharacters = 5

// sanitise replaces characters that cannot stand in YAML by ones that can, so that the rest of the file is checked too.
func (s *source) sanitise(src []byte, list *diag.List) {
	valid := utf8.Valid(src)
	shown := 0
	report := func(line, col int, message, hint string) {
		if shown++; shown <= maxBadCharacters {
			list.Add(diag.Diagnostic{Code: codeText, Message: message, Hint: hint, At: s.span(pos{line, col}, 1)})
		}
	}
	for i, line := range s.lines {
		for j, r := range line {
			switch {
			case r == utf8.RuneError && !valid:
				report(i+1, j+1, "a byte here is not UTF-8 text", "save the file as UTF-8")
			case r == 0x85 || r == 0x2028 || r == 0x2029:
				report(i+1, j+1, fmt.Sprintf("the line separator U+%04X cannot stand in a file", r), fmt.Sprintf(`write it as "\u%04X" in double quotes`, r))
				line[j] = ' '
			case r < 0x20 && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0xfffe || r == 0xffff:
				report(i+1, j+1, fmt.Sprintf("the control character U+%04X cannot stand in a file", r), fmt.Sprintf(`write it as "\u%04X" in double quotes`, r))
				line[j] = utf8.RuneError
			}
		}
	}
}

// at returns the character at p, and false at and behind the end of its line.
func (s *source) at(p pos) (rune, bool) {
	if p.line < 1 || p.line > len(s.lines) || p.col < 1 || p.col > len(s.lines[p.line-1]) {
		return 0, false
	}
	return s.lines[p.line-1][p.col-1], true
}

// line returns line n, empty when there is none.
func (s *source) line(n int) []rune {
	if n < 1 || n > len(s.lines) {
		return nil
	}
	return s.lines[n-1]
}

func (s *source) span(p pos, length int) diag.Span {
	return diag.Span{File: s.path, Line: p.line, Column: p.col, Length: max(length, 1)}
}

// between is the span from p up to the exclusive end, or to the end of p's line where end lies further down.
func (s *source) between(p, end pos) diag.Span {
	if end.line == p.line {
		return s.span(p, end.col-p.col)
	}
	return s.span(p, len(trimRight(s.line(p.line)))-p.col+1)
}

// skipSpace moves over blanks, line breaks and comments.
func (s *source) skipSpace(p pos) pos {
	for p.line <= len(s.lines) {
		r, ok := s.at(p)
		switch {
		case !ok:
			p = pos{p.line + 1, 1}
		case isBlank(r):
			p.col++
		case r == '#':
			p = pos{p.line + 1, 1}
		default:
			return p
		}
	}
	return p
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

func trimRight(line []rune) []rune {
	n := len(line)
	for n > 0 && isBlank(line[n-1]) {
		n--
	}
	return line[:n]
}

// indentOf counts the blanks at the start of a line.
func indentOf(line []rune) int {
	n := 0
	for n < len(line) && isBlank(line[n]) {
		n++
	}
	return n
}

// insignificant reports whether a line is blank or only a comment.
func insignificant(line []rune) bool {
	n := indentOf(line)
	return n == len(line) || line[n] == '#'
}

// quoteYAML puts text in single quotes, as it stands best in a file.
func quoteYAML(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
