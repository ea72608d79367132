package spec

import (
	"cmp"
	"slices"
	"strings"
)

// text gives the lines of the file in their new layout.
func (l *layout) text() []string {
	l.comments()
	var out []string
	kept := 0 // how many lines at least are no blank ones at the end
	for i, x := range l.lines {
		line := slices.Clone(l.src.lines[i])
		slices.SortFunc(x.edits, func(a, b edit) int { return cmp.Compare(b.from, a.from) })
		for _, e := range x.edits {
			line = slices.Replace(line, e.from, e.to, []rune(e.text)...)
		}
		if x.indent >= 0 {
			blanks := indentOf(line)
			if x.tail && x.inside {
				blanks = leadingSpaces(line)
			}
			line = append([]rune(strings.Repeat(" ", x.indent)), line[blanks:]...)
		}
		if !x.tail {
			line = trimRight(line)
		}
		if len(line) > 0 || x.inside {
			kept = len(out) + 1
		} else if len(out) == 0 || len(out) > kept {
			continue
		}
		out = append(out, string(line))
	}
	return out[:kept]
}

// comments gives the lines that are only a comment the place of what stands below them, or above where they belong there.
func (l *layout) comments() {
	content := func(i int) bool { return l.lines[i].indent >= 0 && !l.lines[i].inside }
	indents := map[int]int{}
	for i, line := range l.src.lines {
		blanks := indentOf(line)
		if l.lines[i].inside || l.lines[i].indent >= 0 || blanks == len(line) || line[blanks] != '#' {
			continue
		}
		below, above := i+1, i-1
		for below < len(l.lines) && !content(below) {
			below++
		}
		for above >= 0 && !content(above) {
			above--
		}
		old := func(i int) int { return indentOf(l.src.lines[i]) }
		switch {
		case below < len(l.lines) && (old(below) == blanks || above < 0 || old(above) != blanks):
			indents[i] = blanks + l.lines[below].indent - old(below)
		case above >= 0:
			indents[i] = blanks + l.lines[above].indent - old(above)
		}
	}
	for i, n := range indents {
		l.lines[i].indent = max(n, 0)
	}
}
