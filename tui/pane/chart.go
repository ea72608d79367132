package pane

import (
	"cmp"
	"slices"
)

// chart is the graph as boxes and wires, in cells from its upper left corner. Nodes stand in columns by their longest way
// from a source; an edge that passes a column has a place of its own in it.
type chart struct {
	w, h  int
	boxes []box  // per node
	wires []wire // in the order in which they are drawn
}

type box struct{ x, y, w, h int }

// wire is a line of an output, with all the edges that it leads to.
type wire struct {
	edges []int
	cells []point
}

// point is a cell of a wire with the directions in which the wire leaves it, or what is drawn there instead.
type point struct {
	x, y int
	dirs int
	mark byte // 0, 'l' where it leaves a node, 'q' a cell of a queue (the n-th), 'a' where it arrives
	n    int
	edge int // of a queue and an arrival
}

const (
	up    = 1
	down  = 2
	left  = 4
	right = 8
)

// What a chart is made of, in cells.
const (
	boxNarrow  = 16 // the least a box needs
	boxUsual   = 22 // what it gets before those that have more to say get more
	boxWide    = 44 // more does not help
	boxTall    = 3  // lines inside of a box that shows everything
	boxFlat    = 1  // and inside of one that shows the rate only
	entryCells = 5  // a queue and an arrow head
	gapAir     = 8  // how much wider a gap may get than it needs
)

// slot is a node, or the passage of a wire, in a column.
type slot struct {
	node    int // -1: a passage
	y, h    int
	inputs  []int // links that arrive, from the top
	outputs []int // outs that leave, from the top
}

// out is an output of a slot: one trunk with its links.
type out struct {
	slot, layer int
	row         int // inside of its slot
	links       []int
	track       int // in the gap behind it, -1: straight
}

// link leads from an out to a slot of the next column.
type link struct {
	out, slot int
	row       int
	edges     []int
	arrives   bool
}

// layout is a chart in the making.
type layout struct {
	x      *Index
	inner  int
	layers [][]int // slots
	slots  []slot
	outs   []out
	links  []link
}

// maxSlots is where a drawing stops being of help, and arranging it would begin to take time.
const maxSlots = 300

// arrange draws a topology as a chart with the given number of lines inside of its boxes, air lines between them, and at
// most width cells wide and height cells high (0: as large as it gets). It reports whether it fits.
func arrange(x *Index, width, height, inner, air int) (chart, bool) {
	if len(x.Nodes) == 0 {
		return chart{}, false
	}
	l := &layout{x: x, inner: inner}
	if !l.place() {
		return chart{}, false
	}
	l.order()
	l.ports()
	if !l.rows(height, air) {
		return chart{}, false
	}
	return l.draw(width)
}

// place makes the slots, column by column, and the links between neighbouring columns.
func (l *layout) place() bool {
	deepest := slices.Max(l.x.Layer)
	l.layers = make([][]int, deepest+1)
	add := func(layer, node int) int {
		l.slots = append(l.slots, slot{node: node})
		l.layers[layer] = append(l.layers[layer], len(l.slots)-1)
		return len(l.slots) - 1
	}
	of := make([]int, len(l.x.Nodes))
	for i, layer := range l.x.Layer {
		of[i] = add(layer, i)
	}
	type key struct {
		node   int
		output string
		layer  int
	}
	trunks := map[key]int{}
	trunk := func(k key) int { // the out that carries an output away from a column
		if o, ok := trunks[k]; ok {
			return o
		}
		at := of[k.node]
		if k.layer > l.x.Layer[k.node] {
			at = add(k.layer, -1)
		}
		l.outs = append(l.outs, out{slot: at, layer: k.layer, track: -1})
		o := len(l.outs) - 1
		l.slots[at].outputs = append(l.slots[at].outputs, o)
		trunks[k] = o
		return o
	}
	connect := func(o, to int, arrives bool) int {
		l.links = append(l.links, link{out: o, slot: to, arrives: arrives})
		n := len(l.links) - 1
		l.outs[o].links = append(l.outs[o].links, n)
		l.slots[to].inputs = append(l.slots[to].inputs, n)
		return n
	}
	for node := range l.x.Nodes {
		for _, e := range l.x.In[node] {
			from := l.x.From(e)
			if l.x.Layer[from] >= l.x.Layer[node] || len(l.slots) > maxSlots {
				continue
			}
			o := trunk(key{from, l.x.Edges[e].Output, l.x.Layer[from]})
			for layer := l.x.Layer[from] + 1; layer < l.x.Layer[node]; layer++ {
				k := key{from, l.x.Edges[e].Output, layer}
				_, known := trunks[k]
				next := trunk(k)
				if !known {
					connect(o, l.outs[next].slot, false)
				}
				in := l.slots[l.outs[next].slot].inputs[0]
				l.links[in].edges = append(l.links[in].edges, e)
				o = next
			}
			n := connect(o, of[node], true)
			l.links[n].edges = []int{e}
		}
	}
	return len(l.slots) <= maxSlots
}

