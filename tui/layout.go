package tui

// The breakpoints. Below the smallest only the needed size is shown; below the next one pane at a time; from the large
// one on boxes and wires, and a log pane of its own.
const (
	leastWidth, leastHeight   = 40, 10
	mediumWidth, mediumHeight = 80, 24
	largeWidth, largeHeight   = 120, 30

	sideBySide  = 10  // lines from which batch and schema stand beside each other
	sideLarge   = 6   // the same in a wide terminal, where each has the width that it needs
	twoLogs     = 170 // columns from which log and output stand beside each other
	logLines    = 6   // of the log pane with its frame, at least
	logLinesMax = 12
	schemaLeast = 30
)

// size is the class of a terminal.
type size int

const (
	tooSmall size = iota
	small         // list and verdict, other panes instead of it
	medium        // list, batch and schema, one line of log
	large         // everything
)

func sizeOf(w, h int) size {
	switch {
	case w < leastWidth || h < leastHeight:
		return tooSmall
	case w < mediumWidth || h < mediumHeight:
		return small
	case w < largeWidth || h < largeHeight:
		return medium
	}
	return large
}

// paneID names a pane by the digit that goes to it.
type paneID int

const (
	graphPane  paneID = 1
	batchPane  paneID = 2
	schemaPane paneID = 3
	logPane    paneID = 4
	outputPane paneID = 5
)

// rect is a place on the screen in cells.
type rect struct{ x, y, w, h int }

// layout says where everything stands. A pane without an entry is not shown.
type layout struct {
	size  size
	panes map[paneID]rect
	boxes bool // the graph may be drawn as boxes
	strip rect // the one line of log; no width: none
	body  rect // between the first line and the last one
	foot  int  // the last line
}

// wishes is what a layout depends on beside the size of the terminal.
type wishes struct {
	focus  paneID
	log    paneID // which of the logs is shown where only one is
	zoomed bool
	graph  func(w, limit int, boxes bool) int // lines that the graph needs, at most limit
	schema int                                // columns that the schema needs
	short  int                                // columns that the short form of it needs
}

// arrange lays the panes out.
func arrange(w, h int, want wishes) layout {
	l := layout{size: sizeOf(w, h), panes: map[paneID]rect{}, foot: h - 1, body: rect{0, 1, w, h - 2}}
	l.boxes = l.size == large
	if l.size == tooSmall {
		return l
	}
	if want.zoomed {
		l.boxes = w >= mediumWidth
		l.panes[want.focus] = l.body
		return l
	}
	if l.size == small {
		l.oneAtATime(w, h, want)
		return l
	}
	bottom := h - 1
	if h >= largeHeight {
		lines := min(max(h/5, logLines), logLinesMax)
		l.logs(rect{0, bottom - lines, w, lines}, want)
		bottom -= lines
	} else {
		l.strip = rect{0, bottom - 1, w, 1}
		bottom--
	}
	graph := want.graph(w, h/2, l.boxes)
	l.panes[graphPane] = rect{0, 1, w, graph}
	l.lower(rect{0, 1 + graph, w, bottom - 1 - graph}, want)
	return l
}

// oneAtATime gives a small terminal to the graph, or to the pane that was asked for; a high one shows both.
func (l *layout) oneAtATime(w, h int, want wishes) {
	room := l.body
	if h < mediumHeight {
		l.panes[want.focus] = room
		return
	}
	graph := want.graph(w, h/2, false)
	l.panes[graphPane] = rect{0, 1, w, graph}
	second := want.focus
	if second == graphPane {
		second = batchPane
	}
	l.panes[second] = rect{0, 1 + graph, w, room.h - graph}
}

// lower fills the middle: batch and schema side by side where they have room, else the one that has the keys; with no
// log pane below, the logs come here too when they are asked for.
func (l *layout) lower(r rect, want wishes) {
	_, logged := l.panes[want.log]
	switch {
	case !logged && (want.focus == logPane || want.focus == outputPane):
		l.panes[want.focus] = r
	case r.h >= sideBySide || l.size == large && r.h >= sideLarge:
		schema := max(want.schema, schemaLeast)
		if most := l.schemaMost(r.w); schema > most {
			schema = min(max(want.short, schemaLeast), most)
		}
		l.panes[batchPane] = rect{r.x, r.y, r.w - schema, r.h}
		l.panes[schemaPane] = rect{r.x + r.w - schema, r.y, schema, r.h}
	case want.focus == schemaPane:
		l.panes[schemaPane] = r
	default:
		l.panes[batchPane] = r
	}
}

// schemaMost is what the schema gets of a width; where it needs more it is shown in its short form, and the rows get the
// rest.
func (l *layout) schemaMost(w int) int {
	if l.size == large {
		return w * 2 / 5
	}
	return w / 2
}

func (l *layout) logs(r rect, want wishes) {
	if r.w >= twoLogs {
		half := r.w / 2
		l.panes[logPane] = rect{r.x, r.y, half, r.h}
		l.panes[outputPane] = rect{r.x + half, r.y, r.w - half, r.h}
		return
	}
	l.panes[want.log] = r
}
