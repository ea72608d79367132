package relational

import (
	"context"
	"time"

	"flowrun/dag/retry"
)

// lookupGrace is how long a batch waits for a table of a database that is read again, before it goes on with the rows that are held.
const lookupGrace = 5 * time.Second

// lookupReload reads the rows of a lookup again from time to time. It looks only when a batch comes, so that who waits for rows asks no
// database; and what it reads becomes the table between two batches.
type lookupReload struct {
	rows  lookupRows
	every time.Duration // 0: never
	grace time.Duration

	next   time.Time // when to look again; zero: never
	failed bool      // the last look did
	pause  retry.Backoff
	now    *lookupLoad // nil: none is under way
}

// lookupLoad is a look whether the rows have changed, and at the rows if so, on a goroutine of its own.
type lookupLoad struct {
	stop  context.CancelFunc
	done  chan struct{} // closed at the end; what follows is then set
	table *lookupTable  // nil: they have not changed
	err   error
}

func (r *lookupReload) begin(ctx context.Context) *lookupLoad {
	l := &lookupLoad{done: make(chan struct{})}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx)) // it outlives the batch
	go func() {
		defer close(l.done)
		var changed bool
		if changed, l.err = r.rows.changed(ctx); changed && l.err == nil {
			l.table, l.err = r.rows.load(ctx)
		}
	}()
	return l
}

// later says when to look again.
func (r *lookupReload) later(now time.Time) {
	if r.every > 0 {
		r.next = now.Add(r.every)
	}
}

// close gives up what is under way.
func (r *lookupReload) close() {
	if r.now != nil {
		r.now.stop()
		<-r.now.done
		r.now = nil
	}
}

// refresh takes rows that were read again, and begins to read them if it is time. While they cannot be read those that are held stay.
func (l *lookup) refresh(ctx context.Context) error {
	r := &l.reload
	if r.now == nil {
		if r.next.IsZero() || l.rt.Now().Before(r.next) {
			return nil
		}
		r.now = r.begin(ctx)
		if r.rows.near() || !r.failed {
			if err := l.await(ctx, r.now); err != nil {
				return err
			}
		}
	}
	select {
	case <-r.now.done:
	default:
		return nil
	}
	load := r.now
	load.stop()
	r.now = nil
	if load.err != nil {
		l.unread(load.err)
		return nil
	}
	if r.failed {
		l.rt.Status("")
	}
	r.failed = false
	r.pause.Reset()
	r.later(l.rt.Now())
	if load.table != nil {
		l.table = load.table
	}
	return nil
}

// await waits for a load, but not long for one that asks others.
func (l *lookup) await(ctx context.Context, load *lookupLoad) error {
	var over <-chan time.Time
	if !l.reload.rows.near() {
		timer := time.NewTimer(l.reload.grace) // the wall clock: databases do not go by that of a test
		defer timer.Stop()
		over = timer.C
		l.rt.Waiting(true)
		defer l.rt.Waiting(false)
	}
	select {
	case <-load.done:
	case <-over:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// unread says that the rows could not be read again, and when that is tried next.
func (l *lookup) unread(err error) {
	r := &l.reload
	about := "reload"
	cause, passes := r.rows.passes(err)
	if passes {
		about += ": " + cause
	} else {
		cause = err.Error()
	}
	what := l.o.What()
	l.rt.WarnEvery(about, "cannot read the "+what+" again, what was read before still holds", what, l.o.Place(), "error", cause)
	l.rt.Status(l.o.Place() + ": " + cause + "; what was read before holds")
	r.failed, r.next = true, l.rt.Now().Add(r.pause.Next())
}
