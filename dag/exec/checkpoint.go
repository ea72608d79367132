package exec

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"flowrun/dag/checkpoint"
	"flowrun/dag/op"
	"flowrun/dag/state"
)

// Checkpoint makes a run durable: it begins where the store says that an earlier one stood, and commits to it.
type Checkpoint struct {
	Store *checkpoint.Store
	// Dir is the directory of the checkpoint, in which sinks may keep rows that wait for a commit.
	Dir string
	// Every is the shortest time between two commits; 0: every epoch is committed.
	Every time.Duration
	// Memory is how many bytes of it the state of operators may take; what is more lies on disk, in files in Dir that are gone with
	// the process. 0: there is no limit.
	Memory int64
	// Flush: the end of a bounded input closes everything, and the checkpoint is finished.
	Flush bool
	// Shapes say by node what its state means; see checkpoint.Node.
	Shapes map[string]map[string]string
	// Dropped are nodes whose stored state is not to be read, and is removed by the first commit.
	Dropped []string
}

// commits is what the run has of its checkpoint.
type commits struct {
	Checkpoint
	last  time.Time   // when the last commit was cut
	asked atomic.Bool // for a commit before its time, since then
	since bool        // an epoch, or what a barrier of none could save, was not committed yet
	names []string    // of dropped nodes, for the next commit

	before map[string]checkpoint.Counts // of the runs before this one

	committed committed // what is told

	mu      sync.Mutex // of what the nodes save at a barrier, from their goroutines
	changes []checkpoint.Instance
	nodes   map[string]checkpoint.Node

	room  *stateRoom    // nil: state may take all memory
	saves chan struct{} // one for each operator that saved
	count int           // of operators that save
}

func newCommits(c *Checkpoint) *commits {
	if c == nil {
		return nil
	}
	cs := &commits{Checkpoint: *c, names: c.Dropped, nodes: map[string]checkpoint.Node{}, before: map[string]checkpoint.Counts{}}
	if c.Memory > 0 {
		cs.room = &stateRoom{dir: c.Dir, limit: c.Memory}
	}
	if p := c.Store.Point(); p != nil {
		cs.committed.note(p, 0)
		for name, n := range p.Nodes {
			if !slices.Contains(c.Dropped, name) {
				cs.before[name] = n.Counts
			}
		}
	}
	return cs
}

// epoch is the first one of this run.
func (c *commits) epoch() uint64 {
	if c == nil || c.Store.Point() == nil {
		return 0
	}
	return c.Store.Point().Epoch
}

// keeps reports whether the state of open windows outlives the run.
func (c *commits) keeps() bool { return c != nil && !c.Flush }

// begin makes room for what is noted at the barrier of a commit.
func (c *commits) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, n := range c.nodes {
		n.Counts = c.before[name]
		c.nodes[name] = n
	}
	for name, counts := range c.before {
		if _, ok := c.nodes[name]; !ok {
			c.nodes[name] = checkpoint.Node{Counts: counts}
		}
	}
}

// due reports whether the epoch that ends now is to be committed.
func (c *commits) due(now time.Time) bool {
	return c != nil && (c.hurried() || now.Sub(c.last) >= c.Every)
}

// hurried reports whether a source waits for a commit: no more will come before it, as in a pause.
func (c *commits) hurried() bool { return c != nil && c.asked.Load() }

// again is when what is not committed yet is to be; zero: there is nothing.
func (c *commits) again() time.Time {
	if c == nil || !c.since {
		return time.Time{}
	}
	if c.hurried() {
		return c.last
	}
	return c.last.Add(c.Every)
}

// stored is what an earlier run left of a node; false where there was none, or it is not to be used.
func (c *commits) stored(node string) (checkpoint.Node, bool) {
	if c == nil || c.Store.Point() == nil || slices.Contains(c.Dropped, node) {
		return checkpoint.Node{}, false
	}
	n, ok := c.Store.Point().Nodes[node]
	return n, ok
}

// note changes what is to be committed of a node.
func (c *commits) note(node string, change func(n *checkpoint.Node)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.nodes[node]
	change(&n)
	c.nodes[node] = n
}

// saved takes what an operator saved at a barrier.
func (c *commits) saved(in checkpoint.Instance) {
	c.mu.Lock()
	c.changes = append(c.changes, in)
	c.mu.Unlock()
	c.saves <- struct{}{}
}

// point puts together where the run stands. Everything has been noted: the barrier has passed.
func (r *Run) point(c cut) *checkpoint.Point {
	p := &checkpoint.Point{Epoch: c.epoch + 1, At: r.o.Now().UTC(), Pipeline: r.plan.Name, Nodes: map[string]checkpoint.Node{}}
	if c.empty {
		p.Epoch = c.epoch
	}
	p.Finished = c.last && r.commits.Flush && r.exhausted()
	for _, n := range r.nodes {
		kept := r.commits.nodes[n.id()]
		kept.Shape = r.commits.Shapes[n.id()]
		kept.Rows, kept.Bytes = 0, 0
		for _, e := range n.emits {
			kept.Rows += e.stateRows.Load()
			kept.Bytes += e.stateBytes.Load()
		}
		p.Nodes[n.id()] = kept
	}
	return p
}

// exhausted reports whether every source has given all that it has.
func (r *Run) exhausted() bool {
	for _, s := range r.sources {
		if !s.exhausted.Load() {
			return false
		}
	}
	return true
}

