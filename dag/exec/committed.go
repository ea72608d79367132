package exec

import (
	"sync"
	"time"

	"flowrun/dag/checkpoint"
	"flowrun/dag/live"
)

// committed is what is told of the last commit.
type committed struct {
	mu   sync.Mutex
	last live.Commit
}

// note tells of a commit that is durable.
func (c *committed) note(p *checkpoint.Point, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = live.Commit{Number: p.Commit, Epoch: p.Epoch - min(p.Epoch, 1), At: p.At, Took: took}
}

// told is the last commit, of an earlier run too; nil: the run has no checkpoint, and nothing is committed before its end.
func (c *commits) told() *live.Commit {
	if c == nil {
		return nil
	}
	c.committed.mu.Lock()
	defer c.committed.mu.Unlock()
	last := c.committed.last
	return &last
}
