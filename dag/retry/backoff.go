package retry

import (
	"math/rand/v2"
	"time"
)

// Backoff gives the times between attempts: twice as long each time, from Shortest to Longest, and each shortened by up to
// half at random, so that many clients of one server do not come all at once. The zero Backoff is ready.
type Backoff struct {
	Shortest, Longest time.Duration  // 0: 100 ms and 5 s
	Random            func() float64 // in [0, 1); nil: a good one
	last              time.Duration  // before it was shortened
}

// Next is how long to wait now.
func (b *Backoff) Next() time.Duration {
	shortest, longest := b.Shortest, b.Longest
	if shortest <= 0 {
		shortest = 100 * time.Millisecond
	}
	if longest <= 0 {
		longest = 5 * time.Second
	}
	b.last = min(max(2*b.last, shortest), longest)
	random := b.Random
	if random == nil {
		random = rand.Float64
	}
	return b.last - time.Duration(random()*float64(b.last/2))
}

// Reset makes the next wait the shortest one: an attempt went well.
func (b *Backoff) Reset() { b.last = 0 }
