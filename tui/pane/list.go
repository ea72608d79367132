package pane

import (
	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// listRow is a node in the indented list.
type listRow struct {
	node   int
	prefix []byte // of what stands before the name, from the left: ' ' nothing, '|' a stem, '+' a branch, '`' the last one
}

// listRows puts the nodes into the order of a tree: each below its first input.
func listRows(x *Index) []listRow {
	children := make([][]int, len(x.Nodes))
	var roots []int
	for i := range x.Nodes {
		parent := -1
		for _, e := range x.In[i] {
			if from := x.From(e); x.Layer[from] < x.Layer[i] {
				parent = from
				break
			}
		}
		if parent < 0 {
			roots = append(roots, i)
		} else {
			children[parent] = append(children[parent], i)
		}
	}
	rows := make([]listRow, 0, len(x.Nodes))
	var walk func(node int, prefix, below []byte)
	walk = func(node int, prefix, below []byte) {
		rows = append(rows, listRow{node, prefix})
		kids := children[node]
		for i, k := range kids {
			last := i == len(kids)-1
			mark, stem := byte('+'), byte('|')
			if last {
				mark, stem = '`', ' '
			}
			walk(k, append(append([]byte(nil), below...), mark), append(append([]byte(nil), below...), stem))
		}
	}
	for _, r := range roots {
		walk(r, nil, nil)
	}
	return rows
}

// listColumns says where things stand in a row of the list; a width of 0 leaves a column out.
type listColumns struct{ name, kind, role, queue, rate, spark, state, detail int }

func fitColumns(x *Index, rows []listRow, width int) listColumns {
	name, kind := 4, 4
	for _, r := range rows {
		name = max(name, indent(r, width)+widget.Width(x.Nodes[r.node].ID)+widget.Width(lanesText(x.Nodes[r.node], theme.Unicode)))
		kind = max(kind, widget.Width(x.Nodes[r.node].Kind))
	}
	c := listColumns{name: min(name, max(width*34/100, 10)), rate: 5, state: 9}
	switch {
	case width >= 150:
		c.spark, c.state = 40, 12
	case width >= 110:
		c.spark, c.state = 24, 12
	case width >= 70:
		c.spark = 8
	case width >= 54:
		c.spark = 8
	case width >= 46:
		c.spark = 4
	}
	if width >= 44 {
		c.queue = widget.QueueCells
	}
	if width >= 70 {
		c.role, c.kind = 6, min(kind, 10)
	}
	detail := 0
	for _, r := range rows {
		detail = max(detail, widget.Width(x.Nodes[r.node].Detail))
	}
	if width-c.used()-c.state-3 < detail { // what a node does says more than its role, which its place in the tree tells as well
		c.role = 0
	}
	used := c.used()
	if rest := width - used - 1 - c.state; rest >= 8 {
		c.detail = rest - 2
	} else {
		c.state = max(min(width-used-1, 24), 0)
	}
	return c
}

// used is what stands before the state.
func (c listColumns) used() int {
	used := 3
	for _, w := range []int{c.name, c.kind, c.role, c.queue, c.rate, c.spark} {
		if w > 0 {
			used += w + 1
		}
	}
	return used
}

func indent(r listRow, width int) int { return 2 * min(len(r.prefix), max(width/16, 1)) }

// drawListRow draws one node on line y.
func drawListRow(a widget.Area, y int, s *Scene, r listRow, c listColumns) {
	g, n, st := s.Glyphs, s.Index.Nodes[r.node], s.Node(r.node)
	selected := r.node == s.Selected
	nameStyle := theme.Style{}
	if selected {
		nameStyle = theme.Strong(theme.Accent)
		a.Text(0, y, g.Select, nameStyle)
	}
	if s.Find.In(findText(n)) {
		nameStyle.Under = true
		a.Text(1, y, findMark, theme.Strong(theme.Accent))
	}
	deep := indent(r, a.W) / 2
	prefix := ""
	for i, b := range r.prefix {
		if len(r.prefix)-i > deep {
			continue
		}
		prefix += map[byte]string{' ': "  ", '|': g.Stem, '+': g.Branch, '`': g.Last}[b]
	}
	x := 2
	w := a.Text(x, y, prefix, theme.In(theme.Muted))
	lanes := lanesText(n, g)
	w += a.Text(x+w, y, widget.Fit(n.ID, c.name-w-widget.Width(lanes), g.Cut), nameStyle)
	a.Text(x+w, y, lanes, theme.In(theme.Muted))
	x += c.name + 2
	column := func(width int, text string, style theme.Style) {
		if width > 0 {
			a.Text(x, y, widget.Fit(text, width, g.Cut), style)
			x += width + 1
		}
	}
	column(c.kind, n.Kind, theme.In(theme.Muted))
	role := string(n.Role)
	if n.Role == live.Transform {
		role = ""
	}
	column(c.role, role, theme.In(theme.Muted))
	if c.queue > 0 {
		if e := fullestInput(s, r.node); e >= 0 {
			a.Text(x, y, queueText(s, e), theme.In(edgeToken(s, e)))
		}
		x += c.queue + 1
	}
	a.Right(x+c.rate, y, widget.Rate(st.Rate), theme.In(activeToken(st)))
	x += c.rate + 1
	if c.spark > 0 {
		drawSparkline(a, x, y, c.spark, s, st)
		x += c.spark + 1
	}
	state, token := nodeState(s, r.node)
	x++
	detail := n.Detail
	if n.Role == live.Sink && n.Promise != "" {
		detail = n.Promise
	}
	if st.Status != "" && !st.Ended { // the status is the news, and needs the room
		a.Text(x, y, widget.Fit(state, a.W-x, g.Cut), theme.In(token))
		return
	}
	if also := alsoFrom(s.Index, r.node); also != "" {
		detail = also
	}
	a.Text(x, y, widget.Fit(state, c.state, g.Cut), theme.In(token))
	if c.detail > 0 {
		a.Text(x+c.state+1, y, widget.Fit(detail, a.W-x-c.state-1, g.Cut), theme.In(theme.Muted))
	}
}

func activeToken(st live.NodeStats) theme.Token {
	if st.Rate > 0 {
		return theme.Text
	}
	return theme.Muted
}

// alsoFrom names the inputs of a node that the tree does not show.
func alsoFrom(x *Index, node int) string {
	if len(x.In[node]) < 2 {
		return ""
	}
	text := "with "
	for i, e := range x.In[node][1:] {
		if i > 0 {
			text += ", "
		}
		text += dotted(x.Edges[e].From, x.Edges[e].Output)
	}
	return text
}

// fullestInput is the input edge of a node that holds the largest share of what fits, -1 where there is none.
func fullestInput(s *Scene, node int) int {
	best, most := -1, -1.0
	for _, e := range s.Index.In[node] {
		share := 0.0
		if c := s.Index.Edges[e].Capacity; c > 0 {
			share = float64(s.Edge(e).Queued) / float64(c)
		}
		if share > most {
			best, most = e, share
		}
	}
	return best
}

// findText is what is searched of a node.
func findText(n live.Node) string { return n.ID + " " + n.Kind + " " + n.Detail }
