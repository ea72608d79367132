package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// Schema is the pane of the selected node's columns, in the form of Spark's printSchema, then what changed against the
// node's input, then the account of its rows.
type Schema struct {
	w, h int
	top  int
}

// SetSize tells the pane its size with its frame.
func (p *Schema) SetSize(w, h int) { p.w, p.h = w, h }

// Reset goes back to the top, since another node is selected.
func (p *Schema) Reset() { p.top = 0 }

// titled is the width at which the pane's title says whose schema it is, unless that has a long name.
func titled(s *Scene) int { return min(24+widget.Width(s.Look().From), 40) }

// SchemaWidth is the width with its frame at which nothing of the scene's schema is cut.
func SchemaWidth(s *Scene) int {
	return schemaWidth(s, func(line string) string { return line })
}

// SchemaShort is the width at which nothing of the schema's short form is cut; see shortTreeLine.
func SchemaShort(s *Scene) int {
	return schemaWidth(s, shortTreeLine)
}

func schemaWidth(s *Scene, form func(line string) string) int {
	w, of := titled(s)-4, s.Look().Schema
	unread := unreadLines(of)
	for i, line := range of.Tree {
		line = form(line)
		if unread[i] {
			line += unreadMark
		}
		w = max(w, widget.Width(line))
	}
	return w + 4
}

// notNull stands behind a type in the short form.
const notNull = " not null"

// shortTreeLine says of a line of the tree what fits into a narrow pane: the words "not null" where there are none, and
// nothing where there may be some.
func shortTreeLine(line string) string {
	for _, may := range [...]string{" (nullable = true)", " (containsNull = true)", " (valueContainsNull = true)"} {
		if short, ok := strings.CutSuffix(line, may); ok {
			return short
		}
	}
	for _, not := range [...]string{" (nullable = false)", " (containsNull = false)", " (valueContainsNull = false)"} {
		if short, ok := strings.CutSuffix(line, not); ok {
			return short + notNull
		}
	}
	return line
}

// Key scrolls.
func (p *Schema) Key(key string, s *Scene) {
	n, page := len(p.lines(s)), max(p.h-2, 1)
	switch key {
	case "up", "k":
		p.top--
	case "down", "j":
		p.top++
	case "pgup", "ctrl+b":
		p.top -= page
	case "pgdown", "ctrl+f":
		p.top += page
	case "home", "g":
		p.top = 0
	case "end", "G":
		p.top = n
	}
	p.top = min(max(p.top, 0), max(n-page, 0))
}

// Match scrolls to the next line that the scene's find matches and reports whether there is one.
func (p *Schema) Match(s *Scene, step int) bool {
	lines := p.lines(s)
	n := s.Find.next(len(lines), p.top, step, func(i int) string { return lineText(lines[i]) })
	if n < 0 {
		return false
	}
	p.top = min(n, max(len(lines)-max(p.h-2, 1), 0))
	return true
}

// Matches is how many lines the scene's find matches.
func (p *Schema) Matches(s *Scene) int {
	lines := p.lines(s)
	return s.Find.count(len(lines), func(i int) string { return lineText(lines[i]) })
}

// View draws the pane.
func (p *Schema) View(a widget.Area, s *Scene) {
	look := s.Look()
	var right []widget.Span
	if look.Known {
		word := " out of "
		if look.Into {
			word = " into "
			look.From = s.Index.Nodes[s.Selected].ID
		}
		right = []widget.Span{{Text: word, Style: theme.In(theme.Muted)}, {Text: look.From + " "}}
	}
	lines := p.lines(s)
	top := min(p.top, max(len(lines)-max(a.H-2, 1), 0))
	foot := ""
	if len(lines) > a.H-2 && a.H > 2 {
		foot = fmt.Sprintf("lines %d-%d of %d", top+1, top+a.H-2, len(lines))
	}
	in := paneBox(3, "schema", s, nil, right, foot).Draw(a, s.Glyphs)
	body := in.Sub(1, 0, in.W-2, in.H)
	for i := top; i < min(top+body.H, len(lines)); i++ {
		widget.Clip(body.Sub(0, i-top, body.W, 1), s.Glyphs, lines[i]...)
		switch {
		case s.Find.In(lineText(lines[i])):
			in.Text(0, i-top, findMark, theme.Strong(theme.Accent))
		case s.Find.Active():
			body.Restyle(0, i-top, body.W, func(theme.Style) theme.Style { return theme.In(theme.Muted) })
		}
	}
}

func lineText(line []widget.Span) string {
	text := ""
	for _, s := range line {
		text += s.Text
	}
	return text
}

