package state

// index finds slots by hash: open addressing, an entry being the upper half of the hash and the slot plus one, 0 where there
// is none. It holds no key.
type index struct {
	entries []uint64
	mask    uint64
	used    int
}

const smallestIndex = 256

// make gives the index its first entries.
func (x *index) make() {
	if x.entries == nil {
		x.rebuild(smallestIndex, nil)
	}
}

// add enters a slot that is not there, in an index that was made. hashes are those of all slots, from which a larger index is
// made: where every slot below is in it, in their order, which costs no look at the old entries.
func (x *index) add(h uint64, slot int, hashes []uint64) {
	if x.used >= x.room() {
		if x.used == slot {
			x.rebuild(2*len(x.entries), hashes[:slot])
		} else {
			x.widen(hashes)
		}
	}
	x.used++
	x.put(h, slot)
}

// room is how many entries an index has before it grows: of a small one a quarter, so that a search seldom takes a second
// step, of a large one a half.
func (x *index) room() int {
	if len(x.entries) <= sparse {
		return len(x.entries) / 4
	}
	return len(x.entries) / 2
}

// sparse is the size up to which an index is kept three quarters empty; it takes 512 KiB.
const sparse = 1 << 16

// search finds a slot by its hash alone.
func (x *index) search(h uint64) (int32, bool) {
	for pos := h & x.mask; ; pos = (pos + 1) & x.mask {
		e := x.entries[pos]
		if e == 0 {
			return 0, false
		}
		if e>>32 == h>>32 {
			return int32(uint32(e)) - 1, true
		}
	}
}

func (x *index) put(h uint64, slot int) {
	pos := h & x.mask
	for x.entries[pos] != 0 {
		pos = (pos + 1) & x.mask
	}
	x.entries[pos] = h>>32<<32 | uint64(slot+1)
}

func (x *index) rebuild(size int, hashes []uint64) {
	x.entries, x.mask = make([]uint64, size), uint64(size-1)
	for s, h := range hashes {
		x.put(h, s)
	}
}

// widen is rebuild where slots are missing.
func (x *index) widen(hashes []uint64) {
	old := x.entries
	x.rebuild(2*len(old), nil)
	for _, e := range old {
		if e != 0 {
			s := int(uint32(e)) - 1
			x.put(hashes[s], s)
		}
	}
}

func (x *index) clear() {
	if len(x.entries) > 1<<12 && x.used < len(x.entries)/16 {
		x.entries = nil
	}
	clear(x.entries)
	x.used = 0
}

func (x *index) bytes() int64 { return sizeOf(x.entries) }