// order sorts every column so that few wires cross: each slot goes to the middle of its neighbours, a few times over,
// and the best of these orders is kept.
func (l *layout) order() {
	at := make([]float64, len(l.slots))
	number := func() {
		for _, layer := range l.layers {
			for i, s := range layer {
				at[s] = float64(i) - float64(len(layer))/2
			}
		}
	}
	sortBy := func(layer []int, near func(s int) []int) {
		want := make(map[int]float64, len(layer))
		for _, s := range layer {
			want[s] = at[s]
			if n := near(s); len(n) > 0 {
				sum := 0.0
				for _, o := range n {
					sum += at[o]
				}
				want[s] = sum / float64(len(n))
			}
		}
		slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(want[a], want[b]) })
		for i, s := range layer {
			at[s] = float64(i) - float64(len(layer))/2
		}
	}
	number()
	best, fewest := l.copyLayers(), l.crossings(at)
	for round := 0; round < 6 && fewest > 0; round++ {
		for i := 1; i < len(l.layers); i++ {
			sortBy(l.layers[i], l.before)
		}
		for i := len(l.layers) - 2; i >= 0; i-- {
			sortBy(l.layers[i], l.behind)
		}
		if n := l.crossings(at); n < fewest {
			best, fewest = l.copyLayers(), n
		}
	}
	l.layers = best
}

func (l *layout) copyLayers() [][]int {
	c := make([][]int, len(l.layers))
	for i, layer := range l.layers {
		c[i] = slices.Clone(layer)
	}
	return c
}

func (l *layout) before(s int) []int {
	var near []int
	for _, n := range l.slots[s].inputs {
		near = append(near, l.outs[l.links[n].out].slot)
	}
	return near
}

func (l *layout) behind(s int) []int {
	var near []int
	for _, o := range l.slots[s].outputs {
		for _, n := range l.outs[o].links {
			near = append(near, l.links[n].slot)
		}
	}
	return near
}

func (l *layout) crossings(at []float64) int {
	n := 0
	for i, a := range l.links {
		from := l.outs[a.out]
		for _, b := range l.links[:i] {
			other := l.outs[b.out]
			if from.layer == other.layer && (at[from.slot]-at[other.slot])*(at[a.slot]-at[b.slot]) < 0 {
				n++
			}
		}
	}
	return n
}

// ports gives each link and each out a line of its own at its slot, in the order of what they lead to.
func (l *layout) ports() {
	at := make([]int, len(l.slots))
	for _, layer := range l.layers {
		for i, s := range layer {
			at[s] = i
		}
	}
	for i := range l.slots {
		s := &l.slots[i]
		if s.node < 0 {
			s.h = 1
			continue
		}
		slices.SortStableFunc(s.inputs, func(a, b int) int {
			return cmp.Compare(at[l.outs[l.links[a].out].slot], at[l.outs[l.links[b].out].slot])
		})
		inner := max(l.inner, len(s.inputs), len(s.outputs))
		s.h = inner + 2
		for k, n := range s.inputs {
			l.links[n].row = portRow(k, len(s.inputs), inner)
		}
		for k, o := range s.outputs {
			l.outs[o].row = portRow(k, len(s.outputs), inner)
		}
	}
}

// portRow spreads n ports over the lines inside of a box, and gives the k-th one's line in the box.
func portRow(k, n, inner int) int { return 1 + (2*k+1)*inner/(2*n) }