// write makes the point of a barrier durable.
func (r *Run) write(ctx context.Context, c cut) error {
	cs := r.commits
	for range cs.count {
		select {
		case <-cs.saves:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	slices.SortFunc(cs.changes, func(a, b checkpoint.Instance) int {
		if a.Node != b.Node {
			if a.Node < b.Node {
				return -1
			}
			return 1
		}
		return a.Lane - b.Lane
	})
	began := r.o.Now()
	r.unsure.Store(true)
	if err := cs.Store.Commit(r.point(c), cs.changes, cs.names); err != nil {
		return err
	}
	cs.changes, cs.names, cs.since = cs.changes[:0], nil, false
	took := r.o.Now().Sub(began)
	cs.committed.note(cs.Store.Point(), took)
	r.log.Debug("committed", "epoch", c.epoch, "took", took)
	return nil
}

// restore gives an operator back what an earlier run saved of it.
func (i *instance) restore(ctx context.Context) error {
	cs := i.run.commits
	if cs == nil || i.durable == nil {
		return nil
	}
	i.memory = state.NewMemory()
	i.spilling.room = cs.room
	if err := i.guard(ctx, "keep state on disk", func() error { return i.spilling.open(i.memory) }); err != nil {
		return err
	}
	if i.spilling.spill != nil {
		i.node.spills = append(i.node.spills, i.spilling.spill)
	}
	kept, ok := cs.stored(i.id())
	switch {
	case !ok || kept.Lanes == 0:
		i.fresh = true
		return nil
	case kept.Lanes != i.lanes():
		return nil // see spread
	}
	return i.guard(ctx, "restore", func() error {
		// What fits into memory is read to there.
		if i.spilling.active = cs.large(); !i.spilling.active {
			i.memory.Use(nil)
			defer i.memory.Use(i.spilling.spill)
		}
		return cs.load(i.memory, i.durable, i.id(), i.emit.writer.lane)
	})
}

// large reports whether more state is stored, of all nodes, than may be in memory.
func (c *commits) large() bool {
	if c.room == nil {
		return false
	}
	n := int64(0)
	for id := range c.Store.Point().Nodes {
		if kept, ok := c.stored(id); ok {
			n += kept.Bytes
		}
	}
	return n > c.room.limit/2
}

// load gives an operator what a lane of a node saved.
func (c *commits) load(m *state.Memory, d op.Durable, node string, lane int) error {
	_, err := m.Load(func(each func(string, uint32, []byte) error) error { return c.Store.Blocks(node, lane, each) }, d.Remember)
	return err
}

// spread gives the operators of a node what an earlier run saved of it in another number of lanes.
func (t *transform) spread(ctx context.Context) error {
	cs := t.run.commits
	kept, ok := cs.stored(t.id())
	if !ok || kept.Lanes == 0 || kept.Lanes == len(t.instances) || t.instances[0].durable == nil {
		return nil
	}
	return t.guard(ctx, "restore", func() (failed error) {
		var from, to []func(*state.Memory)
		large := cs.large()
		for lane := range kept.Lanes {
			tr, err := t.run.o.Transforms(t.plan) // it is never opened: it only lends its tables
			if err != nil {
				return err
			}
			m := state.NewMemory()
			if large {
				old := spilling{room: cs.room}
				if err := old.open(m); err != nil {
					return err
				}
				defer func() { failed = errors.Join(failed, old.close()) }()
			}
			if err := cs.load(m, tr.(op.Durable), t.id(), lane); err != nil {
				return err
			}
			from = append(from, tr.(op.Durable).Remember)
		}
		for _, i := range t.instances {
			to = append(to, i.durable.Remember)
		}
		cs.names = append(cs.names, t.id()) // what is stored lies in other lanes
		if !large {
			return state.Spread(from, to)
		}
		return state.SpreadInPieces(from, to, spreadPiece, func() error { return t.relieve(cs.room.limit / 4) })
	})
}

// spreadPiece is how many keys or rows are spread before those that were are let go of.
const spreadPiece = 1 << 17

// relieve leaves in memory about so much of what all lanes hold.
func (t *transform) relieve(resident int64) error {
	for _, i := range t.instances {
		i.spilling.active = true
		if err := i.memory.Settle(i.durable.Remember); err != nil {
			return err
		}
		if err := i.spilling.spill.Keep(resident / int64(len(t.instances))); err != nil {
			return err
		}
	}
	return nil
}

// save hands over what the operator's memory has changed since the last commit. Where nothing came to it since it is not looked at:
// barriers alone change nothing of what it remembers, see op.Durable.
func (i *instance) save() error {
	cs := i.run.commits
	if cs == nil || i.durable == nil {
		return nil
	}
	in := checkpoint.Instance{Node: i.id(), Lane: i.emit.writer.lane, Fresh: i.fresh}
	if i.touched {
		err := i.guard(i.emit.ctx, "save", func() error {
			in.Changes = i.memory.Save(i.durable.Remember)
			return i.spilling.failed()
		})
		if err != nil {
			return err
		}
	}
	i.fresh, i.touched = false, false
	cs.note(i.id(), func(n *checkpoint.Node) { n.Lanes = i.lanes() })
	cs.saved(in)
	return nil
}
