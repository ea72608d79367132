package pane

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// Batch is the pane of the newest rows on the selected edge. Batches that are smaller than the pane are stacked, newest
// row first, with their epoch; a larger one is shown alone. A pinned pane keeps what it shows, and the last sixteen
// batches can be walked.
type Batch struct {
	w, h int

	preview live.Preview    // without the columns in unread
	unread  []string        // columns that nobody reads, and that are not shown
	seen    map[string]bool // columns that were shown
	pinned  bool
	walk    int // which batch is shown alone, from the newest; -1: none

	row, column int // the cursor's column, the first row in view
	order       int // 0 as it came, 1 ascending, -1 descending
	sorted      int // the column
	widths      []int
	table       table
}

// NewBatch returns the pane without any rows.
func NewBatch() Batch { return Batch{walk: -1} }

// SetSize tells the pane its size with its frame.
func (p *Batch) SetSize(w, h int) {
	if p.w == w && p.h == h {
		return
	}
	p.w, p.h = w, h
	p.build()
}

// Reset forgets the rows, since another edge is selected.
func (p *Batch) Reset() { *p = Batch{w: p.w, h: p.h, walk: -1} }

// SetPreview tells the pane the newest rows. While it is pinned it does not care.
func (p *Batch) SetPreview(v live.Preview) {
	if p.pinned {
		return
	}
	if v.Edge != p.preview.Edge || p.seen == nil {
		p.seen = map[string]bool{}
	}
	edge, columns := p.preview.Edge, len(p.preview.Columns)
	v, p.unread = hideUnread(v, p.seen)
	if v.Edge != edge || len(v.Columns) != columns {
		p.widths = nil
		p.column, p.row, p.order = 0, 0, 0
	}
	p.preview = v
	p.build()
}

// Pinned reports whether the pane keeps what it shows.
func (p *Batch) Pinned() bool { return p.pinned }

// Unpin goes back to the newest rows and reports whether there was anything to undo.
func (p *Batch) Unpin() bool {
	was := p.pinned || p.order != 0
	p.pinned, p.walk, p.order, p.row = false, -1, 0, 0
	p.build()
	return was
}

// Empty reports whether there are no rows.
func (p *Batch) Empty() bool { return len(p.preview.Batches) == 0 }

func (p *Batch) build() {
	p.table = newTable(p.preview, p.walk, max(p.h-3, 1))
	if p.order != 0 {
		p.table.sort(p.sorted, p.order)
	}
	for len(p.widths) < len(p.table.columns) {
		p.widths = append(p.widths, 0)
	}
	for i := range p.table.columns {
		p.widths[i] = max(p.widths[i], p.table.width(i))
	}
	if p.order != 0 && p.sorted < len(p.table.columns) {
		p.widths[p.sorted] = max(p.widths[p.sorted], widget.Width(p.table.columns[p.sorted].Name)+2)
	}
	p.row = min(max(p.row, 0), max(len(p.table.rows)-p.body(), 0))
}

// body is how many rows are in view.
func (p *Batch) body() int {
	n := p.h - 3
	if p.stats() {
		n--
	}
	return max(n, 1)
}

// stats reports whether there is room for the line about the cursor's column.
func (p *Batch) stats() bool { return p.h >= 12 && len(p.table.columns) > 0 }

// Key handles a key of this pane.
func (p *Batch) Key(key string) {
	switch key {
	case "t":
		if p.pinned {
			p.Unpin()
			return
		}
		p.pinned = true
	case "[":
		if len(p.preview.Batches) > 0 {
			p.pinned, p.walk, p.row = true, min(p.walk+1, len(p.preview.Batches)-1), 0
		}
	case "]":
		switch {
		case p.walk > 0:
			p.walk, p.row = p.walk-1, 0
		case p.walk == 0:
			p.Unpin()
			return
		}
	case "s":
		switch {
		case p.order == 0 || p.sorted != p.column:
			p.sorted, p.order = p.column, 1
		case p.order == 1:
			p.order = -1
		default:
			p.order = 0
		}
	case "left", "h":
		p.column = max(p.column-1, 0)
	case "right", "l":
		p.column = min(p.column+1, max(len(p.table.columns)-1, 0))
	case "up", "k":
		p.row--
	case "down", "j":
		p.row++
	case "pgup", "ctrl+b":
		p.row -= p.body()
	case "pgdown", "ctrl+f":
		p.row += p.body()
	case "home", "g":
		p.row = 0
	case "end", "G":
		p.row = len(p.table.rows)
	}
	p.build()
}

