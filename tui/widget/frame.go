package widget

import (
	"strings"

	"flowrun/tui/theme"
)

// Box is a frame with text in its upper edge.
type Box struct {
	Frame theme.Frame
	Style theme.Style
	Left  []Span // in the upper edge
	Right []Span // in the upper edge too, where there is room; the left text gives way down to half
	Foot  string // in the lower edge
}

// Draw draws the box along the border of the area and returns what is inside.
func (b Box) Draw(a Area, g theme.Glyphs) Area {
	if a.W < 2 || a.H < 2 {
		return a.Sub(0, 0, 0, 0)
	}
	line := strings.Repeat(b.Frame.Horizontal, a.W-2)
	a.Text(0, 0, b.Frame.TopLeft+line+b.Frame.TopRight, b.Style)
	a.Text(0, a.H-1, b.Frame.BottomLeft+line+b.Frame.BottomRight, b.Style)
	for y := 1; y < a.H-1; y++ {
		a.Text(0, y, b.Frame.Vertical, b.Style)
		a.Text(a.W-1, y, b.Frame.Vertical, b.Style)
	}
	room := a.W - 4 // a line at each end
	right := Cells(b.Right)
	left := Cells(b.Left)
	if right > 0 && left+right+1 > room {
		right = 0
		if spare := room - left - 1; spare >= 12 {
			right = spare
		} else if room >= 48 {
			right = min(Cells(b.Right), room/2)
		}
	}
	if right > 0 {
		clip(a.Sub(a.W-2-right, 0, right, 1), b.Right, g)
		room -= right + 1
	}
	clip(a.Sub(2, 0, min(room, left), 1), b.Left, g)
	if b.Foot != "" && a.W > 8 {
		foot := " " + Fit(b.Foot, a.W-6, g.Cut) + " "
		a.Text(2, a.H-1, foot, theme.In(theme.Muted))
	}
	return a.Sub(1, 1, a.W-2, a.H-2)
}

// clip draws spans and marks where they were cut.
func clip(a Area, spans []Span, g theme.Glyphs) {
	if n := a.Spans(0, 0, spans...); n >= a.W && Cells(spans) > a.W && a.W > 0 {
		a.Text(a.W-Width(g.Cut), 0, g.Cut, theme.In(theme.Muted))
	}
}

// Clip draws spans on the first line of the area and marks where they were cut.
func Clip(a Area, g theme.Glyphs, spans ...Span) { clip(a, spans, g) }
