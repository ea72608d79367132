package exec

import (
	"context"
	"time"

	"flowrun/dag/op"
)

// alarm tells a runner when the run's clock reaches a time that its operator asked for. Every runner has one.
type alarm struct {
	run *Run
	at  time.Time // that ring is for; zero: none
	c   <-chan time.Time
}

// ring gives the channel that fires at a time, nil for the zero time. The same time again costs nothing.
func (a *alarm) ring(at time.Time) <-chan time.Time {
	if !at.Equal(a.at) {
		a.at, a.c = at, nil
		if !at.IsZero() {
			a.c = a.run.o.At(at)
		}
	}
	return a.c
}

// rang forgets the time that has come.
func (a *alarm) rang() { a.at, a.c = time.Time{}, nil }

// clocked is a taker whose operator acts as time passes.
type clocked interface {
	// wake is when tick is to be called; zero: not.
	wake() time.Time
	tick(ctx context.Context, now time.Time) error
}

// due calls tick as long as its time has come. It is called before whatever comes next is dealt with, so that what the clock
// decides does not depend on which of the two was noticed first.
func (n *node) due(ctx context.Context, c clocked) error {
	for at := c.wake(); !at.IsZero(); at = c.wake() {
		now := n.run.o.Now()
		if now.Before(at) || n.run.still.Load() {
			return nil
		}
		if err := c.tick(ctx, now); err != nil {
			return err
		}
		if next := c.wake(); !next.IsZero() && !next.After(at) && !next.After(now) {
			return n.failed("tick", bug("it wants to be called again for the same time"))
		}
	}
	return nil
}

// await gives the time that the operator waits for, and notes it for those who want to know whether anything is due.
func (n *node) await(c clocked) time.Time {
	at := c.wake()
	if at.IsZero() {
		n.awaits.Store(0)
	} else {
		n.awaits.Store(at.UnixNano())
	}
	return at
}

// wake implements clocked. While sources read again what arrived long ago nothing is due: the clock would be ahead of the rows.
func (i *instance) wake() time.Time {
	if i.clock == nil || i.finished || i.run.rereads && !i.current {
		return time.Time{}
	}
	return i.clock.Wake()
}

// tick implements clocked. What it emits counts as released by a watermark.
func (i *instance) tick(ctx context.Context, now time.Time) error {
	i.touched = true
	i.emit.begin(callWatermark)
	return i.guard(ctx, "tick", func() error {
		if err := i.clock.Tick(ctx, now, i.emit); err != nil {
			return err
		}
		i.remembersNow()
		return i.emit.idle()
	})
}

var _ clocked = (*instance)(nil)

// stateEvery is how often, beside barriers, it is noted how much an operator keeps: no more often than somebody looks.
const stateEvery = 250 * time.Millisecond

// remembersNow notes how much the operator keeps where that was long ago: a watermark may forget rows without an epoch behind it.
func (i *instance) remembersNow() {
	if moment()-i.noted >= stateEvery {
		i.remembers()
	}
}

// remembers notes how much the operator keeps.
func (i *instance) remembers() {
	i.noted = moment()
	if s, ok := i.tr.(op.Stateful); ok {
		rows, bytes := s.State()
		i.emit.stateRows.Store(rows)
		i.emit.stateBytes.Store(bytes)
		i.emit.stateMost.Store(max(i.emit.stateMost.Load(), bytes)) // only this goroutine sets it
	}
}
