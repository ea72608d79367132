package state

// Remove forgets the keys of slots, each of which is in use and named once, and resets what is kept for them. The slots serve
// keys that come later.
func (t *Table) Remove(slots []int32) {
	if len(slots) == 0 {
		return
	}
	if len(slots) == t.Live() {
		t.Clear() // which gives memory back
		return
	}
	t.gone = grow(t.gone, (t.Len()+63)/64)
	for _, s := range slots {
		if len(t.keys) > 0 {
			t.index.remove(t.hashes[s], s, t.hashes)
		}
		t.gone[s>>6] |= 1 << (s & 63)
	}
	t.free = append(t.free, slots...)
	for _, k := range t.keys {
		k.drop(slots)
	}
	for _, c := range t.attached {
		c.Reset(slots)
	}
}

// Live is the number of slots in use.
func (t *Table) Live() int { return t.Len() - len(t.free) }

// used reports whether a slot is in use.
func (t *Table) used(s int32) bool { return int(s>>6) >= len(t.gone) || t.gone[s>>6]&(1<<(s&63)) == 0 }

// All appends the slots in use, ascending.
func (t *Table) All(dst []int32) []int32 {
	if len(t.free) == 0 {
		for s := range t.Len() {
			dst = append(dst, int32(s))
		}
		return dst
	}
	for s := range int32(t.Len()) {
		if t.used(s) {
			dst = append(dst, s)
		}
	}
	return dst
}

// Fresh gives the rows of the last call of Slots that brought new keys, each key's first one. It is valid until the next call.
func (t *Table) Fresh() []int32 { return t.fresh }

// reuse gives a hash the slot on top of the free ones.
func (t *Table) reuse(h uint64, slot int32) int32 {
	t.free = t.free[:len(t.free)-1]
	t.gone[slot>>6] &^= 1 << (slot & 63)
	t.hashes[slot] = h
	t.index.add(h, int(slot), t.hashes)
	t.reused = append(t.reused, slot)
	return slot
}

// enter writes the keys of rows into the slots that they were given: first the reused ones, then those at the end.
func (t *Table) enter(keys []*Vector, rows []int32) {
	again := rows[:len(t.reused)]
	for k, c := range t.keys {
		c.put(t.reused, keys[k], again)
		c.Append(keys[k], rows[len(again):])
	}
}

// remove takes a slot out, moving those behind it that would not be found any more.
func (x *index) remove(h uint64, slot int32, hashes []uint64) {
	at := h & x.mask
	for want := h>>32<<32 | uint64(slot+1); x.entries[at] != want; {
		at = (at + 1) & x.mask
	}
	for next := (at + 1) & x.mask; x.entries[next] != 0; next = (next + 1) & x.mask {
		home := hashes[uint32(x.entries[next])-1] & x.mask
		if (next-home)&x.mask >= (next-at)&x.mask {
			x.entries[at], at = x.entries[next], next
		}
	}
	x.entries[at] = 0
	x.used--
}
