package tui

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/tui/pane"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// View draws the frame: exactly as many lines as the terminal has, each exactly as wide.
func (m *model) View() string {
	if m.width == 0 {
		return ""
	}
	c := widget.NewCanvas(m.width, m.height)
	m.draw(c.Area())
	return strings.Join(c.Lines(m.painter), "\n")
}

func (m *model) draw(a widget.Area) {
	if m.layout.size == tooSmall {
		m.drawTooSmall(a)
		return
	}
	header := m.scene
	header.Snapshot, header.Now = m.latest, m.now
	pane.Header{Lost: m.lost, FrozenSince: m.frozen}.View(a.Sub(0, 0, a.W, 1), &header)
	body := a.Sub(m.layout.body.x, m.layout.body.y, m.layout.body.w, m.layout.body.h)
	if m.helping {
		m.help.View(body, &m.scene, m.entries())
	} else {
		m.drawPanes(a)
	}
	if m.question != nil {
		m.question.View(body, &m.scene)
	}
	m.drawFoot(a.Sub(0, m.layout.foot, a.W, 1))
}

func (m *model) drawPanes(a widget.Area) {
	for _, id := range paneOrder {
		r, ok := m.layout.panes[id]
		if !ok {
			continue
		}
		s, at := m.sceneOf(id), a.Sub(r.x, r.y, r.w, r.h)
		switch id {
		case graphPane:
			m.graph.View(at, &s)
		case batchPane:
			m.batch.View(at, &s)
		case schemaPane:
			m.schema.View(at, &s)
		case logPane:
			m.log.View(at, &s, int(id), "log", m.tab(outputPane, "5 output"))
		case outputPane:
			m.output.View(at, &s, int(id), "output", m.tab(logPane, "4 log"))
		}
	}
	if r := m.layout.strip; r.w > 0 {
		m.log.Strip(a.Sub(r.x, r.y, r.w, r.h), &m.scene)
	}
}

// tab is the title of the other log where that has no place of its own.
func (m *model) tab(other paneID, title string) string {
	if _, shown := m.layout.panes[other]; shown {
		return ""
	}
	return title
}

func (m *model) drawTooSmall(a widget.Area) {
	if m.question != nil {
		a.Text(0, 0, widget.Fit(m.question.Title+"?", a.W, ""), theme.Strong(theme.Accent))
		a.Text(0, 1, widget.Fit("y "+m.question.Yes, a.W, ""), theme.Style{})
		a.Text(0, 2, widget.Fit("n go on", a.W, ""), theme.Style{})
		return
	}
	word, token, glyph := pane.StateWord(m.latest.State, m.scene.Glyphs)
	lines := []string{
		glyph + " " + word,
		fmt.Sprintf("needs %dx%d, has %dx%d", leastWidth, leastHeight, a.W, a.H),
		"q quits",
	}
	top := max((a.H-len(lines))/2, 0)
	for i, line := range lines {
		style := theme.Style{}
		if i == 0 {
			style = theme.Strong(token)
		}
		a.Text(max((a.W-widget.Width(line))/2, 0), top+i, line, style)
	}
}

// drawFoot draws the last line: what is typed, what was just said, else the keys that matter most here.
func (m *model) drawFoot(a widget.Area) {
	switch {
	case m.prompt != nil:
		m.prompt.view(a, m)
		return
	case m.failure != "":
		a.Text(1, 0, widget.Fit("cannot watch the run: "+m.failure, a.W-2, m.scene.Glyphs.Cut), theme.Strong(theme.Error))
		return
	case m.notice != "" && m.now.Before(m.noticeUntil):
		a.Text(1, 0, widget.Fit(m.notice, a.W-2, m.scene.Glyphs.Cut), theme.In(theme.Accent))
		return
	}
	x := 1
	for _, h := range m.hints(a.W - 2) {
		x += a.Text(x, 0, h.key, theme.In(theme.Accent)) + 1
		x += a.Text(x, 0, h.text, theme.In(theme.Muted)) + 2
	}
}

type hint struct {
	key, text string
	rank      int
}

func (h hint) width() int { return widget.Width(h.key) + 1 + widget.Width(h.text) + 2 }

// hints are the keys for the last line, as many as fit, in the order of the table.
func (m *model) hints(width int) []hint {
	switch {
	case m.question != nil:
		return []hint{{"y", m.question.Yes, 1}, {"n", "go on as before", 2}}
	case m.helping:
		return []hint{{m.scene.Glyphs.Arrows, "scroll", 2}, {"esc", "close", 1}}
	}
	g := m.scene.Glyphs
	var all []hint
	for _, b := range bindings() {
		if b.hint == "" || b.reason(m) != "" || len(b.panes) > 0 && !slices.Contains(b.panes, m.focus) {
			continue
		}
		h := hint{b.shown(), b.hint, b.rank}
		switch b.keys[0] {
		case "left":
			h.key = g.Arrows
		case "enter":
			h.key = g.Enter
			if m.zoomed {
				h.key, h.text = "esc", "back"
			}
		case "tab":
			h.key = "tab"
		case "p":
			if m.paused() {
				h.text = "resume"
			}
		case " ":
			if !m.frozen.IsZero() {
				h.text = "unfreeze"
			}
		}
		if len(b.panes) > 0 {
			h.rank = 5
		}
		all = append(all, h)
	}
	for {
		total, worst := -2, 0
		for i, h := range all {
			total += h.width()
			if h.rank >= all[worst].rank {
				worst = i
			}
		}
		if total <= width || len(all) == 0 {
			// help and quit stand last, as everywhere
			slices.SortStableFunc(all, func(a, b hint) int { return last(a) - last(b) })
			return all
		}
		all = slices.Delete(all, worst, worst+1)
	}
}

func last(h hint) int {
	switch h.key {
	case "?":
		return 1
	case "q":
		return 2
	}
	return 0
}
