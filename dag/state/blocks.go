package state

import "math/bits"

// blocks keeps for each slot a small hash set of entries, in a block of a power of two of them. The blocks of one size lie in
// one piece of memory, and those that are free serve again: a slot with one or two entries takes little more than these.
//
// An entry is never 0. Its key says where it stands, and is all of it unless the owner keeps something in its other bits.
type blocks[T uint32 | uint64] struct {
	place []int32 // by slot: the block's number among those of its size, plus one; 0: none
	count []int32 // by slot: how many entries there are, which says how large the block is
	sizes []sized[T]
}

// sized are the blocks of one size.
type sized[T uint32 | uint64] struct {
	entries []T
	free    []int32 // numbers of blocks
}

// sizeFor is the class of a block with room for n entries: it has 2<<class places, of which a quarter stays free.
func sizeFor(n int32) int {
	class := max(bits.Len32(uint32(n)), 2) - 2
	for room(class) < n {
		class++
	}
	return class
}

func room(class int) int32 {
	places := int32(2) << class
	return places - places/4
}

func (b *blocks[T]) grow(n int) { b.place, b.count = grow(b.place, n), grow(b.count, n) }

// of gives the block of a slot, nil where there is none. Entries of it that are 0 are free.
func (b *blocks[T]) of(slot int32) []T {
	if b.place[slot] == 0 {
		return nil
	}
	return b.at(sizeFor(b.count[slot]), b.place[slot]-1)
}

func (b *blocks[T]) at(class int, number int32) []T {
	places := 2 << class
	from := int(number) * places
	return b.sizes[class].entries[from : from+places : from+places]
}

// ensure makes room for one entry more, and gives the block. home says where the search for an entry begins.
func (b *blocks[T]) ensure(slot int32, home func(T) uint64) []T {
	n := b.count[slot]
	if b.place[slot] == 0 {
		b.place[slot] = b.take(0) + 1
		return b.at(0, b.place[slot]-1)
	}
	class := sizeFor(n)
	if n < room(class) {
		return b.at(class, b.place[slot]-1)
	}
	number := b.take(class + 1)
	old, wide := b.at(class, b.place[slot]-1), b.at(class+1, number)
	mask := uint64(len(wide) - 1)
	for _, e := range old {
		if e == 0 {
			continue
		}
		at := home(e) & mask
		for wide[at] != 0 {
			at = (at + 1) & mask
		}
		wide[at] = e
	}
	b.give(class, b.place[slot]-1)
	b.place[slot] = number + 1
	return wide
}

// take gives an empty block.
func (b *blocks[T]) take(class int) int32 {
	for len(b.sizes) <= class {
		b.sizes = append(b.sizes, sized[T]{})
	}
	s := &b.sizes[class]
	if n := len(s.free); n > 0 {
		number := s.free[n-1]
		s.free = s.free[:n-1]
		return number
	}
	places := 2 << class
	number := int32(len(s.entries) / places)
	s.entries = grow(s.entries, len(s.entries)+places)
	return number
}

func (b *blocks[T]) give(class int, number int32) {
	clear(b.at(class, number))
	b.sizes[class].free = append(b.sizes[class].free, number)
}

// drop forgets the entries of a slot.
func (b *blocks[T]) drop(slot int32) {
	if b.place[slot] != 0 {
		b.give(sizeFor(b.count[slot]), b.place[slot]-1)
		b.place[slot], b.count[slot] = 0, 0
	}
}

func (b *blocks[T]) clear() {
	b.place, b.count = empty(b.place), empty(b.count)
	for i := range b.sizes {
		s := &b.sizes[i]
		s.entries, s.free = empty(s.entries), s.free[:0]
	}
}

func (b *blocks[T]) bytes() int64 {
	n := sizeOf(b.place) + sizeOf(b.count)
	for i := range b.sizes {
		n += sizeOf(b.sizes[i].entries) + sizeOf(b.sizes[i].free)
	}
	return n
}
