package pane

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// logKept is how many lines each log keeps; older ones are forgotten.
const logKept = 5000

// Log keeps lines and shows the newest, or those that were scrolled to. One Log holds the events, another one the text
// that console and stdout nodes print.
type Log struct {
	w, h     int
	lines    []logLine
	forgot   uint64
	end      int // the line behind the last one in view; 0: follow the newest
	wrapped  bool
	Warnings uint64
	Errors   uint64
}

type logLine struct {
	event live.Event
	text  string // of an Output event one of its lines
}

// SetSize tells the pane its size with its frame.
func (p *Log) SetSize(w, h int) { p.w, p.h = w, h }

// Add appends an event; Output of several lines becomes as many.
func (p *Log) Add(e live.Event) {
	switch e.Level {
	case live.Warn:
		p.Warnings++
	case live.Error:
		p.Errors++
	}
	if e.Dropped > 0 {
		p.push(logLine{live.Event{At: e.At, Level: live.Debug}, fmt.Sprintf("%d lines were dropped here", e.Dropped)})
	}
	if e.Level != live.Output {
		p.push(logLine{e, logText(e)})
		return
	}
	for line := range strings.Lines(e.Text) {
		p.push(logLine{e, strings.TrimSuffix(line, "\n")})
	}
}

func (p *Log) push(l logLine) {
	if len(p.lines) == logKept {
		p.lines = p.lines[1:]
		p.forgot++
		if p.end > 0 {
			p.end = max(p.end-1, 1)
		}
	}
	p.lines = append(p.lines, l)
}

func logText(e live.Event) string {
	if e.Node == "" || strings.HasPrefix(e.Text, e.Node+":") {
		return e.Text
	}
	return e.Node + ": " + e.Text
}

// Empty reports whether nothing was said yet.
func (p *Log) Empty() bool { return len(p.lines) == 0 }

// Wrapped reports whether long lines are broken instead of cut.
func (p *Log) Wrapped() bool { return p.wrapped }

// Key scrolls.
func (p *Log) Key(key string) {
	page, end := max(p.h-2, 1), p.end
	if end == 0 {
		end = len(p.lines)
	}
	switch key {
	case "up", "k":
		end--
	case "down", "j":
		end++
	case "pgup", "ctrl+b":
		end -= page
	case "pgdown", "ctrl+f":
		end += page
	case "home", "g":
		end = 0
	case "end", "G":
		end = len(p.lines)
	case "w":
		p.wrapped = !p.wrapped
		return
	}
	p.scroll(end)
}

func (p *Log) scroll(end int) {
	p.end = max(end, min(max(p.h-2, 1), len(p.lines)))
	if p.end >= len(p.lines) {
		p.end = 0
	}
}

// Match scrolls to the next line that the scene's find matches and reports whether there is one.
func (p *Log) Match(s *Scene, step int) bool {
	return p.seek(s.Find.next(len(p.lines), p.last(), step, func(i int) string { return p.lines[i].text }))
}

// NextError scrolls to the next older warning or error, going round.
func (p *Log) NextError() bool {
	for i := 1; i <= len(p.lines); i++ {
		at := wrap(p.last()-i, len(p.lines))
		if l := p.lines[at].event.Level; l == live.Warn || l == live.Error {
			return p.seek(at)
		}
	}
	return false
}

func (p *Log) last() int {
	if p.end == 0 {
		return len(p.lines) - 1
	}
	return p.end - 1
}

func (p *Log) seek(line int) bool {
	if line < 0 {
		return false
	}
	p.scroll(line + 1)
	return true
}

// View draws the pane as number and name, with tab as a second title for the other log that it stands for.
func (p *Log) View(a widget.Area, s *Scene, number int, name, tab string) {
	muted := theme.In(theme.Muted)
	var right []widget.Span
	if number == 4 {
		right = p.Counts()
	}
	if p.end > 0 {
		right = append([]widget.Span{{Text: fmt.Sprintf(" %d more below ", len(p.lines)-p.end), Style: theme.Strong(theme.Accent)}}, right...)
	}
	box := paneBox(number, name, s, nil, right, "")
	if other := (widget.Span{Text: " " + tab + " ", Style: muted}); tab != "" {
		bar := widget.Span{Text: s.Glyphs.Bar, Style: muted}
		if number == 4 {
			box.Left = append(box.Left, bar, other)
		} else {
			box.Left = append([]widget.Span{other, bar}, box.Left...)
		}
	}
	in := box.Draw(a, s.Glyphs)
	p.drawLines(in, s)
}

// Matches is how many lines the scene's find matches.
func (p *Log) Matches(s *Scene) int {
	return s.Find.count(len(p.lines), func(i int) string { return p.lines[i].text })
}

