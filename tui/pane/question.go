package pane

import (
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// Question asks before something that is hard to undo and says what will happen.
type Question struct {
	Title string
	Text  string
	Yes   string // what the key does: "drain and quit"
}

// View draws the question in the middle of the area, over what is there, which is dimmed.
func (q Question) View(a widget.Area, s *Scene) {
	a.Faint()
	w := min(max(a.W-4, 20), 64, a.W)
	lines := widget.Wrap(q.Text, w-4)
	h := min(len(lines)+5, a.H)
	box := a.Sub((a.W-w)/2, max((a.H-h)/2, 0), w, h)
	box.Clear()
	in := widget.Box{Frame: s.Glyphs.Pane, Style: theme.In(theme.Accent),
		Left: []widget.Span{{Text: " " + q.Title + " ", Style: theme.Strong(theme.Accent)}}}.Draw(box, s.Glyphs)
	body := in.Sub(1, 1, in.W-2, in.H-1)
	for i, line := range lines {
		if i < body.H-2 {
			body.Text(0, i, line, theme.Style{})
		}
	}
	widget.Clip(body.Sub(0, max(body.H-1, 0), body.W, 1), s.Glyphs,
		widget.Span{Text: "y", Style: theme.Strong(theme.Accent)}, widget.Span{Text: " " + q.Yes + "   "},
		widget.Span{Text: "n", Style: theme.Strong(theme.Accent)}, widget.Span{Text: " go on as before"})
}
