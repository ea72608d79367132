package state

import (
	"math"
	"math/bits"
)

// Estimates is a column of sets of which only the size is asked for, and only about: HyperLogLog sketches (Flajolet, Fusy,
// Gandouet and Meunier, 2007). A set is known by the hashes of its values, so what it holds, and its estimate, depend on
// nothing but the values: not on their order, nor on the sets that it was merged of.
//
// Up to [EstimateExact] values a set keeps them all, as 26 bits of the hash that are a place, and how many zeros follow these
// (Heule, Nunkesser and Hall, "HyperLogLog in Practice", 2013); its size is then right but for what hashes have in common.
// Behind that it is 2^14 registers of a byte, with a standard error of 0.8%.
type Estimates struct {
	few       blocks[uint32] // where place is below 0, registers -place-1
	registers [][]uint8
	free      []int32

	hashes []uint64
	moved  []uint32
}

const (
	estimateBits   = 14 // of a hash that choose a register
	estimatePlaces = 26 // of a hash that a value is known by while they are few
	estimateClass  = 11 // of the largest block: as many bytes as the registers take

	// EstimateExact is up to how many values a set of Estimates keeps them.
	EstimateExact = 2 << estimateClass / 4 * 3
)

// Grow implements Column.
func (c *Estimates) Grow(n int) { c.few.grow(n) }

// Reset implements Column.
func (c *Estimates) Reset(slots []int32) {
	for _, s := range slots {
		c.drop(s)
	}
}

// Clear implements Column.
func (c *Estimates) Clear() {
	c.few.clear()
	c.registers, c.free = nil, nil
}

// Bytes implements Column.
func (c *Estimates) Bytes() int64 {
	return c.few.bytes() + int64(len(c.registers))<<estimateBits + sizeOf(c.registers) + sizeOf(c.free)
}

// Add puts each value of v, loaded as keys, into the set of its slot.
func (c *Estimates) Add(slots []int32, v *Vector) {
	c.hashes = resize(c.hashes, len(slots))
	keys := [1]*Vector{v}
	hashRows(keys[:], 0, c.hashes)
	for i, s := range slots {
		c.addHash(s, c.hashes[i])
	}
}

func (c *Estimates) addHash(slot int32, h uint64) {
	const left = 64 - estimatePlaces
	zeros := bits.LeadingZeros64(h<<estimatePlaces | 1<<(estimatePlaces-1))
	c.add(slot, uint32(h>>left)<<6|uint32(zeros+1))
}

// add takes a value as it is kept while they are few.
func (c *Estimates) add(slot int32, e uint32) {
	if c.few.place[slot] < 0 {
		raise(c.registers[-c.few.place[slot]-1], e)
		return
	}
	block := c.few.of(slot)
	at, known := find(block, e)
	if known {
		return
	}
	switch n := c.few.count[slot]; {
	case n >= EstimateExact:
		raise(c.widen(slot), e)
		return
	case block == nil || n == room(sizeFor(n)):
		block = c.few.ensure(slot, estimateHome)
		at, _ = find(block, e)
	}
	block[at] = e
	c.few.count[slot]++
}

func estimateHome(e uint32) uint64 { return uint64(e >> 6) }

// find gives where in a block an entry stands, or where it would.
func find(block []uint32, e uint32) (at uint64, found bool) {
	mask := uint64(len(block) - 1)
	at = estimateHome(e) & mask
	for range block {
		switch block[at] {
		case e:
			return at, true
		case 0:
			return at, false
		}
		at = (at + 1) & mask
	}
	return 0, false
}

// raise enters a value into registers: the one that the first bits name has the largest number of zeros seen, plus one.
func raise(registers []uint8, e uint32) {
	const more = estimatePlaces - estimateBits
	at := e >> 6
	rank := uint8(e&63) + more
	if rest := at & (1<<more - 1); rest != 0 {
		rank = uint8(more - bits.Len32(rest) + 1)
	}
	if r := &registers[at>>more]; *r < rank {
		*r = rank
	}
}

// widen makes registers of the values of a slot.
func (c *Estimates) widen(slot int32) []uint8 {
	var number int32
	if n := len(c.free); n > 0 {
		number = c.free[n-1]
		c.free = c.free[:n-1]
	} else {
		number = int32(len(c.registers))
		c.registers = append(c.registers, make([]uint8, 1<<estimateBits))
	}
	registers := c.registers[number]
	for _, e := range c.few.of(slot) {
		if e != 0 {
			raise(registers, e)
		}
	}
	c.few.drop(slot)
	c.few.place[slot] = -number - 1
	return registers
}

func (c *Estimates) drop(slot int32) {
	if number := -c.few.place[slot] - 1; number >= 0 {
		clear(c.registers[number])
		c.free = append(c.free, number)
		c.few.place[slot] = 0
		return
	}
	c.few.drop(slot)
}

// Merge puts the values of the set of from[i] into that of into[i], and leaves an empty one, one pair after the other.
func (c *Estimates) Merge(into, from []int32) {
	for i, f := range from {
		s := into[i]
		if number := -c.few.place[f] - 1; number >= 0 {
			c.mergeRegisters(s, c.registers[number])
		} else {
			c.moved = append(c.moved[:0], c.few.of(f)...) // blocks may move
			for _, e := range c.moved {
				if e != 0 {
					c.add(s, e)
				}
			}
		}
		c.drop(f)
	}
}

func (c *Estimates) mergeRegisters(slot int32, other []uint8) {
	var registers []uint8
	if number := -c.few.place[slot] - 1; number >= 0 {
		registers = c.registers[number]
	} else {
		registers = c.widen(slot)
	}
	for i, r := range other {
		registers[i] = max(registers[i], r)
	}
}

// Size is about how many values the set of a slot has.
func (c *Estimates) Size(slot int32) int64 {
	number := -c.few.place[slot] - 1
	if number < 0 {
		return int64(c.few.count[slot])
	}
	var counts [64 - estimateBits + 2]int
	for _, r := range c.registers[number] {
		counts[r]++
	}
	return int64(math.Round(sizeOfRegisters(counts[:])))
}

// sizeOfRegisters is the estimate of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017),
// algorithm 6, from how many registers have each value. It needs no correction of its bias.
func sizeOfRegisters(counts []int) float64 {
	const m = 1 << estimateBits
	last := len(counts) - 1
	z := m * tau(1-float64(counts[last])/m)
	for k := last - 1; k > 0; k-- {
		z = (z + float64(counts[k])) / 2
	}
	return m * m / (2 * math.Ln2 * (z + m*sigma(float64(counts[0])/m)))
}

func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	for y, z := 1.0, x; ; y *= 2 {
		x *= x
		before := z
		if z += x * y; z == before {
			return z
		}
	}
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	for y, z := 1.0, 1-x; ; {
		x, y = math.Sqrt(x), y/2
		before := z
		if z -= (1 - x) * (1 - x) * y; z == before {
			return z / 3
		}
	}
}
