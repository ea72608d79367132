package exec

import (
	"runtime/debug"

	"flowrun/dag/batch"
)

// idleTicks is how long a run without a new buffer counts as busy; then the memory of the busy time is given back.
const idleTicks = 2 * ticksPerSecond

// pool looks after the pool that a run has made for itself. It is used by the run's ticker, and then by its end.
type pool struct {
	*batch.Pool     // nil: the run was given its allocator
	quiet       int // ticks since rows moved
	rows        uint64
	lean        bool // all that can be given back was
}

// tick gives back what the pool keeps for nothing. Once nothing has moved for a while the heap goes back to the system as
// well, which Go itself would do minutes later.
func (p *pool) tick(rows uint64) {
	if p.Pool == nil {
		return
	}
	p.Trim()
	if rows != p.rows {
		p.rows, p.quiet, p.lean = rows, 0, false
		return
	}
	if p.quiet++; p.quiet >= idleTicks && !p.lean && p.Kept() == 0 {
		p.lean = true
		debug.FreeOSMemory()
	}
}

// checkMemory finds buffers that nobody gave back, once everything is closed. Where an operator is left behind it may
// still use some.
func (r *Run) checkMemory() {
	if r.pool.Pool == nil || r.pool.InUse() == 0 || r.committing.Load() {
		return
	}
	for _, n := range r.nodes {
		if n.working.Load() {
			return
		}
	}
	if batch.Checked {
		panic("exec: after the run " + r.pool.Leaks())
	}
	r.log.Debug("memory of batches was not given back", "bytes", r.pool.InUse())
}

// moved is how many rows nodes have taken in so far.
func (r *Run) moved() uint64 {
	var rows uint64
	for _, n := range r.nodes {
		rows += n.meter.rowsIn.Load()
	}
	return rows
}
