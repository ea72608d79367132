package exec

import "context"

// request is what somebody who steps through a run asks of the coordinator.
type request struct {
	cut  bool          // an epoch is to end
	done chan struct{} // closed once it is so
}

// Cut ends the epoch now, whatever the trigger says: it settles the run, and returns when every sink has seen the end of the
// epoch. No source may hand on rows meanwhile: whoever steps through a run holds them back. Where no row came since the epoch
// before, and none was released, there is no epoch to end, and nobody is told of one.
//
// The error is that of ctx, or [ErrEnded] when the run has ended or is about to.
func (r *Run) Cut(ctx context.Context) error { return r.ask(ctx, true) }

// Settle waits until all that the sources handed on has flowed out, and all that the run's clock has made due is done: the
// windows of processing time that are over have closed, and sources that were silent for their idle timeout hold nothing back.
// It ends no epoch. No source may hand on rows meanwhile. The error is as that of [Run.Cut].
func (r *Run) Settle(ctx context.Context) error { return r.ask(ctx, false) }

func (r *Run) ask(ctx context.Context, cut bool) error {
	q := &request{cut: cut, done: make(chan struct{})}
	select {
	case r.requests <- q:
	case <-r.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-q.done:
		return nil
	case <-r.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settled reports whether nothing is on its way and nothing is due, provided that no source sends. Once all has flowed out only
// what is due sends anything; so if nothing is due then, and nothing was sent meanwhile, it is done.
func (r *Run) settled() bool {
	sent := r.sent()
	return r.flowed() && !r.overdue() && r.sent() == sent && r.flowed()
}

// overdue reports whether the clock has reached a time that a node waits for, and the node has not dealt with it.
func (r *Run) overdue() bool {
	now := r.o.Now()
	for _, n := range r.nodes {
		if at := n.awaits.Load(); at != 0 && at <= now.UnixNano() {
			return true
		}
	}
	for _, s := range r.sources {
		if at := s.silence(); !at.IsZero() && !now.Before(at) {
			return true
		}
	}
	return false
}

// sent is how many messages were sent on all edges.
func (r *Run) sent() (messages uint64) {
	for _, e := range r.down {
		messages += e.sent.Load()
	}
	return messages
}
