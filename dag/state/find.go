package state

import "fmt"

// Find is Slots without taking keys in: a row whose key the table does not have gets slot -1. Only scratch memory changes.
func (t *Table) Find(keys []*Vector, n int, slots []int32) []int32 {
	if len(keys) != len(t.keys) {
		panic(fmt.Sprintf("state: %d keys for a table with %d key columns", len(keys), len(t.keys)))
	}
	slots = resize(slots, n)
	switch {
	case t.Live() == 0:
		for i := range slots {
			slots[i] = -1
		}
	case len(t.keys) == 0:
		clear(slots)
	default:
		for from := 0; from < n; from += block {
			t.lookUp(keys, from, slots[from:min(from+block, n)])
		}
	}
	return slots
}

// lookUp is findBlock without taking keys in.
func (t *Table) lookUp(keys []*Vector, from int, slots []int32) {
	t.hashBlock(keys, from, len(slots))
	for i, h := range t.rowHashes {
		s, found := t.index.search(h)
		if !found {
			s = -1
		}
		slots[i] = s
	}
	t.wrong = t.wrong[:0]
	for k, c := range t.keys {
		t.wrong = c.same(keys[k], from, slots, t.wrong)
	}
	for _, i := range t.wrong {
		slots[i] = t.seek(keys, from+int(i), t.rowHashes[i])
	}
}

// seek finds the slot of a row by its hash and its key, -1 where there is none.
func (t *Table) seek(keys []*Vector, i int, h uint64) int32 {
	for pos := h & t.index.mask; ; pos = (pos + 1) & t.index.mask {
		e := t.index.entries[pos]
		if e == 0 {
			return -1
		}
		if e>>32 == h>>32 {
			if s := int32(uint32(e)) - 1; t.sameKey(keys, i, s) {
				return s
			}
		}
	}
}
