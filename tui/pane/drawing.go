package pane

import (
	"strconv"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/theme"
	"flowrun/tui/widget"
)

// Drawing is a graph on its own, for a page or a pipe: the chart of the dashboard without what moves. Each box has the
// node's name, its kind and the one thing to know of it, and beside a wire the name of the output where it is not the main
// one. It is as wide and high as it takes. It returns nil where a drawing stops being of help; see [Index] for edges that
// lead nowhere.
func Drawing(t live.Topology, g *theme.Glyphs) []string {
	x := NewIndex(t)
	c, ok := arrange(x, 0, 0, boxFlat, 1)
	if !ok {
		return nil
	}
	labels, outputs := boxTexts(x), chartOutputs(x)
	want := boxNarrow
	for i, n := range x.Nodes {
		want = max(want, widget.Width(n.ID)+6, widget.Width(labels[i])+4)
		for _, o := range outputs[i] {
			beside := 0
			if o.row == 1 {
				beside = widget.Width(labels[i]) + 2
			}
			want = max(want, beside+len(o.name)+4)
		}
	}
	columns := 1
	for _, layer := range x.Layer {
		columns = max(columns, layer+1)
	}
	c, _ = arrange(x, c.w+columns*(min(want, boxWide)-boxUsual), 0, boxFlat, 1)
	d := drawing{g: g, cells: make([][]string, c.h)}
	for y := range d.cells {
		d.cells[y] = make([]string, c.w)
		for i := range d.cells[y] {
			d.cells[y][i] = " "
		}
	}
	d.wires(c)
	for i, b := range c.boxes {
		d.box(b, x.Nodes[i].ID, labels[i], outputs[i])
	}
	lines := make([]string, len(d.cells))
	for y, row := range d.cells {
		lines[y] = strings.TrimRight(strings.Join(row, ""), " ")
	}
	return lines
}

// boxTexts is what stands in each box.
func boxTexts(x *Index) []string {
	texts := make([]string, len(x.Nodes))
	for i, n := range x.Nodes {
		texts[i] = n.Kind
		if n.Lanes > 1 {
			texts[i] += " x" + strconv.Itoa(n.Lanes)
		}
		if n.Detail != "" && n.Role != live.Transform {
			texts[i] += " " + widget.Clean(n.Detail)
		}
	}
	return texts
}

// boxOutput is an output that leaves a box, and the line inside of the box on which it does.
type boxOutput struct {
	name string
	row  int
}

// chartOutputs are the outputs of each node that have a name. Their rows do not depend on how wide the chart is.
func chartOutputs(x *Index) [][]boxOutput {
	l := &layout{x: x, inner: boxFlat}
	outputs := make([][]boxOutput, len(x.Nodes))
	if !l.place() {
		return outputs
	}
	l.order()
	l.ports()
	for _, o := range l.outs {
		node := l.slots[o.slot].node
		if node < 0 {
			continue
		}
		if name := x.Edges[l.links[o.links[0]].edges[0]].Output; name != "" {
			outputs[node] = append(outputs[node], boxOutput{"." + name, o.row})
		}
	}
	return outputs
}

// drawing is a grid of characters that are one cell wide, and "" behind a wider one.
type drawing struct {
	g     *theme.Glyphs
	cells [][]string
}

func (d *drawing) wires(c chart) {
	dirs := map[[2]int]int{}
	for _, w := range c.wires {
		for _, p := range w.cells {
			switch p.mark {
			case 'l':
				d.cells[p.y][p.x] = d.g.Leave
			case 'q':
				d.cells[p.y][p.x] = d.g.Wires[left|right]
			case 'a':
				d.cells[p.y][p.x] = d.g.Arrive
			default:
				at := [2]int{p.x, p.y}
				dirs[at] |= p.dirs
				d.cells[p.y][p.x] = d.g.Wires[dirs[at]]
			}
		}
	}
}

func (d *drawing) box(b box, id, label string, outputs []boxOutput) {
	f := d.g.Pane
	for y := range b.h {
		d.text(b.x, b.y+y, f.Vertical, 1)
		d.text(b.x+b.w-1, b.y+y, f.Vertical, 1)
	}
	for x := range b.w {
		d.text(b.x+x, b.y, f.Horizontal, 1)
		d.text(b.x+x, b.y+b.h-1, f.Horizontal, 1)
	}
	d.text(b.x, b.y, f.TopLeft, 1)
	d.text(b.x+b.w-1, b.y, f.TopRight, 1)
	d.text(b.x, b.y+b.h-1, f.BottomLeft, 1)
	d.text(b.x+b.w-1, b.y+b.h-1, f.BottomRight, 1)
	d.text(b.x+2, b.y, " "+widget.Fit(id, b.w-6, d.g.Cut)+" ", b.w-4)
	room := b.w - 4
	for _, o := range outputs {
		if o.row == 1 {
			room = max(room-len(o.name)-1, 0)
		}
		name := widget.Fit(o.name, b.w-4, d.g.Cut)
		d.text(b.x+b.w-2-widget.Width(name), b.y+o.row, name, b.w-4)
	}
	d.text(b.x+2, b.y+1, widget.Fit(label, room, d.g.Cut), room)
}

// text writes into at most w cells from (x, y).
func (d *drawing) text(x, y int, s string, w int) {
	for _, r := range s {
		n := widget.Width(string(r))
		if n == 0 || n > w {
			continue
		}
		d.cells[y][x] = string(r)
		for i := 1; i < n; i++ {
			d.cells[y][x+i] = ""
		}
		x, w = x+n, w-n
	}
}
