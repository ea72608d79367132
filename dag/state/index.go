package state

import "unsafe"

// index finds slots by hash: open addressing, an entry being the upper half of the hash and the slot plus one, 0 where there
// is none. It holds no key.
type index struct {
	entries []uint64
	mask    uint64
	used    int
	spill   *Spill // where a large one lies; nil: in memory
}

const smallestIndex = 256

// make gives the index its first entries.
func (x *index) make() {
	if x.entries == nil {
		x.rebuild(smallestIndex, nil)
	}
}

// add enters a slot that is not there, in an index that was made. hashes are those of all slots, from which a larger index is
// made, which costs no look at the old entries: it grows only where all slots below are in use, since free ones are used first, and
// it has had room for them before they were free.
func (x *index) add(h uint64, slot int, hashes []uint64) {
	if x.used >= x.room() {
		x.rebuild(2*len(x.entries), hashes[:slot])
	}
	x.used++
	x.put(h, slot)
}

// room is how many entries an index has before it grows: of a small one a quarter, so that a search seldom takes a second
// step, of a large one a half.
func (x *index) room() int { return roomOf(len(x.entries)) }

func roomOf(entries int) int {
	if entries <= sparse {
		return entries / 4
	}
	return entries / 2
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

// rebuild makes an index of the given size of the slots of hashes, which are all in use.
func (x *index) rebuild(size int, hashes []uint64) {
	x.entries, x.mask = x.zeroes(size), uint64(size-1)
	for from, pass := 0, x.pass(size); from < size; from += pass {
		x.relieve(from)
		if pass == size {
			for s, h := range hashes {
				x.put(h, s)
			}
			return
		}
		for s, h := range hashes {
			if at := int(h & x.mask); at >= from && at < from+pass {
				x.put(h, s)
			}
		}
	}
}

// restore makes the index of hashes anew, with room for those of slots that are free, see add.
func (x *index) restore(hashes []uint64, used func(slot int32) bool) {
	size := smallestIndex
	for roomOf(size) < len(hashes) {
		size *= 2
	}
	x.entries, x.mask = x.zeroes(size), uint64(size-1)
	for from, pass := 0, x.pass(size); from < size; from += pass {
		x.relieve(from)
		for s, h := range hashes {
			if at := int(h & x.mask); at >= from && at < from+pass && used(int32(s)) {
				x.put(h, s)
				x.used++
			}
		}
	}
}

// zeroes is memory for entries: where that is large, and state lies on disk, there. An index that has no room there stays in memory.
func (x *index) zeroes(size int) []uint64 {
	if n := int64(8 * size); x.spill != nil && n >= x.spill.smallest {
		if e, err := x.spill.take(n, n); err == nil {
			e.first = true
			return unsafe.Slice((*uint64)(x.spill.area.address(e.at)), size)
		}
	}
	return make([]uint64, size)
}

// onePass is how many entries are written in any order at a time, where not all of them may be in memory.
const onePass = 4 << 20

// pass is how many entries of an index are filled at a time.
func (x *index) pass(size int) int {
	if x.spill == nil {
		return size
	}
	return min(size, onePass)
}

// relieve makes room in memory before the next pass.
func (x *index) relieve(from int) {
	if x.spill != nil && from > 0 {
		x.spill.later(x.spill.Keep(x.spill.kept))
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
