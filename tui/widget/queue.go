package widget

import (
	"strings"

	"flowrun/tui/theme"
)

// QueueCells is how many cells a queue bar has.
const QueueCells = 4

// Joined is drawn in place of a queue where there is none, since two nodes run as one.
func Joined(g theme.Glyphs) string { return strings.Repeat(g.Joined, QueueCells) }

// Queue draws how full a queue is. A queue that holds anything shows at least one cell, and only a full one shows all.
func Queue(queued, capacity int, g theme.Glyphs) string {
	n := 0
	if capacity > 0 && queued > 0 {
		n = max(1, queued*QueueCells/capacity)
		if queued >= capacity {
			n = QueueCells
		}
		n = min(n, QueueCells)
	}
	return strings.Repeat(g.Full, n) + strings.Repeat(g.Empty, QueueCells-n)
}
