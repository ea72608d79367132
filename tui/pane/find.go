package pane

import "strings"

// Find is what is looked for in a pane. The zero Find matches nothing.
type Find struct {
	text   string
	invert bool
}

// NewFind reads what was typed behind the slash: text, or with ! in front all that does not hold it. Case counts only
// where a capital letter was typed.
func NewFind(typed string) Find {
	text, invert := strings.CutPrefix(typed, "!")
	return Find{text: text, invert: invert}
}

// findMark stands before what was found, so that it can be seen without colours.
const findMark = "/"

// Active reports whether anything is looked for.
func (f Find) Active() bool { return f.text != "" }

// String is what was typed.
func (f Find) String() string {
	if f.invert {
		return "!" + f.text
	}
	return f.text
}

// In reports whether a line is a match.
func (f Find) In(line string) bool {
	if !f.Active() {
		return false
	}
	if f.text == strings.ToLower(f.text) {
		line = strings.ToLower(line)
	}
	return strings.Contains(line, f.text) != f.invert
}

// next finds the next match among n lines behind (or before) the one at from, going round; -1 where there is none.
func (f Find) next(n, from, step int, line func(int) string) int {
	for i := 1; i <= n; i++ {
		if at := wrap(from+i*step, n); f.In(line(at)) {
			return at
		}
	}
	return -1
}

// count is how many of n lines match.
func (f Find) count(n int, line func(int) string) int {
	found := 0
	for i := range n {
		if f.In(line(i)) {
			found++
		}
	}
	return found
}
