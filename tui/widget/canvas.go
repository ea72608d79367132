package widget

import (
	"strings"
	"unicode/utf8"

	"flowrun/tui/theme"

	"github.com/charmbracelet/x/ansi"
)

// Canvas is the frame while it is drawn: a grid of cells. What is drawn outside of it is lost, a wide character that
// does not fit becomes a space, and its lines are exactly as wide as the grid, so no frame can break the screen.
type Canvas struct {
	width, height int
	cells         []cell
	wild          []bool // per line, whether it holds characters that may join or be wide
}

type cell struct {
	text  string // "" behind a wide character
	style theme.Style
}

// NewCanvas returns an empty canvas.
func NewCanvas(width, height int) *Canvas {
	c := &Canvas{width: max(width, 0), height: max(height, 0)}
	c.cells, c.wild = make([]cell, c.width*c.height), make([]bool, c.height)
	for i := range c.cells {
		c.cells[i].text = " "
	}
	return c
}

// Area is the whole canvas.
func (c *Canvas) Area() Area { return Area{canvas: c, W: c.width, H: c.height} }

// Lines gives the frame as text with the painter's codes.
func (c *Canvas) Lines(p *theme.Painter) []string {
	lines := make([]string, c.height)
	var b, plain strings.Builder
	for y := range c.height {
		row := c.cells[y*c.width : (y+1)*c.width]
		if c.wild[y] {
			plain.Reset()
			for _, x := range row {
				plain.WriteString(x.text)
			}
			if ansi.StringWidth(plain.String()) != c.width {
				unjoin(row)
			}
		}
		b.Reset()
		for x := 0; x < c.width; {
			end := x
			style := row[x].style
			before, after := p.Codes(style)
			b.WriteString(before)
			for end < c.width && row[end].style == style {
				b.WriteString(row[end].text)
				end++
			}
			b.WriteString(after)
			x = end
		}
		lines[y] = b.String()
	}
	return lines
}

// unjoin is for scripts whose characters join across cells into something of another width: better a question mark than
// a broken line.
func unjoin(row []cell) {
	for i := range row {
		for _, r := range row[i].text {
			if r < 0x7f || drawn(r) {
				continue
			}
			row[i].text = "?"
			if i+1 < len(row) && row[i+1].text == "" {
				row[i+1].text = " "
			}
			break
		}
	}
}

func (c *Canvas) set(x, y int, text string, width int, style theme.Style) {
	i := y*c.width + x
	if c.cells[i].text == "" && x > 0 { // the second half of a wide character: the first one goes too
		c.cells[i-1].text = " "
	}
	last := i + width - 1
	if x+width < c.width && c.cells[last+1].text == "" {
		c.cells[last+1].text = " "
	}
	c.cells[i] = cell{text, style}
	for j := i + 1; j <= last; j++ {
		c.cells[j] = cell{"", style}
	}
}

// Area is a rectangle of a canvas with coordinates of its own.
type Area struct {
	canvas *Canvas
	x, y   int
	W, H   int
}

// Sub is a rectangle inside the area; what sticks out is cut off.
func (a Area) Sub(x, y, w, h int) Area {
	if x < 0 {
		w, x = w+x, 0
	}
	if y < 0 {
		h, y = h+y, 0
	}
	w, h = min(w, a.W-x), min(h, a.H-y)
	return Area{canvas: a.canvas, x: a.x + x, y: a.y + y, W: max(w, 0), H: max(h, 0)}
}

// Text draws one line of text from (x, y) and returns how many cells it took. Text is cleaned first.
func (a Area) Text(x, y int, s string, style theme.Style) int {
	start := x
	if y < 0 || y >= a.H {
		return 0
	}
	if plain(s) {
		for i := range len(s) {
			if x >= a.W {
				break
			}
			if x >= 0 {
				a.canvas.set(a.x+x, a.y+y, s[i:i+1], 1, style)
			}
			x++
		}
		return x - start
	}
	if tame(s) {
		for i, r := range s {
			if x >= a.W {
				break
			}
			if x >= 0 {
				a.canvas.set(a.x+x, a.y+y, s[i:i+utf8.RuneLen(r)], 1, style)
			}
			x++
		}
		return x - start
	}
	a.canvas.wild[a.y+y] = true
	for s = Clean(s); s != ""; {
		g, w := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
		s = s[len(g):]
		if w == 0 {
			continue
		}
		switch {
		case x >= 0 && x+w <= a.W:
			a.canvas.set(a.x+x, a.y+y, g, w, style)
		case x < a.W && x+w > 0: // half of it is outside
			for i := max(x, 0); i < min(x+w, a.W); i++ {
				a.canvas.set(a.x+i, a.y+y, " ", 1, style)
			}
		}
		x += w
		if x >= a.W {
			break
		}
	}
	return x - start
}

// Right draws one line of text that ends before column x.
func (a Area) Right(x, y int, s string, style theme.Style) int {
	w := Width(s)
	a.Text(x-w, y, s, style)
	return w
}

// Spans draws pieces of text one after another and returns how many cells they took.
func (a Area) Spans(x, y int, spans ...Span) int {
	start := x
	for _, s := range spans {
		x += a.Text(x, y, s.Text, s.Style)
	}
	return x - start
}

// Span is a piece of text with a style.
type Span struct {
	Text  string
	Style theme.Style
}

// Cells is how many cells spans take.
func Cells(spans []Span) int {
	n := 0
	for _, s := range spans {
		n += Width(s.Text)
	}
	return n
}

// Restyle changes the style of a stretch of a line and leaves its text.
func (a Area) Restyle(x, y, w int, change func(theme.Style) theme.Style) {
	if y < 0 || y >= a.H {
		return
	}
	for i := max(x, 0); i < min(x+w, a.W); i++ {
		c := &a.canvas.cells[(a.y+y)*a.canvas.width+a.x+i]
		c.style = change(c.style)
	}
}

// Clear empties the area, for what is drawn over something else.
func (a Area) Clear() {
	for y := range a.H {
		a.Text(0, y, strings.Repeat(" ", a.W), theme.Style{})
	}
}

// Faint dims everything in the area, for what lies behind a question.
func (a Area) Faint() {
	for y := range a.H {
		a.Restyle(0, y, a.W, func(theme.Style) theme.Style { return theme.In(theme.Muted) })
	}
}

// Paste draws a canvas with its upper left corner at (x, y); what sticks out of the area is cut off.
func (a Area) Paste(c *Canvas, x, y int) {
	for cy := range c.height {
		if y+cy < 0 || y+cy >= a.H {
			continue
		}
		a.canvas.wild[a.y+y+cy] = a.canvas.wild[a.y+y+cy] || c.wild[cy]
		for cx := range c.width {
			from := c.cells[cy*c.width+cx]
			if x+cx < 0 || x+cx >= a.W || from.text == "" {
				continue
			}
			w := 1
			if cx+1 < c.width && c.cells[cy*c.width+cx+1].text == "" {
				w = 2
			}
			if x+cx+w > a.W {
				from.text, w = " ", 1
			}
			a.canvas.set(a.x+x+cx, a.y+y+cy, from.text, w, from.style)
		}
	}
}
