package exec

import (
	"context"
	"sync/atomic"
	"time"

	"flowrun/dag/failpoint"
	"flowrun/dag/live"
	"flowrun/dag/plan"
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
	epoch = r.commits.epoch()
	select {
	case <-r.begun:
	case <-ctx.Done():
		return context.Cause(ctx)
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
		if cut.empty && !cut.commit {
			answer() // all has flowed out, and nothing came that a barrier would have to end
			continue
		}
		if cut.empty && !cut.last {
			if err := r.hold(ctx, cut); err != nil {
				return err
			}
		}
		if !cut.empty {
			t.lastCut = r.o.Now()
			r.epochs.Store(epoch + 1)
			r.lastCut.Store(t.lastCut.UnixNano())
		}
		if err := r.pass(ctx, *cut); err != nil {
			return err
		}
		r.still.Store(false)
		if cut.commit {
			if err := r.commit(ctx, *cut); err != nil {
				return err
			}
		}
		if cut.last {
			return nil
		}
		if !cut.empty {
			epoch++
		}
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
		if !r.quiet() {
			return nil, time.Time{}
		}
		return &cut{epoch: epoch, last: true, commit: true, whole: r.exhausted(), empty: r.waitingSince().IsZero()}, time.Time{}
	}
	if asked {
		if !r.settled() {
			return nil, time.Time{}
		}
		c := &cut{epoch: epoch, empty: r.waitingSince().IsZero()}
		c.commit = !c.empty && r.commits.due(r.o.Now())
		return c, time.Time{}
	}
	now := r.o.Now()
	yes, again := t.next(now, r.waitingSince(), r.sourcesPause() || r.commits.hurried())
	if yes {
		return &cut{epoch: epoch, commit: r.commits.due(now)}, time.Time{}
	}
	// Epochs that came too soon after the last commit are committed when it is time, whether or not one ends then. Where epochs have
	// a grid, rows that wait for it are committed with theirs.
	waiting := !r.waitingSince().IsZero()
	if at := r.commits.again(); !at.IsZero() && !(waiting && t.Kind == plan.Every) {
		if !now.Before(at) {
			return &cut{epoch: epoch, commit: true, empty: !waiting}, time.Time{}
		}
		if again.IsZero() || at.Before(again) {
			again = at
		}
	}
	return nil, again
}

// pass sends a barrier through the graph, waits until every sink has seen it, and shows the epoch.
func (r *Run) pass(ctx context.Context, c cut) error {
	if r.commits != nil {
		r.commits.since = true
		if c.commit {
			r.commits.last = r.o.Now()
			r.commits.asked.Store(false)
			r.commits.begin()
		}
	}
	c.again = new(atomic.Bool)
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

// commit makes the point of a barrier durable, then what the sinks prepared visible, and tells the sources; without a checkpoint the
// end of the run is the only commit.
func (r *Run) commit(ctx context.Context, c cut) error {
	r.committing.Store(true)
	defer r.committing.Store(false)
	if ctx.Err() != nil {
		// A barrier whose output was stuck comes here late. Operators, and where the values of their changes lie, may be closed by then:
		// the run is ended first, and only then does closeAll look whether anything is being committed.
		return context.Cause(ctx)
	}
	if r.commits != nil && r.printer.closed.Load() {
		// Nobody read what was printed last, so it is not taken as shown: the next run prints it again. What still comes would not be
		// committed either, so sinks take nothing more.
		if !r.lost {
			r.lost = true
			r.log.Info("the reader of the output has gone, so what came since the last commit is not committed")
		}
		for _, s := range r.sinks {
			s.over.Store(true)
		}
		r.forget(ctx, func(*sink) bool { return false })
		return nil
	}
	if r.commits != nil {
		failpoint.Pass("commit.before")
		if err := r.write(ctx, c); err != nil {
			return err
		}
		failpoint.Pass("commit.durable")
	}
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
		failpoint.Pass("commit.shown")
	}
	if failed != nil {
		return failed
	}
	r.unsure.Store(false)
	failpoint.Pass("commit.tell")
	for _, s := range r.sources {
		if s.reached == nil {
			continue
		}
		if err := s.guard(ctx, "acknowledge", func() error { return s.src.Committed(ctx, s.reached) }); err != nil {
			return err
		}
		failpoint.Pass("commit.told")
	}
	if r.commits.finished() {
		return r.noteShown()
	}
	return nil
}

// abort forgets what sinks prepared in a run that failed before its commit.
func (r *Run) abort(ctx context.Context) {
	if r.committing.Load() || r.unsure.Load() {
		return // what may be durable is finished by the next run
	}
	r.forget(ctx, func(s *sink) bool { return s.working.Load() })
}

// forget aborts what sinks prepared, but for those that are stuck, and logs what fails.
func (r *Run) forget(ctx context.Context, stuck func(*sink) bool) {
	for _, s := range r.sinks {
		if !s.prepared || stuck(s) {
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

// quiet makes time stand still for operators once all has flowed out and nothing is due, and reports whether it does: until the next
// barrier has passed no row comes then but from sources. Who acts as time passes looks at the clock first, and then whether time
// stands still; so what it does was due before, and is seen here.
func (r *Run) quiet() bool {
	if r.overdue() || !r.flowed() {
		return false
	}
	r.still.Store(true)
	if !r.overdue() && r.flowed() {
		return true
	}
	r.still.Store(false)
	return false
}

// hold makes sure that the barrier of a commit between epochs has no row before it that no epoch has ended: sources pass nothing on
// until it comes, and what they had passed on flows out. Where there is such a row the barrier ends an epoch after all.
func (r *Run) hold(ctx context.Context, c *cut) error {
	for _, s := range r.sources {
		select {
		case s.barriers <- cut{hold: true}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		select {
		case <-r.holding:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	r.settling.Store(true)
	defer r.settling.Store(false)
	for !r.flowed() {
		select {
		case <-r.nudged:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	c.empty = r.quiet() && r.waitingSince().IsZero()
	if !c.empty {
		r.still.Store(false)
	}
	return nil
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
