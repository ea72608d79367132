package pipetest

import (
	"slices"
	"sync"
	"time"
)

// start is the time at which every test begins.
var start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// clock is a test's time. It moves when the test says so; and where an operator waits for a length of time, as a rate limit
// does, it is over at once, so that a test never waits. Who asks for a moment, as windows of processing time do, gets it when
// the clock has come there.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	rings []ring
}

// ring is a moment that somebody asked for.
type ring struct {
	at time.Time
	c  chan time.Time
}

func newClock() *clock { return &clock{now: start} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(max(d, 0))
	c.rings = slices.DeleteFunc(c.rings, func(r ring) bool {
		if r.at.After(c.now) {
			return false
		}
		r.c <- c.now
		return true
	})
	return c.now
}

// At fires once the clock has come to a time.
func (c *clock) At(at time.Time) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := ring{at, make(chan time.Time, 1)}
	if at.After(c.now) {
		c.rings = append(c.rings, r)
	} else {
		r.c <- c.now
	}
	return r.c
}

// After moves the clock by d.
func (c *clock) After(d time.Duration) <-chan time.Time {
	fired := make(chan time.Time, 1)
	fired <- c.advance(d)
	return fired
}
