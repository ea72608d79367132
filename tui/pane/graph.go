package pane

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// Graph is the pane of nodes and edges: boxes and wires where they fit, else an indented list, and below it the verdict.
type Graph struct {
	w, h  int
	words int  // lines of the verdict
	boxes bool // boxes are wanted
	whole bool // boxes even where they do not fit: the selection is kept in view

	index *Index
	rows  []listRow
	chart chart
	drawn bool // the chart is what is shown
}

// SetSize tells the pane its size with its frame, how many of the lines are the verdict's, whether boxes may be drawn,
// and whether to scroll if they do not fit.
func (p *Graph) SetSize(w, h, words int, boxes, whole bool) {
	words = max(min(words, h-3), 1)
	if p.w == w && p.h == h && p.words == words && p.boxes == boxes && p.whole == whole {
		return
	}
	p.w, p.h, p.words, p.boxes, p.whole = w, h, words, boxes, whole
	p.arrange()
}

// SetIndex tells the pane the graph.
func (p *Graph) SetIndex(x *Index) {
	p.index, p.rows = x, listRows(x)
	p.arrange()
}

const graphMargin = 2 // cells left and right of what is drawn, inside of the frame

func (p *Graph) arrange() {
	p.chart, p.drawn = chart{}, false
	if p.index == nil || !p.boxes {
		return
	}
	p.chart, p.drawn = best(p.index, p.w-2-graphMargin, p.h-2-p.words)
	if !p.drawn && p.whole {
		p.chart, p.drawn = arrange(p.index, 0, 0, boxTall, 0)
	}
}

// best is the most generous chart that fits.
func best(x *Index, w, h int) (chart, bool) {
	for _, try := range [...]struct{ inner, air int }{{boxTall, 1}, {boxTall, 0}, {boxFlat, 0}} {
		if c, ok := arrange(x, max(w, 1), max(h, 1), try.inner, try.air); ok && c.h <= h {
			return c, true
		}
	}
	return chart{}, false
}

// GraphLines is how many lines the pane needs with its frame and words lines of verdict, at most limit.
func GraphLines(x *Index, w, limit, words int, boxes bool) int {
	if boxes {
		if c, ok := best(x, w-2-graphMargin, limit-2-words); ok {
			return c.h + 2 + words
		}
	}
	return min(max(len(x.Nodes), 1)+2+words, limit)
}

// VerdictLines is how many lines the verdict gets in a pane of width w. Only what a user has to read to get on gets more
// than one, so that the panes do not jump while numbers change.
func VerdictLines(v live.Verdict, w int) int {
	if v.Mood != live.MoodConnecting && v.Mood != live.MoodFailed {
		return 1
	}
	return min(max(len(verdictText(v, w-4)), 1), 3)
}

// verdictText is the verdict behind its label, wrapped.
func verdictText(v live.Verdict, w int) []string {
	label, _ := verdictLabel(v.Mood)
	text := v.Text
	if text == "" {
		text = "starting"
	}
	return widget.Wrap(text, max(w-len(label)-1, 8))
}

// Key moves the selection and returns the node that is selected now.
func (p *Graph) Key(key string, s *Scene) int {
	if p.index == nil || len(p.index.Nodes) == 0 {
		return -1
	}
	switch key {
	case "left", "h":
		return p.along(s.Selected, p.index.In, p.index.From)
	case "right", "l":
		return p.along(s.Selected, p.index.Out, p.index.To)
	case "up", "k":
		return p.beside(s.Selected, -1)
	case "down", "j":
		return p.beside(s.Selected, 1)
	case "home", "g":
		return p.rows[0].node
	case "end", "G":
		return p.rows[len(p.rows)-1].node
	}
	return s.Selected
}

// along goes to the first node that an edge leads to.
func (p *Graph) along(node int, edges [][]int, end func(int) int) int {
	if node < 0 || len(edges[node]) == 0 {
		return node
	}
	return end(edges[node][0])
}

