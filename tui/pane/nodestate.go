package pane

import (
	"strconv"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// The shares of a second from which a number stands out.
const (
	busyLoud    = 0.8
	blockedLoud = 0.5
)

// nodeState is what a node does, in a word or two and a colour.
func nodeState(s *Scene, node int) (string, theme.Token) {
	st := s.Node(node)
	switch {
	case len(s.Snapshot.Nodes) == 0:
		return "starting", theme.Muted
	case s.Snapshot.State == live.Failed && s.Verdict.Node == s.Index.Nodes[node].ID:
		return "failed", theme.Error
	case st.Ended:
		return "ended", theme.Muted
	case st.Status != "":
		return st.Status, theme.Busy
	case s.Snapshot.State.Ended():
		return "stopped", theme.Muted
	case s.Snapshot.State == live.Paused && s.Index.Nodes[node].Role == live.Source:
		return "paused", theme.Busy
	case st.Blocked >= 0.1 && st.Blocked > st.Busy:
		return "blocked " + widget.Percent(st.Blocked) + "%", loud(st.Blocked, blockedLoud, theme.Blocked)
	case st.Busy >= 0.005:
		return "busy " + widget.Percent(st.Busy) + "%", loud(st.Busy, busyLoud, theme.Busy)
	case st.Rate > 0:
		return "flowing", theme.Text
	}
	return "waiting", theme.Muted
}

func loud(share, from float64, t theme.Token) theme.Token {
	if share >= from {
		return t
	}
	return theme.Text
}

// rateToken is the colour of a node's rate and sparkline.
func rateToken(st live.NodeStats) theme.Token {
	if st.Rate > 0 {
		return theme.OK
	}
	return theme.Muted
}

// sparkSeconds is what a sparkline covers once a run is that old.
const sparkSeconds = 60

// drawSparkline draws a node's last minute. A young run is not squeezed to the right: until its seconds fill the width each
// of them has a cell of its own, and the time before it began is dotted, so that it does not look like a loss.
func drawSparkline(a widget.Area, x, y, width int, s *Scene, st live.NodeStats) {
	span := min(max(len(st.History), width), sparkSeconds)
	line := widget.Sparkline(st.History, span, width, s.Glyphs)
	bars := strings.TrimLeft(line, " ")
	before := widget.Width(line) - widget.Width(bars)
	a.Text(x, y, strings.Repeat(s.Glyphs.Before, before), theme.Style{Token: theme.Muted, Faint: true})
	a.Text(x+before, y, bars, theme.In(rateToken(st)))
}

// lanesText is how a node's lanes are written behind its name: " ×4"; empty where it has one.
func lanesText(n live.Node, g theme.Glyphs) string {
	if n.Lanes < 2 {
		return ""
	}
	return " " + g.Times + strconv.Itoa(n.Lanes)
}

// queueText is the queue of an edge as four cells, or what stands there where it has none; empty where nothing is known of it.
func queueText(s *Scene, edge int) string {
	switch e := s.Index.Edges[edge]; {
	case e.Chained:
		return widget.Joined(s.Glyphs)
	case e.Capacity > 0:
		return widget.Queue(s.Edge(edge).Queued, e.Capacity, s.Glyphs)
	}
	return ""
}

// edgeToken is the colour of a wire and of its queue.
func edgeToken(s *Scene, edge int) theme.Token {
	st, e := s.Edge(edge), s.Index.Edges[edge]
	switch {
	case st.FullFor > 0 || e.Capacity > 0 && st.Queued >= e.Capacity:
		return theme.Blocked
	case st.Queued > 0 || s.Node(s.Index.To(edge)).Rate > 0:
		return theme.OK
	}
	return theme.Muted
}
