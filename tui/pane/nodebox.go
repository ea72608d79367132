package pane

import (
	"fmt"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// drawBox draws a node: its name in the frame, then kind and role, its rate with the last minute of it, and what it does.
// A box without room for that shows the rate only.
func drawBox(a widget.Area, x, y, w, h int, s *Scene, node int) {
	if x >= a.W || y >= a.H || x+w <= 0 || y+h <= 0 {
		return
	}
	// A box that sticks out on the left or on top is drawn on a canvas of its own size first.
	c := widget.NewCanvas(w, h)
	drawWholeBox(c.Area(), s, node)
	a.Paste(c, x, y)
}

func drawWholeBox(a widget.Area, s *Scene, node int) {
	g, n, st := s.Glyphs, s.Index.Nodes[node], s.Node(node)
	selected := node == s.Selected
	state, token := nodeState(s, node)
	frame := widget.Box{Frame: g.Pane, Style: theme.In(theme.Muted), Foot: sideOutputs(s.Index, node)}
	name := theme.Style{Bold: true}
	switch {
	case s.Verdict.Node == n.ID && s.Verdict.Mood == live.MoodBottleneck:
		frame.Style = theme.In(theme.Busy)
	case token == theme.Error:
		frame.Style = theme.In(theme.Error)
	case token == theme.Blocked:
		frame.Style = theme.In(theme.Blocked)
	}
	if selected {
		frame.Frame, name = g.Heavy, theme.Strong(theme.Accent)
		if frame.Style.Token == theme.Muted {
			frame.Style = theme.In(theme.Accent)
		}
	}
	mark := " "
	if s.Find.In(findText(n)) {
		name.Under, mark = true, findMark
	}
	frame.Left = []widget.Span{{Text: mark, Style: theme.Strong(theme.Accent)}, {Text: n.ID, Style: name}, {Text: lanesText(n, g), Style: theme.In(theme.Muted)}, {Text: " "}}
	in := frame.Draw(a, g)
	body := in.Sub(1, 0, in.W-1, in.H)
	if in.W >= 24 {
		body = in.Sub(1, 0, in.W-2, in.H)
	}
	if body.H < boxTall {
		rateLine(body, 0, s, st)
		if body.H > 1 {
			body.Text(0, 1, widget.Fit(state, body.W, g.Cut), theme.In(token))
		}
		return
	}
	kindLine(body, 0, s, n)
	rateLine(body, 1, s, st)
	stateLine(body, 2, s, node, state, token)
}

// kindLine says what kind a node is and what it does. The role is left out where there is no room for both: the wires
// tell it as well.
func kindLine(a widget.Area, y int, s *Scene, n live.Node) {
	role := roleWord(n)
	x := a.Text(0, y, widget.Fit(n.Kind, a.W, s.Glyphs.Cut), theme.In(theme.Muted))
	if n.Detail != "" {
		const gap = 2
		if room := a.W - x - gap; room >= 4 {
			x += gap + a.Text(x+gap, y, widget.Fit(n.Detail, room, s.Glyphs.Cut), theme.In(theme.Muted))
		}
	}
	if role != "" && x+1+widget.Width(role) <= a.W {
		a.Right(a.W, y, role, theme.In(theme.Muted))
	}
}

// boxWanted is how wide a node's box, with its frame, has to be for nothing in it to be cut.
func boxWanted(n live.Node) int {
	kind := widget.Width(n.Kind)
	if n.Detail != "" {
		kind += 2 + widget.Width(n.Detail)
	} else if role := roleWord(n); role != "" {
		kind += 1 + widget.Width(role)
	}
	return max(kind, widget.Width(n.ID)+widget.Width(lanesText(n, theme.Unicode))+2, widget.Width(n.Promise)) + 4
}

// roleWord is the role of a node where it is worth a word.
func roleWord(n live.Node) string {
	if n.Role == live.Transform {
		return ""
	}
	return string(n.Role)
}

func rateLine(a widget.Area, y int, s *Scene, st live.NodeStats) {
	const rate = 5
	a.Right(rate, y, widget.Rate(st.Rate), theme.Style{Token: activeToken(st), Bold: st.Rate > 0})
	drawSparkline(a, rate+1, y, a.W-rate-1, s, st)
}

func stateLine(a widget.Area, y int, s *Scene, node int, state string, token theme.Token) {
	n, st := s.Index.Nodes[node], s.Node(node)
	moving := st.Busy >= 0.005 || st.Blocked >= 0.005
	shares := []widget.Span{
		{Text: "busy ", Style: theme.In(theme.Muted)},
		{Text: fmt.Sprintf("%2s", short2(st.Busy)), Style: theme.In(loud(st.Busy, busyLoud, theme.Busy))},
		{Text: " blk ", Style: theme.In(theme.Muted)},
		{Text: fmt.Sprintf("%2s", short2(st.Blocked)), Style: theme.In(loud(st.Blocked, blockedLoud, theme.Blocked))},
	}
	usual := st.Status == "" && !st.Ended && moving && !s.Snapshot.State.Ended()
	var spans []widget.Span
	switch {
	case usual:
		spans = shares
	default:
		spans = []widget.Span{{Text: state, Style: theme.In(token)}}
	}
	if n.Role == live.Sink && n.Promise != "" && st.Status == "" {
		promise := widget.Span{Text: n.Promise, Style: theme.In(theme.Muted)}
		if widget.Cells(spans)+2+widget.Width(n.Promise) <= a.W {
			a.Right(a.W, y, n.Promise, promise.Style)
		} else {
			spans = []widget.Span{promise}
		}
	}
	if lag := lagText(s, st); lag != "" && n.Role != live.Sink && widget.Cells(spans)+2+widget.Width(lag) <= a.W {
		a.Right(a.W, y, lag, theme.In(theme.Muted))
	}
	widget.Clip(a.Sub(0, y, a.W, 1), s.Glyphs, spans...)
}

// short2 is a share in two characters.
func short2(share float64) string { return widget.Percent(min(share, 0.99)) }

// sideOutputs names the outputs of a node, beside the main one, that are read.
func sideOutputs(x *Index, node int) string {
	var names []string
	for _, e := range x.Out[node] {
		if o := x.Edges[e].Output; o != "" && !strings.Contains(" "+strings.Join(names, " ")+" ", " ."+o+" ") {
			names = append(names, "."+o)
		}
	}
	return strings.Join(names, " ")
}