func (p *Schema) lines(s *Scene) [][]widget.Span {
	look := s.Look()
	if !look.Known {
		return nil
	}
	plain := func(t theme.Token, text string) []widget.Span { return []widget.Span{{Text: text, Style: theme.In(t)}} }
	var lines [][]widget.Span
	marks := changeMarks(look.Schema.Changes)
	full := p.w >= SchemaWidth(s)
	unread := unreadLines(look.Schema)
	for i, line := range look.Schema.Tree {
		if !full {
			line = shortTreeLine(line)
		}
		spans := treeLine(line, marks)
		if unread[i] {
			spans = append(spans, widget.Span{Text: unreadMark, Style: theme.In(theme.Muted)})
		}
		lines = append(lines, spans)
	}
	for _, change := range look.Schema.Changes {
		if strings.HasPrefix(change, "+ ") { // the tree has a mark there
			continue
		}
		lines = append(lines, plain(changeToken(change), strings.ReplaceAll(change, " -> ", " "+s.Glyphs.Arrow+" ")))
	}
	switch look.Schema.Mode {
	case "updates":
		lines = append(lines, plain(theme.Muted, "updates: the last row per key counts"))
	case "complete":
		lines = append(lines, plain(theme.Muted, "complete: all rows anew each epoch"))
	}
	if look.Choices > 1 {
		lines = append(lines, plain(theme.Muted, fmt.Sprintf("%d of %d, o for the next", wrap(s.Choice, look.Choices)+1, look.Choices)))
	}
	lines = append(lines, nil)
	if n := s.Index.Nodes[s.Selected]; n.Role == live.Source {
		streaming := "no"
		if n.Streaming {
			streaming = "yes"
		}
		lines = append(lines, []widget.Span{{Text: "streaming: ", Style: theme.In(theme.Muted)}, {Text: streaming}})
	}
	return append(lines, account(s)...)
}

func changeToken(change string) theme.Token {
	switch {
	case strings.HasPrefix(change, "+"):
		return theme.OK
	case strings.HasPrefix(change, "-"):
		return theme.Error
	case strings.HasPrefix(change, "~"):
		return theme.Late
	}
	return theme.Text
}

// changeMarks gives the columns that are new (+) or changed (~), so that the tree itself shows them.
func changeMarks(changes []string) map[string]string {
	marks := map[string]string{}
	for _, c := range changes {
		if mark, rest, ok := strings.Cut(c, " "); ok {
			name, _, _ := strings.Cut(rest, ":")
			marks[name] = mark
		}
	}
	return marks
}

// treeLine draws the name in a line of the tree brighter than the rest, and the mark of a changed column in front.
func treeLine(line string, marks map[string]string) []widget.Span {
	at := strings.Index(line, "-- ")
	if at < 0 {
		return []widget.Span{{Text: line, Style: theme.In(theme.Muted)}}
	}
	name, rest, ok := strings.Cut(line[at+3:], ": ")
	if !ok {
		return []widget.Span{{Text: line}}
	}
	muted, named := theme.In(theme.Muted), theme.Style{}
	stem := widget.Span{Text: line[:at+3], Style: muted}
	spans := []widget.Span{stem}
	if mark := marks[name]; mark != "" && strings.HasPrefix(line, " |--") {
		named = theme.In(changeToken(mark))
		spans = []widget.Span{{Text: mark, Style: named}, {Text: stem.Text[1:], Style: muted}}
	}
	kind, null := rest, ""
	if at := strings.Index(rest, " ("); at >= 0 {
		kind, null = rest[:at], rest[at:]
	} else if short, ok := strings.CutSuffix(rest, notNull); ok {
		kind, null = short, notNull
	}
	spans = append(spans, widget.Span{Text: name, Style: named}, widget.Span{Text: ": ", Style: muted}, widget.Span{Text: kind, Style: theme.In(theme.Accent)})
	if null != "" {
		spans = append(spans, widget.Span{Text: null, Style: muted})
	}
	return spans
}

// account says what became of the selected node's rows.
func account(s *Scene) [][]widget.Span {
	if len(s.Snapshot.Nodes) == 0 {
		return nil
	}
	st := s.Node(s.Selected)
	type fate struct {
		word  string
		n     uint64
		token theme.Token
	}
	lines := [][]widget.Span{{
		{Text: "rows in ", Style: theme.In(theme.Muted)}, {Text: widget.Count(st.RowsIn)},
		{Text: "  out ", Style: theme.In(theme.Muted)}, {Text: widget.Count(st.RowsOut)},
	}}
	var fates []widget.Span
	for _, f := range []fate{{"passed", st.Passed, theme.Text}, {"filtered", st.Filtered, theme.Text}, {"held", st.Held, theme.Text},
		{"late", st.Late, theme.Late}, {"rejected", st.Rejected, theme.Error}} {
		if f.n == 0 || f.word == "passed" && f.n == st.RowsIn {
			continue
		}
		if len(fates) > 0 {
			fates = append(fates, widget.Span{Text: "  "})
		}
		fates = append(fates, widget.Span{Text: f.word + " ", Style: theme.In(theme.Muted)}, widget.Span{Text: widget.Count(f.n), Style: theme.In(f.token)})
	}
	if len(fates) > 0 {
		lines = append(lines, fates)
	}
	lines = append(lines, timeLines(s, st)...)
	reasons := make([]string, 0, len(st.Reasons))
	for r := range st.Reasons {
		reasons = append(reasons, r)
	}
	slices.SortFunc(reasons, func(a, b string) int {
		return cmp.Or(cmp.Compare(st.Reasons[b], st.Reasons[a]), cmp.Compare(a, b))
	})
	for _, r := range reasons[:min(len(reasons), 5)] {
		lines = append(lines, []widget.Span{{Text: "  " + widget.Count(st.Reasons[r]) + "  ", Style: theme.In(theme.Error)}, {Text: r}})
	}
	return lines
}
