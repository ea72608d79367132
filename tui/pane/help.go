package pane

import (
	"fmt"

	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// Entry is a key in the help.
type Entry struct {
	Group string
	Keys  string
	Text  string
	Why   string // why it does nothing now; "" when it does
}

// Help is the list of all keys. It is made from the bindings each time it is drawn.
type Help struct {
	h, top, lines int
}

// Key scrolls.
func (p *Help) Key(key string) {
	switch key {
	case "up", "k":
		p.top--
	case "down", "j":
		p.top++
	case "pgup", "ctrl+b":
		p.top -= p.h
	case "pgdown", "ctrl+f", " ":
		p.top += p.h
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = p.lines
	}
	p.top = min(max(p.top, 0), max(p.lines-p.h, 0))
}

// SetSize tells the help its size with its frame and what it will list.
func (p *Help) SetSize(w, h int, entries []Entry) {
	p.h, p.lines = max(h-2, 1), len(helpLines(entries, helpColumns(w)))
	p.Key("")
}

func helpColumns(w int) int {
	if w >= 110 {
		return 2
	}
	return 1
}

type helpLine struct{ cells []Entry }

// helpLines puts the groups into columns of about the same height.
func helpLines(entries []Entry, columns int) []helpLine {
	var flat [][]Entry // groups, each led by its title
	for i, e := range entries {
		if i == 0 || entries[i-1].Group != e.Group {
			flat = append(flat, []Entry{{Group: e.Group}})
		}
		flat[len(flat)-1] = append(flat[len(flat)-1], e)
	}
	total := 0
	for _, g := range flat {
		total += len(g) + 1
	}
	cols := make([][]Entry, columns)
	c := 0
	for _, g := range flat {
		if c < columns-1 && len(cols[c]) > 0 && len(cols[c])+len(g)/2 > total/columns {
			c++
		}
		if len(cols[c]) > 0 {
			cols[c] = append(cols[c], Entry{})
		}
		cols[c] = append(cols[c], g...)
	}
	height := 0
	for _, col := range cols {
		height = max(height, len(col))
	}
	lines := make([]helpLine, height)
	for y := range lines {
		for _, col := range cols {
			var e Entry
			if y < len(col) {
				e = col[y]
			}
			lines[y].cells = append(lines[y].cells, e)
		}
	}
	return lines
}

// View draws the help over the whole area.
func (p *Help) View(a widget.Area, s *Scene, entries []Entry) {
	columns := helpColumns(a.W)
	lines := helpLines(entries, columns)
	foot := "esc closes"
	if len(lines) > a.H-2 {
		foot = fmt.Sprintf("lines %d-%d of %d  esc closes", p.top+1, min(p.top+a.H-2, len(lines)), len(lines))
	}
	in := widget.Box{Frame: s.Glyphs.Pane, Style: theme.In(theme.Accent), Foot: foot,
		Left: []widget.Span{{Text: " keys ", Style: theme.Strong(theme.Accent)}}}.Draw(a, s.Glyphs)
	keys := 0
	for _, e := range entries {
		keys = max(keys, widget.Width(e.Keys))
	}
	keys = min(keys, max(in.W/3, 6))
	width := in.W / columns
	for y := 0; y < in.H && p.top+y < len(lines); y++ {
		for c, e := range lines[p.top+y].cells {
			drawEntry(in.Sub(c*width+1, y, width-2, 1), s, e, keys)
		}
	}
}

func drawEntry(a widget.Area, s *Scene, e Entry, keys int) {
	if e.Keys == "" {
		a.Text(0, 0, e.Group, theme.Style{Bold: true})
		return
	}
	key, text := theme.In(theme.Accent), theme.Style{}
	line := e.Text
	if e.Why != "" {
		key, text = theme.In(theme.Muted), theme.In(theme.Muted)
		line += " (" + e.Why + ")"
	}
	a.Right(keys+1, 0, widget.Fit(e.Keys, keys, s.Glyphs.Cut), key)
	a.Text(keys+3, 0, widget.Fit(line, a.W-keys-3, s.Glyphs.Cut), text)
}
