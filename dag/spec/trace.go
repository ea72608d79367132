package spec

import (
	"slices"
	"strings"

	"flowrun/dag/diag"
)

// place is where one decoded character stands in the file, and how many characters it takes there.
type place struct{ line, col, width int }

// tracer finds the place of every character of a decoded scalar by reading the scalar again, in step with what YAML made
// of it. Where the two do not agree it gives up, and only the whole scalar's place is known.
type tracer struct {
	src  *source
	p    pos // the next character to read
	want []rune
	out  []place
}

// traced is a scalar with its places: one for each character of the decoded text.
type traced struct {
	from, to pos // in the file, to exclusive
	places   []place
}

func (t *tracer) emit(p pos, width int) { t.out = append(t.out, place{p.line, p.col, width}) }

// next is the character that must come next, and false at the end of the scalar.
func (t *tracer) next() (rune, bool) {
	if len(t.out) < len(t.want) {
		return t.want[len(t.out)], true
	}
	return 0, false
}

// plain reads a scalar without quotes.
func (t *tracer) plain() bool {
	for {
		want, ok := t.next()
		if !ok {
			return true
		}
		r, in := t.src.at(t.p)
		switch {
		case !in || isBlank(r):
			if !t.space(false) {
				return false
			}
		case r != want:
			return false
		default:
			t.emit(t.p, 1)
			t.p.col++
		}
	}
}

// quoted reads a scalar in quotes up to and with the closing one.
func (t *tracer) quoted(quote rune) bool {
	t.p.col++
	for {
		r, in := t.src.at(t.p)
		switch {
		case t.p.line > len(t.src.lines):
			return false
		case !in || isBlank(r):
			if !t.space(false) {
				return false
			}
		case r == quote:
			if second, _ := t.src.at(pos{t.p.line, t.p.col + 1}); quote == '\'' && second == '\'' {
				t.emit(t.p, 2)
				t.p.col += 2
				continue
			}
			t.p.col++
			return len(t.out) == len(t.want)
		case r == '\\' && quote == '"':
			if !t.escape() {
				return false
			}
		default:
			if want, ok := t.next(); !ok || want != r {
				return false
			}
			t.emit(t.p, 1)
			t.p.col++
		}
	}
}

func (t *tracer) escape() bool {
	r, in := t.src.at(pos{t.p.line, t.p.col + 1})
	if !in { // the line break itself is escaped
		t.p.col++
		return t.space(true)
	}
	width := 2
	switch r {
	case 'x':
		width = 4
	case 'u':
		width = 6
	case 'U':
		width = 10
	}
	t.emit(t.p, width)
	t.p.col += width
	return len(t.out) <= len(t.want)
}

// space reads blanks; with a line break among them they are folded: one break is a space, or nothing when it was escaped,
// and each further one is a line break.
func (t *tracer) space(escaped bool) bool {
	start := t.p
	for {
		r, in := t.src.at(t.p)
		if !in || !isBlank(r) {
			break
		}
		t.p.col++
	}
	if _, in := t.src.at(t.p); in {
		for c := start; c.col < t.p.col; c.col++ {
			r, _ := t.src.at(c)
			if want, ok := t.next(); !ok || want != r {
				return false
			}
			t.emit(c, 1)
		}
		return true
	}
	breaks := 0
	for t.p.line <= len(t.src.lines) {
		if r, in := t.src.at(t.p); !in {
			breaks++
			t.p = pos{t.p.line + 1, 1}
		} else if isBlank(r) {
			t.p.col++
		} else {
			break
		}
	}
	folded := strings.Repeat("\n", max(breaks-1, 0))
	if folded == "" && !escaped {
		folded = " "
	}
	for _, r := range folded {
		if want, ok := t.next(); !ok || want != r {
			return false
		}
		t.emit(start, 1)
	}
	return true
}

// literal reads the lines of a | block: each is an indentation and then the text.
func (t *tracer) literal() bool {
	line := t.p.line
	for text := range strings.SplitSeq(string(t.want), "\n") {
		line++
		n := len([]rune(text))
		src := t.src.line(line)
		if len(src) < n || string(src[len(src)-n:]) != text {
			return false
		}
		t.lineOf(pos{line, len(src) - n + 1}, n)
	}
	return true
}

// lineOf emits n characters from p on and, unless the scalar is complete, the line break behind them.
func (t *tracer) lineOf(p pos, n int) {
	for range n {
		t.emit(p, 1)
		p.col++
	}
	if n > 0 {
		t.p = p
	}
	if len(t.out) < len(t.want) {
		t.emit(p, 1)
	}
}

// folded reads the lines of a > block. indent is the number of columns in front of its text.
func (t *tracer) folded(indent int) bool {
	line := t.p.line
	end := t.p
	last := len(t.want)
	for last > 0 && t.want[last-1] == '\n' {
		last--
	}
	for len(t.out) < last {
		line++
		if line > len(t.src.lines) {
			return false
		}
		src := t.src.line(line)
		if len(src) <= indent {
			continue
		}
		text := src[indent:]
		for {
			rest := t.want[len(t.out):]
			if len(rest) >= len(text) && slices.Equal(rest[:len(text)], text) {
				break
			}
			if len(rest) == 0 || rest[0] != ' ' && rest[0] != '\n' {
				return false
			}
			t.emit(end, 1)
		}
		for i := range text {
			t.emit(pos{line, indent + 1 + i}, 1)
		}
		end = pos{line, len(src) + 1}
		t.p = end
	}
	for len(t.out) < len(t.want) { // the breaks at the end
		t.emit(end, 1)
	}
	return true
}

// block reads a | or > block whose marker stands at t.p.
func (t *tracer) block() bool {
	marker := t.p
	header, _ := t.src.at(marker)
	if header == '|' {
		return t.literal()
	}
	first := marker.line + 1
	for first <= len(t.src.lines) && len(trimRight(t.src.line(first))) == 0 {
		first++
	}
	// Without a number in the marker the first line sets the indentation; with one it is at most that line's.
	for indent := indentOf(t.src.line(first)); indent >= 0; indent-- {
		t.p, t.out = marker, nil
		if t.folded(indent) {
			return true
		}
		if d, _ := t.src.at(pos{marker.line, marker.col + 1}); !strings.ContainsRune("+-123456789", d) {
			return false
		}
	}
	return false
}

// mapper returns the function for [diag.Text.Map].
func (t traced) mapper(path string) func(from, to int) diag.Span {
	return func(from, to int) diag.Span {
		n := len(t.places)
		from = min(max(from, 0), n)
		to = min(max(to, from), n)
		span := func(line, col, length int) diag.Span {
			return diag.Span{File: path, Line: line, Column: col, Length: max(length, 1)}
		}
		if n == 0 {
			return span(t.from.line, t.from.col, 1)
		}
		if from == n { // behind the end
			last := t.places[n-1]
			return span(last.line, last.col+last.width, 1)
		}
		first := t.places[from]
		end := first.col + first.width
		for _, p := range t.places[from:max(to, from+1)] {
			if p.line != first.line {
				break
			}
			end = p.col + p.width
		}
		return span(first.line, first.col, end-first.col)
	}
}
