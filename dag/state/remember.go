package state

import (
	"fmt"
	"strconv"
	"unsafe"
)

// How tables and columns show themselves to a [Memory]. Free slots and the places of texts are part of what is kept, so that
// what was read is as it was written, slot by slot, and columns that hold slots stay right.

// Remember shows the table and what is attached to it. Slots that changed since the last barrier are forgotten as such.
func (t *Table) Remember(m *Memory, name string) {
	if g := m.gathers; g != nil {
		g.stores = append(g.stores, named[store]{name, t})
		return
	}
	slice(m, name+"/hash", &t.hashes)
	slice(m, name+"/gone", &t.gone)
	slice(m, name+"/free", &t.free)
	for i, k := range t.keys {
		k.Remember(m, name+"/key/"+strconv.Itoa(i))
	}
	for i, c := range t.attached {
		c.Remember(m, name+"/"+t.names[i])
	}
	if m.settles {
		t.index.spill = m.spill
		if err := settle(m.spill, &t.index.entries, true, m.spill.smallest); err != nil {
			m.fail(err)
		} else if e := m.spill.of(unsafe.Pointer(unsafe.SliceData(t.index.entries))); e != nil {
			e.first = true
		}
	}
	if !m.reads {
		return
	}
	for _, k := range t.keys {
		if k.Len() != t.Len() {
			m.fail(fmt.Errorf("table %s: %d keys for %d slots", name, k.Len(), t.Len()))
			return
		}
	}
	t.marks.clear()
	t.marks.grow(t.Len())
	for _, c := range t.attached {
		c.Grow(t.Len()) // one that was not stored
	}
	t.index = index{spill: m.spill}
	if len(t.keys) > 0 {
		t.index.restore(t.hashes, t.used)
	}
}

// Remember shows the rows and what is attached to them.
func (r *Rows) Remember(m *Memory, name string) {
	if g := m.gathers; g != nil {
		g.stores = append(g.stores, named[store]{name, r})
		return
	}
	n := int64(r.n)
	m.Ints(name+"/slots", &n)
	slice(m, name+"/gone", &r.gone)
	slice(m, name+"/free", &r.free)
	for i, c := range r.columns {
		if c != nil {
			c.Remember(m, name+"/row/"+r.fields[i])
		}
	}
	for i, c := range r.attached {
		c.Remember(m, name+"/"+r.names[i])
	}
	if !m.reads {
		return
	}
	r.n = int(n)
	for _, c := range r.columns {
		if c != nil {
			c.Grow(r.n) // one that was not stored
		}
	}
	for _, c := range r.attached {
		c.Grow(r.n)
	}
}

// Remember implements Column.
func (c *Fixed[T]) Remember(m *Memory, name string) { slice(m, name, &c.V) }

// Remember implements Column.
func (c *Values) Remember(m *Memory, name string) {
	if c.Kind == Word {
		slice(m, name+"/words", &c.words)
		slice(m, name+"/valid", &c.valid)
	} else {
		slice(m, name+"/views", &c.views)
		c.arena.remember(m, name+"/texts")
	}
	nulls := int64(c.nulls)
	m.Ints(name+"/nulls", &nulls)
	c.nulls = int(nulls)
}

func (a *arena) remember(m *Memory, name string) {
	chunk := func(i int) string { return fmt.Sprintf("%s/%06d", name, i) }
	m.Ints(name, &a.dead)
	if m.reads {
		a.chunks, a.bytes = make([][]byte, len(m.names(name+"/"))), 0
	}
	for i := range a.chunks {
		fixed(m, chunk(i), &a.chunks[i])
		if m.reads {
			a.bytes += int64(cap(a.chunks[i]))
		}
	}
}

// Remember implements Column.
func (l *Lists) Remember(m *Memory, name string) {
	l.values.Remember(m, name+"/values")
	slice(m, name+"/next", &l.next)
	slice(m, name+"/first", &l.first)
	slice(m, name+"/last", &l.last)
	slice(m, name+"/size", &l.size)
	free, spare := int64(l.free), int64(l.spare)
	m.Ints(name+"/free", &free, &spare)
	l.free, l.spare = int32(free), int(spare)
}

// Remember implements Column.
func (s *Set) Remember(m *Memory, name string) {
	s.table.Remember(m, name+"/table")
	slice(m, name+"/first", &s.first)
}

func (b *blocks[T]) remember(m *Memory, name string) {
	slice(m, name+"/place", &b.place)
	slice(m, name+"/count", &b.count)
	if m.reads {
		b.sizes = make([]sized[T], len(m.names(name+"/entries/")))
	}
	for class := range b.sizes {
		s := &b.sizes[class]
		slice(m, fmt.Sprintf("%s/entries/%02d", name, class), &s.entries)
		slice(m, fmt.Sprintf("%s/free/%02d", name, class), &s.free)
	}
}

// Remember implements Column.
func (c *Estimates) Remember(m *Memory, name string) {
	c.few.remember(m, name+"/few")
	if m.reads {
		c.registers = make([][]uint8, len(m.names(name+"/registers/")))
	}
	for i := range c.registers {
		fixed(m, fmt.Sprintf("%s/registers/%08d", name, i), &c.registers[i])
	}
	slice(m, name+"/free", &c.free)
}

// Remember implements Column.
func (c *Quantiles) Remember(m *Memory, name string) { c.bins.remember(m, name+"/bins") }

// Remember shows the timers, each bucket as a part of its own, since most of them change no more until they are due. Timers
// that are read go to buckets of the width that is theirs now.
func (t *Timers) Remember(m *Memory, name string) {
	if g := m.gathers; g != nil {
		g.timers = append(g.timers, named[*Timers]{name, t})
		return
	}
	const order = 1 << 63 // so that names are in the order of times
	if m.reads {
		t.Clear()
		for _, part := range m.names(name + "/") {
			var timers []Timer
			slice(m, part, &timers)
			for _, x := range timers {
				t.Set(x.At, x.Slot)
			}
		}
		return
	}
	if m.settles {
		t.spare, t.room = nil, 0 // nobody sees them where they lie
	}
	for start, b := range t.buckets {
		slice(m, fmt.Sprintf("%s/%016x", name, uint64(start)^order), &b.timers)
	}
}