// Counts says how many warnings and errors there were.
func (p *Log) Counts() []widget.Span {
	style := func(n uint64, t theme.Token) theme.Style {
		if n == 0 {
			return theme.In(theme.Muted)
		}
		return theme.Strong(t)
	}
	word := func(n uint64, w string) string { return " " + plural(int(n), w) + " " }
	return []widget.Span{{Text: word(p.Warnings, "warning"), Style: style(p.Warnings, theme.Busy)},
		{Text: word(p.Errors, "error"), Style: style(p.Errors, theme.Error)}}
}

func (p *Log) drawLines(in widget.Area, s *Scene) {
	a := in.Sub(1, 0, in.W-2, in.H)
	if p.Empty() {
		a.Text(0, 0, "nothing yet", theme.In(theme.Muted))
		return
	}
	type drawn struct {
		line int
		text string
		head bool
	}
	var out []drawn
	for i := p.last(); i >= 0 && len(out) < a.H; i-- {
		l := p.lines[i]
		texts := []string{l.text}
		if p.wrapped {
			texts = widget.Wrap(l.text, max(a.W-logHead(l), 8))
		}
		for k := len(texts) - 1; k >= 0; k-- {
			out = append(out, drawn{i, texts[k], k == 0})
		}
	}
	out = out[:min(len(out), a.H)]
	slices.Reverse(out)
	for y, d := range out {
		drawLogLine(a.Sub(0, y, a.W, 1), s, p.lines[d.line], d.text, d.head)
		switch {
		case s.Find.In(p.lines[d.line].text):
			in.Text(0, y, findMark, theme.Strong(theme.Accent))
		case s.Find.Active():
			a.Restyle(0, y, a.W, func(theme.Style) theme.Style { return theme.Style{Token: theme.Muted, Faint: true} })
		}
	}
}

// logHead is how many cells stand before the text of a line.
func logHead(l logLine) int {
	if l.event.Level == live.Output {
		return 0
	}
	return len("15:04:05  level  ")
}

func drawLogLine(a widget.Area, s *Scene, l logLine, text string, head bool) {
	if l.event.Level == live.Output {
		a.Text(0, 0, widget.Fit(text, a.W, s.Glyphs.Cut), theme.Style{})
		return
	}
	x := logHead(l)
	token, word := levelWord(l.event.Level)
	if head {
		a.Text(0, 0, l.event.At.Format("15:04:05"), theme.In(theme.Muted))
		a.Text(10, 0, word, theme.Style{Token: token, Bold: l.event.Level == live.Error || l.event.Level == live.Warn})
		if place := l.event.Place; place != "" {
			if w := widget.Width(place); x+widget.Width(text)+2+w <= a.W {
				a.Right(a.W, 0, place, theme.In(theme.Muted))
			} else if len(text) == len(l.text) { // not wrapped: where it stands says more than how the line ends
				if room := a.W - x - 2 - w; room >= w {
					a.Right(a.W, 0, place, theme.In(theme.Muted))
					text = widget.Fit(text, room, s.Glyphs.Cut)
				} else {
					text += "  " + place
				}
			}
		}
	}
	style := theme.Style{}
	if l.event.Level == live.Debug {
		style = theme.In(theme.Muted)
	}
	a.Text(x, 0, widget.Fit(text, a.W-x, s.Glyphs.Cut), style)
}

func levelWord(l live.Level) (theme.Token, string) {
	switch l {
	case live.Error:
		return theme.Error, "ERROR"
	case live.Warn:
		return theme.Busy, "WARN"
	case live.Debug:
		return theme.Muted, "debug"
	}
	return theme.OK, "info"
}

// Strip draws the newest line behind the names of the two logs, for where there is no room for a pane.
func (p *Log) Strip(a widget.Area, s *Scene) {
	muted := theme.In(theme.Muted)
	x := a.Spans(0, 0, widget.Span{Text: " 4 log  5 output ", Style: muted})
	if p.Warnings+p.Errors > 0 {
		x += a.Spans(x, 0, p.Counts()...)
	}
	x += a.Text(x, 0, s.Glyphs.Bar+" ", muted)
	if p.Empty() {
		return
	}
	l := p.lines[len(p.lines)-1]
	token, word := levelWord(l.event.Level)
	x += a.Text(x, 0, l.event.At.Format("15:04:05")+" ", muted)
	x += a.Text(x, 0, word+" ", theme.In(token))
	text := l.text
	if l.event.Place != "" {
		text += "  " + l.event.Place
	}
	a.Text(x, 0, widget.Fit(text, a.W-x, s.Glyphs.Cut), theme.Style{})
}
