package socket

import (
	"math/rand/v2"
	"time"
)

// backoff gives the times between attempts: twice as long each time, from shortest to longest, and each shortened by up to
// half at random, so that many clients of one server do not come all at once.
type backoff struct {
	tries  int
	random func() float64 // in [0, 1); nil: a good one
}

const (
	shortest = 100 * time.Millisecond
	longest  = 5 * time.Second
)

func (b *backoff) next() time.Duration {
	d := longest
	if b.tries < 6 {
		d = min(shortest<<b.tries, longest)
		b.tries++
	}
	random := b.random
	if random == nil {
		random = rand.Float64
	}
	return d - time.Duration(random()*float64(d/2))
}

func (b *backoff) reset() { b.tries = 0 }
