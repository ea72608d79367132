package pane

import (
	"strconv"
	"strings"
	"time"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// Header is the first line of the screen: which pipeline, and whether it is well. What it shows is never frozen.
type Header struct {
	Lost        bool      // the run cannot be watched any more
	FrozenSince time.Time // zero: the view is not frozen
}

// agesFrom is the width from which the first line says how old the last epoch is, or with a checkpoint the last commit.
const agesFrom = 100

// View draws the line. Where there is no room the last things go first.
func (h Header) View(a widget.Area, s *Scene) {
	g := s.Glyphs
	x := a.Text(0, 0, " flowrun ", theme.In(theme.Muted))
	x += a.Text(x, 0, g.Crumb+" ", theme.In(theme.Muted))
	rest := h.facts(s, a.W)
	name := s.Index.Pipeline
	if name == "" {
		name = strings.TrimSuffix(s.Index.File, ".yaml")
	}
	must := widget.Cells(rest[0]) + 4
	for _, fact := range rest[1:min(h.first(s), len(rest))] {
		must += widget.Cells(fact) + 3
	}
	if name != "" {
		x += a.Text(x, 0, widget.Fit(name, max(a.W-x-must, nameLeast), g.Cut), theme.Style{Bold: true})
		x += 3
	}
	for i, fact := range rest {
		w := widget.Cells(fact)
		if i > 0 && x+w+1 > a.W {
			continue
		}
		a.Spans(x, 0, fact...)
		x += w + 3
	}
}

// nameLeast is how much of a pipeline's name stays when what matters more needs the room.
const nameLeast = 12

// first is how many of the facts are there before the name gets its room: the state, the rate, and what went wrong.
func (h Header) first(s *Scene) int {
	n := 2
	rejected, late := fates(s)
	if rejected > 0 {
		n++
	}
	if late > 0 {
		n++
	}
	return n
}

// fates are the rows of all nodes that were rejected, and those that came late.
func fates(s *Scene) (rejected, late uint64) {
	for i := range s.Index.Nodes {
		st := s.Node(i)
		rejected += st.Rejected
		late += st.Late
	}
	return rejected, late
}

func (h Header) facts(s *Scene, width int) [][]widget.Span {
	span := func(t theme.Token, text string) widget.Span { return widget.Span{Text: text, Style: theme.In(t)} }
	state, token, glyph := StateWord(s.Snapshot.State, s.Glyphs)
	if h.Lost {
		state, token, glyph = "LOST", theme.Error, s.Glyphs.Bad
	}
	first := []widget.Span{
		{Text: glyph + " " + state, Style: theme.Strong(token)},
		span(theme.Text, " "+widget.Clock(s.Snapshot.Elapsed)),
	}
	if !h.FrozenSince.IsZero() {
		frozen := "  " + s.Glyphs.Frozen + " FROZEN " + widget.Clock(s.Now.Sub(h.FrozenSince))[3:]
		first = append(first, widget.Span{Text: frozen, Style: theme.Strong(theme.Accent)})
	}
	facts := [][]widget.Span{first}
	if len(s.Snapshot.Nodes) == 0 {
		return facts
	}
	rate, read := 0.0, uint64(0)
	rejected, late := fates(s)
	for i, n := range s.Index.Nodes {
		st := s.Node(i)
		if n.Role == live.Source {
			rate += st.Rate
			read += st.RowsOut
		}
	}
	if s.Snapshot.State.Ended() {
		facts = append(facts, []widget.Span{span(theme.Text, widget.Count(read)), span(theme.Muted, " rows")})
	} else {
		facts = append(facts, []widget.Span{span(theme.Text, widget.Rate(rate)), span(theme.Muted, " rows/s")})
	}
	if rejected > 0 {
		facts = append(facts, []widget.Span{span(theme.Late, widget.Short(rejected)+" rejected")})
	}
	if late > 0 {
		facts = append(facts, []widget.Span{span(theme.Late, widget.Short(late)+" late")})
	}
	var lag []widget.Span
	if at := reached(s); !at.IsZero() && !s.Snapshot.State.Ended() {
		lag = []widget.Span{span(theme.Text, behind(s.Snapshot.At.Sub(at)))}
	}
	if lag != nil && width < agesFrom { // where there is no room for both it says more than the epoch, also without the word
		facts, lag = append(facts, lag), nil
	}
	if s.Snapshot.Epochs > 0 {
		epoch := []widget.Span{span(theme.Muted, "epoch "), span(theme.Text, widget.Count(s.Snapshot.Epochs-1))}
		cut := s.Snapshot.LastCut
		if c := s.Snapshot.Commit; c != nil { // what is done is what is durable
			cut = c.At
		}
		if !cut.IsZero() && width >= agesFrom {
			epoch = append(epoch, span(theme.OK, " "+s.Glyphs.Good), span(theme.Muted, " "+since(s.Now.Sub(cut))))
		}
		facts = append(facts, epoch)
	}
	if lag != nil {
		facts = append(facts, append([]widget.Span{span(theme.Muted, "watermark ")}, lag...))
	}
	if s.Index.Where != "" {
		facts = append(facts, []widget.Span{span(theme.Muted, s.Index.Where)})
	}
	if s.Snapshot.HeapBytes > 0 {
		facts = append(facts, []widget.Span{span(theme.Muted, "heap "+widget.Bytes(s.Snapshot.HeapBytes))})
	}
	return facts
}

// since is an age in whole seconds: what changes on every frame in the first line would catch the eye for nothing.
func since(d time.Duration) string {
	if d < time.Minute {
		return strconv.Itoa(int(max(d, 0).Seconds())) + "s ago"
	}
	return widget.Age(d) + " ago"
}

// StateWord is how a run's state is written: a word, its colour and a glyph.
func StateWord(s live.State, g theme.Glyphs) (word string, t theme.Token, glyph string) {
	switch s {
	case live.Running:
		return "RUNNING", theme.OK, g.Dot
	case live.Pausing:
		return "PAUSING", theme.Busy, g.Half
	case live.Paused:
		return "PAUSED", theme.Busy, g.Ring
	case live.Draining:
		return "DRAINING", theme.Busy, g.Half
	case live.Finished:
		return "FINISHED", theme.OK, g.Good
	case live.Failed:
		return "FAILED", theme.Error, g.Bad
	}
	return "STARTING", theme.Muted, g.Ring
}
