package state

import (
	"math"
	"slices"

	"github.com/DataDog/sketches-go/ddsketch/mapping"
)

// Quantiles is a column of multisets of floats of which only quantiles are asked for, and only to within a share of the value:
// sketches as in "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees" (Masson, Rim and Lee,
// 2019). A value is counted in a bin whose bounds are 2% apart, so that what a slot holds depends on nothing but the values:
// not on their order, nor on how often it was merged.
//
// All values are held: those below zero in bins of their own, zeros (and what is nearer to zero than 2.3e-308) in one, both
// infinities, and NaN, which is greater than every number. Finite values beyond 1.2e308 share the last bin before infinity. A
// power of ten takes 115 bins of 8 bytes.
type Quantiles struct {
	bins  blocks[uint64] // an entry is a bin's code, then how many values are in it
	moved []uint64
}

// QuantileError is how far a quantile may be from the value it stands for, as a share of that.
const QuantileError = 0.01

// The codes of bins, in the order of their values.
const (
	countBits = 46 // a count stays at its greatest, seven years of 300,000 rows a second
	countMask = 1<<countBits - 1

	zeroBin     = 1 << 17
	infinityBin = 1<<17 - 2 // less zeroBin, of +Inf; of -Inf its negative
	nanBin      = zeroBin + infinityBin + 1
)

var bins, leastBin = func() (*mapping.LogarithmicMapping, int) {
	m, err := mapping.NewLogarithmicMapping(QuantileError)
	if err != nil {
		panic(err) // of a constant
	}
	return m, m.Index(m.MinIndexableValue())
}()

// binOf gives the code of the bin of a value.
func binOf(f float64) uint64 {
	switch x := math.Abs(f); {
	case f != f:
		return nanBin
	case x < bins.MinIndexableValue():
		return zeroBin
	case f > math.MaxFloat64:
		return zeroBin + infinityBin
	case f < -math.MaxFloat64:
		return zeroBin - infinityBin
	default:
		bin := uint64(1 + bins.Index(min(x, bins.MaxIndexableValue())) - leastBin)
		if f < 0 {
			return zeroBin - bin
		}
		return zeroBin + bin
	}
}

// valueOf gives the value that stands for those of a bin.
func valueOf(bin uint64) float64 {
	switch d := int(bin) - zeroBin; {
	case d == infinityBin+1:
		return math.NaN()
	case d == infinityBin || d == -infinityBin:
		return math.Inf(d)
	case d > 0:
		return bins.Value(d - 1 + leastBin)
	case d < 0:
		return -bins.Value(-d - 1 + leastBin)
	}
	return 0
}

// Grow implements Column.
func (c *Quantiles) Grow(n int) { c.bins.grow(n) }

// Reset implements Column.
func (c *Quantiles) Reset(slots []int32) {
	for _, s := range slots {
		c.bins.drop(s)
	}
}

// Clear implements Column.
func (c *Quantiles) Clear() { c.bins.clear() }

// Bytes implements Column.
func (c *Quantiles) Bytes() int64 { return c.bins.bytes() }

// Add counts each value of v, floats, none of them null, in its slot.
func (c *Quantiles) Add(slots []int32, v *Vector) {
	words := v.Words[:len(slots)]
	for i, s := range slots {
		c.add(s, binOf(math.Float64frombits(words[i])), 1)
	}
}

func binHome(e uint64) uint64 { return e >> countBits }

// add counts n values in a bin of a slot.
func (c *Quantiles) add(slot int32, bin uint64, n uint64) {
	block := c.bins.of(slot)
	at, found := findBin(block, bin)
	if !found {
		if used := c.bins.count[slot]; block == nil || used == room(sizeFor(used)) {
			block = c.bins.ensure(slot, binHome)
			at, _ = findBin(block, bin)
		}
		c.bins.count[slot]++
		block[at] = bin << countBits
	}
	block[at] = bin<<countBits | min(block[at]&countMask+n, countMask)
}

// findBin gives where in a block a bin stands, or where it would.
func findBin(block []uint64, bin uint64) (at uint64, found bool) {
	mask := uint64(len(block) - 1)
	at = bin & mask
	for range block {
		e := block[at]
		if e == 0 || e>>countBits == bin {
			return at, e != 0
		}
		at = (at + 1) & mask
	}
	return 0, false
}

// Merge adds what from[i] counted to into[i], and leaves nothing there, one pair after the other.
func (c *Quantiles) Merge(into, from []int32) {
	for i, f := range from {
		c.moved = append(c.moved[:0], c.bins.of(f)...) // blocks may move
		for _, e := range c.moved {
			if e != 0 {
				c.add(into[i], e>>countBits, e&countMask)
			}
		}
		c.bins.drop(f)
	}
}

// Quantile is the value of rank p*(n-1), rounded down, of the n values of a slot in order; p is from 0 to 1. ok is false
// where there is none.
func (c *Quantiles) Quantile(slot int32, p float64) (value float64, ok bool) {
	c.moved = c.moved[:0]
	total := uint64(0)
	for _, e := range c.bins.of(slot) {
		if e != 0 {
			c.moved = append(c.moved, e)
			total += e & countMask
		}
	}
	if total == 0 {
		return 0, false
	}
	slices.Sort(c.moved)
	rank := uint64(p * float64(total-1))
	for _, e := range c.moved {
		n := e & countMask
		if rank < n {
			return valueOf(e >> countBits), true
		}
		rank -= n
	}
	return valueOf(c.moved[len(c.moved)-1] >> countBits), true
}
