package exec

import (
	"context"
	"time"

	"flowrun/dag/live"
)

// coordinate cuts epochs until the last one has passed, and then commits.
func (r *Run) coordinate(ctx context.Context) error {
	t := trigger{Trigger: r.plan.Trigger}
	var (
		epoch uint64
		alarm time.Time // when timer fires
		timer <-chan time.Time
		asked *request
	)
	answer := func() {
		if asked != nil {
			r.settling.Store(false)
			close(asked.done)
			asked = nil
		}
	}
	for {
		if asked != nil && !asked.cut && r.settled() {
			answer()
		}
		cut, again := r.due(&t, epoch, asked != nil && asked.cut)
		if cut == nil {
			if !again.Equal(alarm) {
				alarm, timer = again, nil
				if !again.IsZero() {
					timer = r.o.After(again.Sub(r.o.Now()))
				}
			}
			select {
			case <-r.nudged:
			case <-timer:
				alarm, timer = time.Time{}, nil
			case asked = <-r.requests:
				r.settling.Store(true)
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			continue
		}
		if cut.empty && !cut.last {
			answer() // all has flowed out, and nothing came that a barrier would have to end
			continue
		}
		t.lastCut = r.o.Now()
		if !cut.empty {
			r.epochs.Store(epoch + 1)
			r.lastCut.Store(t.lastCut.UnixNano())
		}
		if err := r.pass(ctx, *cut); err != nil {
			return err
		}
		if cut.last {
			return r.commit(ctx)
		}
		epoch++
		if asked != nil && asked.cut {
			answer()
		}
	}
}

// due decides whether a barrier is to be cut now. No epoch is under way, so what the nodes say of rows that no barrier
// has ended is exact.
func (r *Run) due(t *trigger, epoch uint64, asked bool) (*cut, time.Time) {
	if r.sourcesStopped() {
		// What is still on its way may release more rows; only when all has flowed out is it known whether the last
		// barrier ends an epoch.
		r.settling.Store(true)
		if !r.flowed() {
			return nil, time.Time{}
		}
		return &cut{epoch: epoch, last: true, empty: r.waitingSince().IsZero()}, time.Time{}
	}
	if asked {
		if !r.settled() {
			return nil, time.Time{}
		}
		return &cut{epoch: epoch, empty: r.waitingSince().IsZero()}, time.Time{}
	}
	yes, again := t.next(r.o.Now(), r.waitingSince(), r.sourcesPause())
	if !yes {
		return nil, again
	}
	return &cut{epoch: epoch}, time.Time{}
}

// pass sends a barrier through the graph, waits until every sink has seen it, and shows the epoch.
func (r *Run) pass(ctx context.Context, c cut) error {
	for _, s := range r.sources {
		select {
		case s.barriers <- c:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for range r.sinks {
		select {
		case <-r.acks:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return r.shower.flush(c.epoch)
}

// commit makes what the sinks prepared visible and tells the sources; without a checkpoint the end of the run is the only
// commit.
func (r *Run) commit(ctx context.Context) error {
	r.committing.Store(true)
	defer r.committing.Store(false)
	var failed error
	for _, s := range r.sinks {
		if !s.prepared {
			continue
		}
		s.prepared = false
		err := s.guard(ctx, "commit", func() error { return s.snk.Commit(ctx, s.token) })
		if failed == nil {
			failed = err // the others still commit: their rows are durable, and all were taken
		}
	}
	if failed != nil {
		return failed
	}
	for _, s := range r.sources {
		if s.reached == nil {
			continue
		}
		if err := s.guard(ctx, "acknowledge", func() error { return s.src.Committed(ctx, s.reached) }); err != nil {
			return err
		}
	}
	return nil
}

// abort forgets what sinks prepared in a run that failed before its commit.
func (r *Run) abort(ctx context.Context) {
	if r.committing.Load() {
		return
	}
	for _, s := range r.sinks {
		if s.working.Load() || !s.prepared {
			continue
		}
		s.prepared = false
		if err := s.guard(ctx, "abort", func() error { return s.snk.Abort(ctx, s.token) }); err != nil {
			r.log.Error(err.Error(), "node", s.id())
		}
	}
}

// nudge makes the coordinator look again.
func (r *Run) nudge() {
	select {
	case r.nudged <- struct{}{}:
	default:
	}
}

// idle is called by a runner that has nothing to do: the last one to say so may be what the coordinator waits for.
func (r *Run) idle() {
	if r.settling.Load() {
		r.nudge()
	}
}

// waitingSince is when the first row came that no barrier has ended; zero: there is none.
func (r *Run) waitingSince() time.Time {
	var first int64
	for _, n := range r.nodes {
		for _, e := range n.emits {
			if at := e.since.Load(); at != 0 && (first == 0 || at < first) {
				first = at
			}
		}
	}
	if first == 0 {
		return time.Time{}
	}
	return time.Unix(0, first)
}

func (r *Run) sourcesPause() bool {
	for _, s := range r.sources {
		if !s.pauses() {
			return false
		}
	}
	return true
}

func (r *Run) sourcesStopped() bool {
	for _, s := range r.sources {
		if !s.stopped.Load() {
			return false
		}
	}
	return true
}

// flowed reports whether nothing is on its way, provided that no source sends. Edges are asked from the sources down: a
// node that is done with its inputs has sent all it will.
func (r *Run) flowed() bool {
	for _, e := range r.down {
		if !e.flowed() {
			return false
		}
	}
	return true
}

// paused reports whether a pause was asked for and everything has flowed out.
func (r *Run) paused() bool {
	if !r.pausing() {
		return false
	}
	for _, s := range r.sources {
		if !s.held.Load() && !s.stopped.Load() {
			return false
		}
	}
	return r.flowed()
}

// State is where the run stands.
func (r *Run) State() live.State {
	s := *r.state.Load()
	switch {
	case s != live.Running:
		return s
	case r.draining.Load():
		return live.Draining
	case r.paused():
		return live.Paused
	case r.pausing():
		return live.Pausing
	}
	return s
}