// beside goes to the node above or below: in the list to the neighbour, among boxes to the nearest in the column.
func (p *Graph) beside(node, step int) int {
	if !p.drawn || node < 0 {
		at := slices.IndexFunc(p.rows, func(r listRow) bool { return r.node == node })
		return p.rows[min(max(at+step, 0), len(p.rows)-1)].node
	}
	from, found, far := p.chart.boxes[node], node, 0
	for i, b := range p.chart.boxes {
		way := (b.y - from.y) * step
		if i == node || way <= 0 {
			continue
		}
		way += 4 * max(b.x-from.x, from.x-b.x)
		if found == node || way < far {
			found, far = i, way
		}
	}
	return found
}

// Match finds the next node that the scene's find matches, behind the selected one or before it.
func (p *Graph) Match(s *Scene, step int) int {
	at := slices.IndexFunc(p.rows, func(r listRow) bool { return r.node == s.Selected })
	n := s.Find.next(len(p.rows), at, step, func(i int) string { return findText(p.index.Nodes[p.rows[i].node]) })
	if n < 0 {
		return -1
	}
	return p.rows[n].node
}

// Matches is how many nodes the scene's find matches.
func (p *Graph) Matches(s *Scene) int {
	return s.Find.count(len(p.rows), func(i int) string { return findText(p.index.Nodes[p.rows[i].node]) })
}

// View draws the pane.
func (p *Graph) View(a widget.Area, s *Scene) {
	foot := ""
	inner := a.H - 2 - p.words
	first := 0
	if !p.drawn && len(p.rows) > inner && inner > 0 {
		at := slices.IndexFunc(p.rows, func(r listRow) bool { return r.node == s.Selected })
		first = min(max(at-inner/2, 0), len(p.rows)-inner)
		foot = fmt.Sprintf("nodes %d-%d of %d", first+1, first+inner, len(p.rows))
	}
	var right []widget.Span
	if len(p.rows) > 0 {
		right = []widget.Span{{Text: " rows/s, last 60s ", Style: theme.In(theme.Muted)}}
	}
	in := paneBox(1, "graph", s, nil, right, foot).Draw(a, s.Glyphs)
	if in.H < 1 {
		return
	}
	body := in.Sub(1, 0, in.W-2, in.H-p.words)
	verdict := in.Sub(1, in.H-p.words, in.W-2, p.words)
	switch {
	case p.drawn:
		p.drawChart(body, s)
	default:
		columns := fitColumns(p.index, p.rows, body.W)
		for i := first; i < min(first+body.H, len(p.rows)); i++ {
			drawListRow(body, i-first, s, p.rows[i], columns)
		}
		if free := body.H - len(p.rows); free > 0 { // the verdict follows the rows and takes the lines that are free
			verdict = in.Sub(1, len(p.rows), in.W-2, in.H-len(p.rows))
		}
	}
	drawVerdict(verdict, s)
}

// drawVerdict says how the run is doing.
func drawVerdict(a widget.Area, s *Scene) {
	label, token := verdictLabel(s.Verdict.Mood)
	x := a.Text(0, 0, label, theme.Strong(token)) + 1
	lines := verdictText(s.Verdict, a.W)
	if len(lines) > a.H {
		lines = append(lines[:max(a.H-1, 0)], strings.Join(lines[max(a.H-1, 0):], " "))
	}
	for i, line := range lines {
		a.Text(x, i, widget.Fit(line, a.W-x, s.Glyphs.Cut), theme.Style{})
	}
}

func verdictLabel(m live.Mood) (string, theme.Token) {
	switch m {
	case live.MoodFailed:
		return "failed:", theme.Error
	case live.MoodBottleneck:
		return "bottleneck ", theme.Busy
	case live.MoodFinished:
		return "finished:", theme.OK
	case live.MoodConnecting, live.MoodChanging, live.MoodPaused:
		return "verdict:", theme.Busy
	case live.MoodWaiting, live.MoodStarting, "":
		return "verdict:", theme.Text
	}
	return "verdict:", theme.OK
}

