package pane

import "math"

// rows gives every slot its line: wires as straight as the order of the columns allows, in at most height lines (0: as
// many as it takes). It reports whether that is enough.
func (l *layout) rows(height, air int) bool {
	for _, layer := range l.layers {
		y := 0
		for _, s := range layer {
			l.slots[s].y = y
			y += l.slots[s].h + air
		}
		if height > 0 && y-air > height {
			return false
		}
	}
	for round := range 8 {
		for i := range l.layers {
			layer := l.layers[i]
			if round%2 == 1 {
				layer = l.layers[len(l.layers)-1-i]
			}
			l.settle(layer, air, round%2 == 1)
		}
	}
	l.normalise()
	if height > 0 {
		for _, layer := range l.layers {
			floor := height
			for i := len(layer) - 1; i >= 0; i-- {
				s := &l.slots[layer[i]]
				s.y = min(s.y, floor-s.h)
				floor = s.y - air
			}
		}
		l.normalise()
	}
	return true
}

// settle moves the slots of a column as near as possible to where their wires would be straight, without changing their
// order: neighbours that want the same place share the way between them.
func (l *layout) settle(layer []int, air int, back bool) {
	type block struct {
		sum   float64
		n     int
		first int
	}
	var blocks []block
	offset := make([]int, len(layer))
	for i, s := range layer {
		if i > 0 {
			offset[i] = offset[i-1] + l.slots[layer[i-1]].h + air
		}
		b := block{sum: l.wanted(s, back) - float64(offset[i]), n: 1, first: i}
		for len(blocks) > 0 {
			top := blocks[len(blocks)-1]
			if top.sum/float64(top.n) <= b.sum/float64(b.n) {
				break
			}
			b = block{top.sum + b.sum, top.n + b.n, top.first}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	for i, b := range blocks {
		end := len(layer)
		if i+1 < len(blocks) {
			end = blocks[i+1].first
		}
		base := int(math.Round(b.sum / float64(b.n)))
		for j := b.first; j < end; j++ {
			l.slots[layer[j]].y = base + offset[j]
		}
	}
}

// wanted is the line at which a slot's wires to the column before (or behind) are straight, on average.
func (l *layout) wanted(s int, back bool) float64 {
	sum, n := 0, 0
	if back {
		for _, o := range l.slots[s].outputs {
			for _, k := range l.outs[o].links {
				sum += l.slots[l.links[k].slot].y + l.links[k].row - l.outs[o].row
				n++
			}
		}
	} else {
		for _, k := range l.slots[s].inputs {
			o := l.outs[l.links[k].out]
			sum += l.slots[o.slot].y + o.row - l.links[k].row
			n++
		}
	}
	if n == 0 {
		return float64(l.slots[s].y)
	}
	return float64(sum) / float64(n)
}

func (l *layout) normalise() {
	top := math.MaxInt
	for _, s := range l.slots {
		top = min(top, s.y)
	}
	for i := range l.slots {
		l.slots[i].y -= top
	}
}

func (l *layout) height() int {
	h := 0
	for _, s := range l.slots {
		h = max(h, s.y+s.h)
	}
	return h
}
