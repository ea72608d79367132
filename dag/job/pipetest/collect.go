package pipetest

import (
	"context"
	"sync"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// collector is the sink of a test: it keeps the rows that come, by step.
type collector struct {
	mu   sync.Mutex
	step func() int // the one under way
	rows map[int][]object
}

func newCollector(step func() int) *collector {
	return &collector{step: step, rows: map[int][]object{}}
}

func (c *collector) Write(_ context.Context, in *batch.Batch, _ op.Emitter) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.step()
	for i := range in.Rows() {
		c.rows[at] = append(c.rows[at], rowOf(in, in.Row(i)))
	}
	return nil
}

func (c *collector) Open(context.Context, op.Runtime, []op.Prepared) error    { return nil }
func (c *collector) Epoch(context.Context, uint64) error                      { return nil }
func (c *collector) Prepare(context.Context, op.Emitter) (op.Prepared, error) { return nil, nil }
func (c *collector) Commit(context.Context, op.Prepared) error                { return nil }
func (c *collector) Abort(context.Context, op.Prepared) error                 { return nil }
func (c *collector) Close() error                                             { return nil }
