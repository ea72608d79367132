package retry

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Clock is the time by which a loop waits.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// Loop tries something until it works, fails for good, or the loop's time is over.
type Loop struct {
	Clock  Clock
	For    time.Duration                      // how long in all; 0: one attempt
	Passes func(error) (cause string, _ bool) // nil: [Passes]
	Pause  Backoff                            // how it begins
	// Hurry, once it is closed, leaves [hurried] and no more: the run is being stopped. Nil: there is no hurry.
	Hurry <-chan struct{}
	// Waits is called before each wait, and Over behind the last one, if there was any. Both may be nil.
	Waits func(cause string, wait time.Duration)
	Over  func()
}

// hurried is how long a loop goes on in a run that is being stopped.
const hurried = time.Second

// Do calls try until it gives nil. An error is that of the last attempt, told with the time that was given to it where that is over;
// or the cause of ctx.
func (l Loop) Do(ctx context.Context, try func() error) error {
	err := try()
	if err == nil {
		return nil
	}
	passes := l.Passes
	if passes == nil {
		passes = Passes
	}
	cause, yes := passes(err)
	if !yes || l.For <= 0 {
		return err
	}
	begun := l.Clock.Now()
	until, given := begun.Add(l.For), l.For
	hurry := l.Hurry
	defer func() {
		if l.Over != nil {
			l.Over()
		}
	}()
	for {
		now := l.Clock.Now()
		left := until.Sub(now)
		if left <= 0 {
			return gaveUp(err, given)
		}
		wait := min(l.Pause.Next(), left)
		if l.Waits != nil {
			l.Waits(cause, wait)
		}
		select {
		case <-l.Clock.After(wait):
		case <-hurry:
			hurry = nil
			if now = l.Clock.Now(); now.Add(hurried).Before(until) {
				until, given = now.Add(hurried), now.Add(hurried).Sub(begun).Round(time.Second)
			}
			l.Pause.Reset()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err = try(); err == nil {
			return nil
		}
		if cause, yes = passes(err); !yes {
			return err
		}
	}
}

// gaveUpError is an error that did not pass in the time that it was given.
type gaveUpError struct {
	error
	after time.Duration
}

// gaveUp keeps of err what the system said; the path stands beside it.
func gaveUp(err error, after time.Duration) error {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		err = errno
	}
	return &gaveUpError{err, after}
}

func (e *gaveUpError) Error() string { return fmt.Sprintf("%v; gave up after %v", e.error, e.after) }
func (e *gaveUpError) Unwrap() error { return e.error }
