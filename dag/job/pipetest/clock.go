package pipetest

import (
	"sync"
	"time"
)

// start is the time at which every test begins.
var start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// clock is a test's time. It moves when the test says so; and where an operator waits for a time, that time comes at once,
// so that a test never waits.
type clock struct {
	mu  sync.Mutex
	now time.Time
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
	return c.now
}

// After moves the clock by d.
func (c *clock) After(d time.Duration) <-chan time.Time {
	fired := make(chan time.Time, 1)
	fired <- c.advance(d)
	return fired
}