// Match moves to the next row that the scene's find matches and reports whether there is one.
func (p *Batch) Match(s *Scene, step int) bool {
	n := s.Find.next(len(p.table.rows), p.row, step, func(i int) string { return p.table.rows[i].text() })
	if n < 0 {
		return false
	}
	p.row = n
	p.build()
	return true
}

// Matches is how many rows the scene's find matches.
func (p *Batch) Matches(s *Scene) int {
	return s.Find.count(len(p.table.rows), func(i int) string { return p.table.rows[i].text() })
}

// View draws the pane.
func (p *Batch) View(a widget.Area, s *Scene) {
	g := s.Glyphs
	muted := theme.In(theme.Muted)
	look := s.Look()
	var left, right []widget.Span
	if look.Known {
		left = append(left, widget.Span{Text: " " + look.From, Style: theme.Style{}})
		if look.To != "" {
			left = append(left, widget.Span{Text: " " + g.Arrow + " ", Style: muted}, widget.Span{Text: look.To, Style: theme.Style{}})
		}
		if !p.Empty() {
			left = append(left, widget.Span{Text: ", " + widget.Age(s.Now.Sub(p.preview.Batches[max(p.walk, 0)].At)) + " ago", Style: muted})
		}
		left = append(left, widget.Span{Text: " "})
	}
	if !p.Empty() {
		b := p.preview.Batches[max(p.walk, 0)]
		word, style := " live ", theme.In(theme.OK)
		if s.Snapshot.State.Ended() {
			word, style = " last ", muted
		}
		if p.pinned {
			word, style = " PINNED ", theme.Strong(theme.Accent)
			if p.walk >= 0 {
				word = fmt.Sprintf(" PINNED %d of %d ", p.walk+1, len(p.preview.Batches))
			}
		}
		which := fmt.Sprintf(" #%s  %s ", widget.Count(b.Number), plural(b.Total, "row"))
		if n := len(p.preview.Batches); p.table.epochs && n > 1 {
			which = fmt.Sprintf(" #%s - %s ", widget.Count(p.preview.Batches[n-1].Number), widget.Count(b.Number))
		}
		right = []widget.Span{{Text: which, Style: muted}, {Text: word, Style: style}}
		if widget.Cells(left)+widget.Cells(right)+16 > a.W {
			right = right[1:]
		}
	}
	var foot []string
	if n := len(p.table.rows); n > p.body() && len(p.table.columns) > 0 {
		foot = append(foot, fmt.Sprintf("rows %d-%d of %d", p.row+1, min(p.row+p.body(), n), n))
		if p.table.total > n {
			foot[0] += fmt.Sprintf(" sampled from %s", widget.Count(uint64(p.table.total)))
		}
	}
	if n := len(p.unread); n > 0 && len(p.table.columns) > 0 {
		foot = append(foot, plural(n, "column")+" not read")
	}
	in := paneBox(2, "batch", s, left, right, strings.Join(foot, ", ")).Draw(a, g)
	body := in.Sub(1, 0, in.W-2, in.H)
	if p.Empty() || len(p.table.columns) == 0 && len(p.unread) > 0 {
		for i, line := range widget.Wrap(p.why(s, look), body.W) {
			body.Text(0, i, line, muted)
		}
		return
	}
	p.drawTable(in, s)
}

// why says why there is nothing to show.
func (p *Batch) why(s *Scene, look Look) string {
	switch {
	case !look.Known:
		return ""
	case !p.Empty():
		return unreadAll(p.unread)
	case look.Edge == "":
		return "nothing reads " + look.From + ", so there are no rows to see"
	case s.Snapshot.State.Ended():
		return "no row was seen here before the run ended"
	}
	return "no rows yet"
}

const columnGap = 2