// paneBox is the frame of a pane with its number and name; the one that has the keys carries a mark.
func paneBox(number int, name string, s *Scene, left, right []widget.Span, foot string) widget.Box {
	mark, style, title := " ", theme.In(theme.Muted), theme.Style{}
	if s.Focused {
		mark, style, title = s.Glyphs.Right, theme.In(theme.Accent), theme.Strong(theme.Accent)
		if s.Glyphs.ASCII {
			mark = ">"
		}
	}
	spans := []widget.Span{{Text: mark, Style: style}, {Text: fmt.Sprintf("%d %s ", number, name), Style: title}}
	return widget.Box{Frame: s.Glyphs.Pane, Style: style, Left: append(spans, left...), Right: right, Foot: foot}
}

func (p *Graph) drawChart(a widget.Area, s *Scene) {
	dx, dy := 0, 0
	if s.Selected >= 0 {
		b := p.chart.boxes[s.Selected]
		dx, dy = follow(b.x, b.w, p.chart.w, a.W), follow(b.y, b.h, p.chart.h, a.H)
	}
	if dx == 0 && p.chart.w < a.W {
		dx = -min((a.W-p.chart.w)/2, 2)
	}
	for pass := range 2 { // what flows or waits is drawn over what does not
		for _, w := range p.chart.wires {
			token, touched := p.wireToken(w, s)
			if (token != theme.Muted || touched) != (pass == 1) {
				continue
			}
			p.drawWire(a, w, s, token, dx, dy)
		}
	}
	for i, b := range p.chart.boxes {
		drawBox(a, b.x-dx, b.y-dy, b.w, b.h, s, i)
	}
	p.joints(a, dx, dy, s)
}

// follow gives the offset at which a stretch of a line is in view.
func follow(at, length, total, view int) int {
	if total <= view {
		return 0
	}
	return min(max(at+length/2-view/2, 0), total-view)
}

// wireToken is the colour of a wire, and whether it touches the selected node.
func (p *Graph) wireToken(w wire, s *Scene) (token theme.Token, touched bool) {
	token = theme.Muted
	for _, e := range w.edges {
		if edgeToken(s, e) == theme.Blocked {
			token = theme.Blocked
		}
		touched = touched || p.index.From(e) == s.Selected || p.index.To(e) == s.Selected
	}
	if touched && token == theme.Muted {
		token = theme.Text
	}
	return token, touched
}

func (p *Graph) drawWire(a widget.Area, w wire, s *Scene, token theme.Token, dx, dy int) {
	g := s.Glyphs
	line := theme.In(token)
	for _, c := range w.cells {
		x, y := c.x-dx, c.y-dy
		if x < 0 || y < 0 || x >= a.W || y >= a.H {
			continue
		}
		switch c.mark {
		case 'l':
			a.Text(x, y, g.Leave, line)
		case 'q':
			if queue := queueText(s, c.edge); queue != "" {
				a.Text(x, y, strings.Split(queue, "")[c.n], theme.In(edgeToken(s, c.edge)))
			} else {
				a.Text(x, y, g.Wires[left|right], line)
			}
		case 'a':
			a.Text(x, y, g.Arrive, theme.In(edgeToken(s, c.edge)))
		default:
			a.Text(x, y, g.Wires[c.dirs], line)
		}
	}
}

// joints draws the cells in which wires cross, once all are known.
func (p *Graph) joints(a widget.Area, dx, dy int, s *Scene) {
	seen := map[[2]int]int{}
	crossed := map[[2]int]bool{}
	for _, w := range p.chart.wires {
		for _, c := range w.cells {
			at := [2]int{c.x, c.y}
			if before, ok := seen[at]; ok && before|c.dirs != before {
				crossed[at] = true
			}
			seen[at] |= c.dirs
		}
	}
	for at := range crossed {
		if x, y := at[0]-dx, at[1]-dy; x >= 0 && y >= 0 {
			a.Text(x, y, s.Glyphs.Wires[seen[at]], theme.In(theme.Muted))
		}
	}
}
