package pane

import (
	"cmp"
	"slices"
)

// draw gives columns and gaps their widths and every wire its cells. It reports whether the chart fits into width (0: as wide as it gets).
func (l *layout) draw(width int) (chart, bool) {
	n := len(l.layers)
	gaps := make([]int, n-1)
	need := 0
	for i := range gaps {
		gaps[i] = 1 + l.tracks(i) + entryCells
		need += gaps[i]
	}
	if width <= 0 {
		width = need
		for i := range n {
			width += l.boxOf(i)
		}
	}
	widths, ok := l.widths(width - need)
	if !ok {
		return chart{}, false
	}
	spare := width - need - sum(widths)
	for i := range gaps {
		gaps[i] += min(spare/max(n-1, 1), gapAir)
	}
	columns := make([]int, n)
	for i := 1; i < n; i++ {
		columns[i] = columns[i-1] + widths[i-1] + gaps[i-1]
	}
	c := chart{w: columns[n-1] + widths[n-1], h: l.height(), boxes: make([]box, len(l.x.Nodes))}
	for i, layer := range l.layers {
		for _, s := range layer {
			if node := l.slots[s].node; node >= 0 {
				c.boxes[node] = box{columns[i], l.slots[s].y, widths[i], l.slots[s].h}
			}
		}
	}
	for _, o := range l.outs {
		start := columns[o.layer] + widths[o.layer]
		c.wires = append(c.wires, l.wire(o, start, columns[o.layer], columns[o.layer+1]))
	}
	return c, true
}

// widths shares room out among the columns: each gets what a box needs at least, then those grow that have more to say,
// the narrowest first, and what is left goes to all alike. It reports whether there is enough.
func (l *layout) widths(room int) ([]int, bool) {
	n := len(l.layers)
	widths := make([]int, n)
	for i := range widths {
		widths[i] = boxNarrow
	}
	spare := room - n*boxNarrow
	if spare < 0 {
		return nil, false
	}
	grow := func(most func(column int) int) {
		for spare > 0 {
			narrowest := -1
			for i, w := range widths {
				if w < most(i) && (narrowest < 0 || w < widths[narrowest]) {
					narrowest = i
				}
			}
			if narrowest < 0 {
				return
			}
			widths[narrowest]++
			spare--
		}
	}
	grow(l.boxOf)
	grow(func(int) int { return boxWide })
	return widths, true
}

// boxOf is how wide the boxes of a column are where there is no limit.
func (l *layout) boxOf(column int) int {
	wanted := boxUsual
	for _, s := range l.layers[column] {
		if node := l.slots[s].node; node >= 0 {
			wanted = max(wanted, min(boxWanted(l.x.Nodes[node]), boxWide))
		}
	}
	return wanted
}

func sum(values []int) int {
	total := 0
	for _, v := range values {
		total += v
	}
	return total
}

