package exec

import "context"

// Cut ends the epoch now, whatever the trigger says: it waits until all that the sources handed on has flowed out, and
// returns when every sink has seen the end of the epoch. No source may hand on rows meanwhile: whoever steps through a run
// holds them back. Where no row came since the epoch before, there is no epoch to end, and nobody is told of one.
//
// The error is that of ctx, or [ErrEnded] when the run has ended or is about to.
func (r *Run) Cut(ctx context.Context) error {
	asked := make(chan struct{})
	select {
	case r.cuts <- asked:
	case <-r.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-asked:
		return nil
	case <-r.done:
		return ErrEnded
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
