package retry

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

type wall struct{}

func (wall) Now() time.Time                         { return time.Now() }
func (wall) After(d time.Duration) <-chan time.Time { return time.After(d) }

func full() error { return &os.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC} }

func TestWhatPassesIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var causes []string
		over := 0
		l := Loop{Clock: wall{}, For: time.Minute, Waits: func(cause string, _ time.Duration) { causes = append(causes, cause) }, Over: func() { over++ }}
		tries := 0
		err := l.Do(t.Context(), func() error {
			if tries++; tries < 4 {
				return full()
			}
			return nil
		})
		if err != nil || tries != 4 || len(causes) != 3 || causes[0] != "no space left on device" || over != 1 {
			t.Errorf("%v after %d tries, causes %q, over %d", err, tries, causes, over)
		}
	})
}

func TestWhatDoesNotPassIsTriedOnce(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.ENOENT, syscall.EACCES, syscall.EBADF, syscall.EFBIG} {
		tries := 0
		err := Loop{Clock: wall{}, For: time.Minute}.Do(t.Context(), func() error { tries++; return errno })
		if err != errno || tries != 1 {
			t.Errorf("%v: %v after %d tries", errno, err, tries)
		}
	}
	if err := (Loop{Clock: wall{}}).Do(t.Context(), full); err == nil || strings.Contains(err.Error(), "gave up") {
		t.Errorf("without time for it: %v", err)
	}
	if _, yes := PassesReading(syscall.EIO); !yes {
		t.Error("a read that failed with EIO is not made again")
	}
}

// A loop ends when its time is over, soon when the run is stopped, and at once when that is ended.
func TestALoopEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		took := func() time.Duration { d := time.Since(begun); begun = time.Now(); return d }
		l := Loop{Clock: wall{}, For: time.Minute}
		err := l.Do(t.Context(), full)
		if !errors.Is(err, syscall.ENOSPC) || err.Error() != "no space left on device; gave up after 1m0s" || took() != time.Minute {
			t.Errorf("%v", err)
		}

		hurry := make(chan struct{})
		time.AfterFunc(10*time.Second, func() { close(hurry) })
		l.Hurry = hurry
		err = l.Do(t.Context(), full)
		if d := took(); !errors.Is(err, syscall.ENOSPC) || err.Error() != "no space left on device; gave up after 11s" || d != 11*time.Second {
			t.Errorf("stopped after 10 s it ended after %v: %v", d, err)
		}
		tries := 0
		err = l.Do(t.Context(), func() error { // of a run that is stopped already
			if tries++; tries < 3 {
				return full()
			}
			return nil
		})
		if d := took(); err != nil || d > hurried {
			t.Errorf("what passes soon, while the run stops: %v after %v", err, d)
		}

		why := errors.New("ended")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(3*time.Second, func() { cancel(why) })
		l.Hurry = nil
		if err := l.Do(ctx, full); err != why || took() != 3*time.Second {
			t.Errorf("ended: %v", err)
		}
	})
}
