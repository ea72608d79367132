package pane

import (
	"time"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// reached is the event time that the sinks have come to; zero: there is none.
func reached(s *Scene) time.Time {
	var sinks []live.NodeStats
	for i, n := range s.Index.Nodes {
		if n.Role == live.Sink {
			sinks = append(sinks, s.Node(i))
		}
	}
	return live.Reached(sinks)
}

// behind is how far event time is behind the clock; where rows come from the future it is ahead.
func behind(d time.Duration) string {
	if d < 0 {
		return widget.Age(-d) + " ahead"
	}
	return widget.Age(d) + " behind"
}

// momentText writes a time in UTC: of today by the clock, of another day with the date.
func momentText(at, now time.Time) string {
	if at.Truncate(24 * time.Hour).Equal(now.Truncate(24 * time.Hour)) {
		return at.Format("15:04:05.000")
	}
	return at.Format(time.DateTime)
}

// lagText is how far a node's event time is behind, as its box says it; empty where it has none, or does not go on.
func lagText(s *Scene, st live.NodeStats) string {
	switch {
	case st.Watermark.IsZero() || st.Ended || s.Snapshot.State.Ended():
		return ""
	case st.Idle:
		return "idle"
	}
	return behind(s.Snapshot.At.Sub(st.Watermark))
}

// timeLines say of a node how far event time is, and what it remembers.
func timeLines(s *Scene, st live.NodeStats) [][]widget.Span {
	muted := theme.In(theme.Muted)
	var lines [][]widget.Span
	if at := st.Watermark; !at.IsZero() {
		line := []widget.Span{{Text: "watermark ", Style: muted}, {Text: momentText(at.UTC(), s.Snapshot.At.UTC())}}
		if st.Idle && !st.Ended && !s.Snapshot.State.Ended() {
			line = append(line, widget.Span{Text: "  idle", Style: muted})
		}
		lines = append(lines, line)
	}
	if st.StateRows > 0 || st.StateBytes > 0 {
		lines = append(lines, []widget.Span{{Text: "state ", Style: muted}, {Text: widget.Count(st.StateRows)},
			{Text: " rows  ", Style: muted}, {Text: widget.Bytes(st.StateBytes)}})
		if st.StateOnDisk > 0 {
			lines = append(lines, []widget.Span{{Text: "of it ", Style: muted}, {Text: widget.Bytes(st.StateOnDisk)}, {Text: " on disk", Style: muted}})
		}
	}
	return lines
}