func (p *Batch) drawTable(in widget.Area, s *Scene) {
	a := in.Sub(1, 0, in.W-2, in.H)
	first, shown := p.columnsInView(a.W)
	x := 0
	rows := p.table.rows[min(p.row, len(p.table.rows)):]
	rows = rows[:min(len(rows), p.body())]
	if p.table.epochs {
		w := 5
		for _, r := range rows {
			w = max(w, len(widget.Count(r.epoch)))
		}
		a.Text(0, 0, "epoch", theme.In(theme.Muted))
		for i, r := range rows {
			style := theme.In(theme.Muted)
			if i > 0 && rows[i-1].epoch == r.epoch && p.order == 0 {
				style.Faint = true
			}
			a.Right(w, i+1, widget.Count(r.epoch), style)
		}
		x = w + columnGap
	}
	for k, c := range shown {
		w := min(p.widths[c], max(a.W-x, 0))
		if k == len(shown)-1 && !p.table.columns[c].Number {
			w = max(a.W-x, 0)
		}
		p.drawColumn(a.Sub(x, 0, w, a.H), s, c, rows)
		x += w + columnGap
	}
	for i, r := range rows {
		switch {
		case s.Find.In(r.text()):
			in.Text(0, i+1, findMark, theme.Strong(theme.Accent))
		case s.Find.Active():
			a.Restyle(0, i+1, a.W, func(st theme.Style) theme.Style { st.Token, st.Faint = theme.Muted, true; return st })
		}
		if r.late {
			a.Text(a.W-1, i+1, s.Glyphs.Dot, theme.In(theme.Late))
		}
	}
	if first > 0 {
		a.Text(0, 0, s.Glyphs.Left, theme.Strong(theme.Accent))
	}
	if n := len(p.table.columns) - first - len(shown); n > 0 {
		more := fmt.Sprintf(" +%d %s", n, s.Glyphs.Right)
		a.Right(a.W, 0, more, theme.Strong(theme.Accent))
	}
	if p.stats() {
		p.drawStats(a, s)
	}
}

// columnsInView are the columns that fit, the cursor's among them.
func (p *Batch) columnsInView(width int) (first int, shown []int) {
	if p.table.epochs {
		width -= 5 + columnGap
	}
	for first = 0; ; first++ {
		shown = shown[:0]
		x := 0
		for c := first; c < len(p.table.columns); c++ {
			p.widths[c] = min(p.widths[c], widest(len(p.table.columns), width))
			if x+min(p.widths[c], 8) > width && len(shown) > 0 {
				break
			}
			shown = append(shown, c)
			x += p.widths[c] + columnGap
		}
		if first >= p.column || slices.Contains(shown, p.column) {
			return first, shown
		}
	}
}

// widest is the most that one of n columns gets.
func widest(n, width int) int {
	if n == 1 {
		return max(width, 1)
	}
	return max(width*45/100, min(width, 24))
}

func (p *Batch) drawColumn(a widget.Area, s *Scene, c int, rows []tableRow) {
	g, column := s.Glyphs, p.table.columns[c]
	title, style := column.Name, theme.In(theme.Muted)
	if p.order != 0 && p.sorted == c {
		mark := g.Up
		if p.order < 0 {
			mark = g.Down
		}
		title = mark + " " + title
	}
	if c == p.column && s.Focused {
		style = theme.Style{Token: theme.Accent, Bold: true, Under: true}
	}
	draw := func(y int, text string, style theme.Style) {
		text = widget.Fit(text, a.W, g.Cut)
		if column.Number {
			a.Right(a.W, y, text, style)
		} else {
			a.Text(0, y, text, style)
		}
	}
	draw(0, title, style)
	for i, r := range rows {
		if c >= len(r.cells) {
			continue
		}
		cell := r.cells[c]
		if cell.Null {
			draw(i+1, g.Null, theme.In(theme.Muted))
		} else {
			draw(i+1, cell.Text, theme.Style{})
		}
	}
}

// drawStats says what is in the cursor's column, as far as the rows at hand tell.
func (p *Batch) drawStats(a widget.Area, s *Scene) {
	if p.column >= len(p.table.columns) {
		return
	}
	name := p.table.columns[p.column].Name
	x := a.Text(0, a.H-1, widget.Fit(name, a.W/3, s.Glyphs.Cut), theme.In(theme.Accent))
	x += a.Text(x, a.H-1, ":", theme.In(theme.Muted))
	for _, fact := range p.table.facts(p.column) {
		if gap := 1; x+gap+widget.Width(fact) <= a.W { // a fact that is cut would be none
			x += gap + a.Text(x+gap, a.H-1, fact, theme.In(theme.Muted)) + 1
		}
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return widget.Count(uint64(max(n, 0))) + " " + word + "s"
}
