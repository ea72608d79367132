package theme

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
)

// Painter turns styles into terminal codes for one terminal and one palette. It remembers the codes of each style it has
// seen, since there are few and they are asked for on every frame. It is not safe for concurrent use.
type Painter struct {
	renderer *lipgloss.Renderer
	palette  Palette
	codes    map[Style][2]string
}

// NewPainter returns a painter; r knows the terminal's colours and background.
func NewPainter(r *lipgloss.Renderer, p Palette) *Painter {
	return &Painter{renderer: r, palette: p, codes: map[Style][2]string{}}
}

// Palette is what the painter paints with.
func (p *Painter) Palette() Palette { return p.palette }

// With returns a painter for the same terminal with another palette.
func (p *Painter) With(palette Palette) *Painter { return NewPainter(p.renderer, palette) }

// On returns a painter of the same palette for a terminal whose background is dark or light.
func (p *Painter) On(dark bool) *Painter {
	p.renderer.SetHasDarkBackground(dark)
	return NewPainter(p.renderer, p.palette)
}

// Codes are what to write before and after text of a style; both are empty where the terminal shows no colours.
func (p *Painter) Codes(s Style) (before, after string) {
	if s == (Style{}) {
		return "", ""
	}
	c, ok := p.codes[s]
	if !ok {
		const mark = "x"
		style := p.renderer.NewStyle().Foreground(p.palette.colors[s.Token]).
			Bold(s.Bold).Faint(s.Faint).Reverse(s.Reverse).Underline(s.Under)
		c[0], c[1], _ = strings.Cut(style.Render(mark), mark)
		p.codes[s] = c
	}
	return c[0], c[1]
}