// tracks gives each out between column i and the next one the track on which its line goes up or down, such that no two
// lines lie on each other, and returns how many tracks there are.
func (l *layout) tracks(i int) int {
	type run struct{ out, from, low, high int }
	var runs []run
	for o := range l.outs {
		if l.outs[o].layer != i {
			continue
		}
		r := run{out: o, from: l.leaves(o)}
		r.low, r.high = r.from, r.from
		for _, n := range l.outs[o].links {
			y := l.arrives(n)
			r.low, r.high = min(r.low, y), max(r.high, y)
		}
		if r.low < r.high {
			runs = append(runs, r)
		}
	}
	// Lines that go down cross least when the upper ones turn last, lines that go up when the lower ones do.
	slices.SortStableFunc(runs, func(a, b run) int {
		aDown, bDown := a.high > a.from, b.high > b.from
		if aDown != bDown {
			return cmp.Compare(a.from, b.from)
		}
		if aDown {
			return cmp.Compare(b.from, a.from)
		}
		return cmp.Compare(a.from, b.from)
	})
	// A line that arrives on the level at which another one leaves has to turn behind it.
	after := make([][]int, len(runs))
	for a := range runs {
		for b := range runs {
			if a == b {
				continue
			}
			for _, n := range l.outs[runs[a].out].links {
				if y := l.arrives(n); y == runs[b].from && y != runs[a].from {
					after[a] = append(after[a], b)
				}
			}
		}
	}
	done := make([]bool, len(runs))
	var used [][]run
	for range runs {
		pick := -1
		for r := range runs {
			if done[r] {
				continue
			}
			free := !slices.ContainsFunc(after[r], func(b int) bool { return !done[b] })
			if free || pick < 0 {
				pick = r
			}
			if free {
				break
			}
		}
		r := runs[pick]
		done[pick] = true
		track := 0
		for _, b := range after[pick] {
			if done[b] && l.outs[runs[b].out].track >= track {
				track = l.outs[runs[b].out].track + 1
			}
		}
		for track < len(used) && slices.ContainsFunc(used[track], func(o run) bool { return o.low <= r.high && r.low <= o.high }) {
			track++
		}
		for len(used) <= track {
			used = append(used, nil)
		}
		used[track] = append(used[track], r)
		l.outs[r.out].track = track
	}
	return len(used)
}

// leaves is the line on which an out leaves its slot, arrives the one on which a link arrives.
func (l *layout) leaves(o int) int { return l.slots[l.outs[o].slot].y + l.outs[o].row }

func (l *layout) arrives(n int) int { return l.slots[l.links[n].slot].y + l.links[n].row }

// wire gives the cells of an out: across its own column where it passes that, through the gap, and to the next column.
func (l *layout) wire(o out, start, column, next int) wire {
	var w wire
	dirs := map[[2]int]int{}
	across := func(from, to, y int) {
		for x := from; x <= to; x++ {
			d := left | right
			if x == from {
				d = right
			}
			if x == to {
				d &^= right
				if from == to {
					d = 0
				}
				if x != from {
					d |= left
				}
			}
			dirs[[2]int{x, y}] |= d
		}
	}
	y := l.slots[o.slot].y + o.row
	passage := l.slots[o.slot].node < 0
	first := start
	if passage {
		first = column
		dirs[[2]int{first, y}] |= left
	} else {
		dirs[[2]int{first, y}] |= left
	}
	turn := start + 1 + o.track
	type entry struct{ x, y, edge int }
	var entries []entry
	for _, n := range o.links {
		k := l.links[n]
		w.edges = append(w.edges, k.edges...)
		to := l.slots[k.slot].y + k.row
		end := next - 1
		if k.arrives {
			end = next - entryCells
			entries = append(entries, entry{end, to, k.edges[0]})
			end--
		}
		if to == y {
			across(first, end, y)
			dirs[[2]int{end, y}] |= right
			continue
		}
		across(first, turn, y)
		step, going, coming := 1, down, up
		if to < y {
			step, going, coming = -1, up, down
		}
		for at := y; at != to; at += step {
			dirs[[2]int{turn, at}] |= going
			dirs[[2]int{turn, at + step}] |= coming
		}
		across(turn, end, to)
		dirs[[2]int{end, to}] |= right
	}
	for at, d := range dirs {
		w.cells = append(w.cells, point{x: at[0], y: at[1], dirs: d, edge: -1})
	}
	slices.SortFunc(w.cells, func(a, b point) int { return cmp.Or(a.y-b.y, a.x-b.x) })
	if !passage {
		for i := range w.cells {
			if c := &w.cells[i]; c.x == start && c.y == y && c.dirs&(up|down) == 0 {
				c.mark = 'l'
			}
		}
	}
	for _, e := range entries {
		for i := range entryCells - 1 {
			w.cells = append(w.cells, point{x: e.x + i, y: e.y, mark: 'q', n: i, edge: e.edge})
		}
		w.cells = append(w.cells, point{x: e.x + entryCells - 1, y: e.y, mark: 'a', edge: e.edge})
	}
	return w
}
