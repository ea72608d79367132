package spec

import (
	"slices"
	"strings"
	"unicode"

	"flowrun/dag/diag"
)

// patched is the text that YAML is given: the user's, with each mistake that was found patched over, so that the rest of
// the file can be read. A patch that changes the length of a line is remembered, so that every place found in the
// patched text can be given back as one in the file.
type patched struct {
	src   *source
	lines [][]rune
	moves map[int][]move  // by line, in the order they were made
	masks map[pos]mask    // by their place in the patched text
	known map[string]bool // keys that are known wherever they stand
}

// move says that the characters from col on stand delta further right than before.
type move struct{ col, delta int }

// mask is a piece of text that was replaced by words of the same length.
type mask struct {
	traced        // where the characters of text stand in the file
	text   string // what was meant
	broken bool   // what was meant is not known
}

func newPatched(src *source) *patched {
	p := &patched{src: src, moves: map[int][]move{}, masks: map[pos]mask{}}
	p.lines = make([][]rune, len(src.lines))
	for i, l := range src.lines {
		p.lines[i] = slices.Clone(l)
	}
	return p
}

func (p *patched) bytes() []byte {
	var b strings.Builder
	for _, l := range p.lines {
		b.WriteString(string(l))
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// file gives the place in the file of a place in the patched text.
func (p *patched) file(at pos) pos {
	moves := p.moves[at.line]
	for i := len(moves) - 1; i >= 0; i-- {
		if m := moves[i]; at.col >= m.col+max(m.delta, 0) {
			at.col -= m.delta
		} else if at.col > m.col {
			at.col = m.col
		}
	}
	at.col = max(at.col, 1)
	return at
}

// fault is a mistake that the recogniser has found, and how to patch over it. Its places are in the patched text.
type fault struct {
	code     diag.Code
	from, to pos // to exclusive
	message  string
	hint     string
	apply    func(p *patched) // changes the text
	moves    bool             // applying it moves the rest of the line
	quoted   bool             // the hint is the line with this piece in quotes, known only when all are found
}

// overwrite masks the characters [from, to) of one line; what was meant there is not known.
func overwrite(from, to pos) func(p *patched) {
	return func(p *patched) {
		p.masks[from] = mask{traced: traced{from: p.file(from), to: p.file(to)}, broken: true}
		p.fill(from, to)
	}
}

// quote masks pieces of text, each on a line of its own and without blanks at its ends: together, joined by blanks, they
// are one value that should have been in quotes.
func quote(pieces ...[2]pos) func(p *patched) {
	return func(p *patched) {
		var m mask
		for i, piece := range pieces {
			if i > 0 {
				m.text += " "
				m.places = append(m.places, place{m.to.line, m.to.col, 1})
			}
			from, to := p.file(piece[0]), p.file(piece[1])
			for c := from; c.col < to.col; c.col++ {
				m.places = append(m.places, place{c.line, c.col, 1})
			}
			m.text += string(p.src.line(from.line)[from.col-1 : to.col-1])
			m.to = to
		}
		m.from = p.file(pieces[0][0])
		p.masks[pieces[0][0]] = m
		for _, piece := range pieces {
			p.fill(piece[0], piece[1])
		}
	}
}

func (p *patched) fill(from, to pos) {
	for i := from.col; i < to.col; i++ {
		p.lines[from.line-1][i-1] = 'x'
	}
}

// erase makes the characters [from, to) of one line blank.
func erase(from, to pos) func(p *patched) {
	return func(p *patched) {
		for i := from.col; i < to.col; i++ {
			p.lines[from.line-1][i-1] = ' '
		}
	}
}

// insert puts text before the character at.
func insert(at pos, text string) func(p *patched) {
	return func(p *patched) {
		line := p.lines[at.line-1]
		p.lines[at.line-1] = slices.Insert(line, min(at.col-1, len(line)), []rune(text)...)
		p.moved(at.line, move{at.col, len(text)})
	}
}

// reindent gives a line another number of blanks at its start.
func reindent(line, blanks int) func(p *patched) {
	return func(p *patched) {
		text := p.lines[line-1]
		old := indentOf(text)
		p.lines[line-1] = append([]rune(strings.Repeat(" ", blanks)), text[old:]...)
		p.moved(line, move{1, blanks - old})
	}
}

// moved remembers a move, and takes the masks along.
func (p *patched) moved(line int, m move) {
	p.moves[line] = append(p.moves[line], m)
	masks := map[pos]mask{}
	for at, k := range p.masks {
		if at.line == line && at.col >= m.col {
			at.col += m.delta
		}
		masks[at] = k
	}
	p.masks = masks
}

// blank makes a line a comment.
func blank(line int) func(p *patched) {
	return func(p *patched) {
		for i := range p.lines[line-1] {
			p.lines[line-1][i] = '#'
		}
	}
}

// quotedHint is the hint for a value that should have been in quotes: its line with every such value quoted.
func (p *patched) quotedHint(m mask) string {
	if m.to.line != m.from.line {
		line := p.src.line(m.from.line)
		return "put the expression on lines of its own, indented, behind: " + strings.TrimSpace(string(line[:m.from.col-1])) + " >-"
	}
	var masks []mask
	for _, other := range p.masks {
		if other.from.line == m.from.line && other.to.line == m.from.line && !other.broken {
			masks = append(masks, other)
		}
	}
	slices.SortFunc(masks, func(a, b mask) int { return b.from.col - a.from.col })
	line := slices.Clone(p.src.line(m.from.line))
	for _, other := range masks {
		line = slices.Replace(line, other.from.col-1, other.to.col-1, []rune(quoteYAML(intended(other.text)))...)
	}
	if len(line) > maxHintLine {
		return "write it as: " + quoteYAML(intended(m.text))
	}
	return "write it as: " + strings.TrimSpace(string(line))
}

// maxHintLine is the longest line that is printed whole as a hint.
const maxHintLine = 200

// intended undoes a first try at quoting: of text that stands in quotes whose own kind occurs inside ('it's',
// "a == "b""), the inside was meant. In "a" + "b" the quotes belong to the text.
func intended(text string) string {
	r := []rune(text)
	n := len(r)
	if n < 3 || r[0] != r[n-1] || r[0] != '"' && r[0] != '\'' {
		return text
	}
	end := quoteEnd(r, 0)
	if end <= 0 || end >= n || !unicode.IsLetter(r[end]) && !unicode.IsDigit(r[end]) {
		return text
	}
	return string(r[1 : n-1])
}
