package state

// marks are the slots that changed since the last barrier: a bit each, and a list in the order of their first change.
type marks struct {
	bits []uint64
	list []int32
}

func (m *marks) grow(n int) { m.bits = grow(m.bits, (n+63)/64) }

// drop unmarks slots.
func (m *marks) drop(which func(s int32) bool) {
	kept := m.list[:0]
	for _, s := range m.list {
		if which(s) {
			m.bits[s>>6] &^= 1 << (s & 63)
		} else {
			kept = append(kept, s)
		}
	}
	m.list = kept
}

func (m *marks) clear() { m.bits, m.list = empty(m.bits), m.list[:0] }

func (m *marks) bytes() int64 { return sizeOf(m.bits) + sizeOf(m.list) }

// Mark notes that slots changed.
func (t *Table) Mark(slots []int32) {
	m := &t.marks
	for _, s := range slots {
		if w, bit := s>>6, uint64(1)<<(s&63); m.bits[w]&bit == 0 {
			m.bits[w] |= bit
			m.list = append(m.list, s)
		}
	}
}

// Marked gives the slots in use that changed since Unmark, each once, in the order of their first change. It is valid until
// the next call of any method that changes the table.
func (t *Table) Marked() []int32 {
	if len(t.free) > 0 {
		t.marks.drop(func(s int32) bool { return !t.used(s) })
	}
	return t.marks.list
}

// MarkedOf gives those of slots that changed since Unmark, in their order.
func (t *Table) MarkedOf(slots []int32) []int32 {
	var marked []int32
	for _, s := range slots {
		if t.marks.bits[s>>6]&(1<<(s&63)) != 0 {
			marked = append(marked, s)
		}
	}
	return marked
}

// Unmark begins a new stretch.
func (t *Table) Unmark() {
	m := &t.marks
	if len(m.list) < len(m.bits) {
		for _, s := range m.list {
			m.bits[s>>6] = 0
		}
	} else {
		clear(m.bits)
	}
	m.list = m.list[:0]
}
