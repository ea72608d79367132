package exec

import (
	"context"

	"flowrun/dag/live"
)

// finished reports whether an earlier run closed everything.
func (c *commits) finished() bool {
	return c != nil && c.Store.Point() != nil && c.Store.Point().Finished
}

// showLast ends what a run left that finished the checkpoint and died before everything showed: it opens the sinks with what they had
// prepared, and nothing else runs.
func (r *Run) showLast(ctx context.Context) (opened []*node, err error) {
	for _, n := range r.nodes {
		if n.role != live.Sink {
			continue
		}
		if err := n.op.openOp(ctx); err != nil {
			return opened, err
		}
		opened = append(opened, n)
	}
	r.log.Info("the checkpoint is finished; what its last commit had prepared shows now")
	return opened, r.noteShown()
}

// noteShown notes that all that a finished checkpoint committed shows.
func (r *Run) noteShown() error {
	p := *r.commits.Store.Point()
	p.Shown = true
	return r.commits.Store.Commit(&p, nil, nil)
}
