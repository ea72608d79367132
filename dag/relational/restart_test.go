package relational

import (
	"cmp"
	"context"
	"maps"
	"math"
	"os"
	"runtime"
	"slices"

	"pgregory.net/rapid"

	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// saved is what was stored of an operator, block by block.
type saved map[savedBlock][]byte

type savedBlock struct {
	part  string
	block uint32
}

func (s saved) apply(t tb, changes []state.Change) {
	t.Helper()
	for _, c := range changes {
		key := savedBlock{c.Part, c.Block}
		switch c.Kind {
		case state.Put:
			s[key] = slices.Clone(c.Value)
		case state.Gone:
			delete(s, key)
		case state.Patch:
			whole, err := state.Overlay(s[key], c.Value)
			if err != nil {
				t.Fatal(err)
			}
			s[key] = whole
		}
	}
}

func (s saved) blocks(each func(part string, block uint32, value []byte) error) error {
	keys := slices.SortedFunc(maps.Keys(s), func(a, b savedBlock) int { return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.block, b.block)) })
	for _, k := range keys {
		if err := each(k.part, k.block, s[k]); err != nil {
			return err
		}
	}
	return nil
}

// restart saves what the operator remembers, as a commit does, and now and then puts another in its place, to which nothing but
// that is given: whatever a test expects has to come from that one just as well.
func (p *pipe) restart() {
	p.t.Helper()
	d, ok := p.op.(op.Durable)
	if !ok {
		if _, ok := p.op.(op.Stateful); ok {
			p.t.Fatalf("%T remembers something, and does not show it", p.op)
		}
		return
	}
	if p.memory == nil {
		p.memory, p.saved = p.newMemory(), saved{}
	}
	p.evict(d)
	p.saved.apply(p.t, p.memory.Save(d.Remember))
	p.barrierAlone(d)
	if r, ok := p.t.(*rapid.T); ok && !rapid.Bool().Draw(r, "restart") {
		return
	}
	if err := p.op.Close(); err != nil {
		p.t.Fatal(err)
	}
	again, err := New(p.node)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := again.Open(context.Background(), p.rt); err != nil {
		p.t.Fatal(err)
	}
	p.op, p.memory = again, p.newMemory()
	left, err := p.memory.Load(p.saved.blocks, again.(op.Durable).Remember)
	if err != nil || len(left) > 0 {
		p.t.Fatalf("restored with %v, and %v are left", err, left)
	}
	if why, _ := plan.NoLanes(p.node.Op); why == "" {
		if r, ok := p.t.(*rapid.T); !ok || rapid.Bool().Draw(r, "spread") {
			p.spread()
			return
		}
	}
	if changes := p.memory.Save(again.(op.Durable).Remember); len(changes) > 0 {
		p.t.Fatalf("what was restored is not what was saved: %d blocks differ, the first in %q", len(changes), changes[0].Part)
	}
}

// barrierAlone holds that a barrier with nothing between it and the one before changes nothing of what is saved: where nothing
// else came commits do not look.
func (p *pipe) barrierAlone(d op.Durable) {
	p.t.Helper()
	ignored := &optest.Emitter{}
	defer ignored.Release()
	if err := p.op.Barrier(context.Background(), 0, ignored); err != nil {
		p.t.Fatalf("Barrier: %v", err)
	}
	if changes := p.memory.Save(d.Remember); len(changes) > 0 {
		p.t.Fatalf("a barrier alone changed %d blocks, the first in %q", len(changes), changes[0].Part)
	}
}

// newMemory makes a memory of which, in some of the runs, everything lies on disk.
func (p *pipe) newMemory() *state.Memory {
	p.t.Helper()
	p.closeSpill() // what lay there has been saved, and its operator closed
	m := state.NewMemory()
	if r, ok := p.t.(*rapid.T); ok && runtime.GOOS == "linux" && rapid.Bool().Draw(r, "spill") {
		var err error
		if p.spill, err = state.NewSpill(os.TempDir(), 1); err != nil {
			p.t.Fatal(err)
		}
		m.Use(p.spill)
	}
	return m
}

func (p *pipe) closeSpill() {
	p.t.Helper()
	if p.spill == nil {
		return
	}
	if err := p.spill.Close(); err != nil {
		p.t.Fatal(err)
	}
	p.spill = nil
}

// evict moves what the operator remembers to disk, and lets go of its memory.
func (p *pipe) evict(d op.Durable) {
	p.t.Helper()
	if p.spill == nil || !rapid.Bool().Draw(p.t.(*rapid.T), "evict") {
		return
	}
	if err := p.memory.Settle(d.Remember); err != nil {
		p.t.Fatal(err)
	}
	if err := p.spill.Keep(0); err != nil {
		p.t.Fatal(err)
	}
}

// spread moves what the operator remembers to three lanes, and from there to one again.
func (p *pipe) spread() {
	p.t.Helper()
	fresh := func() op.Transform {
		made, err := New(p.node)
		if err != nil {
			p.t.Fatal(err)
		}
		return made
	}
	var lanes []func(*state.Memory)
	for range 3 {
		lanes = append(lanes, fresh().(op.Durable).Remember)
	}
	one := fresh()
	rows, _ := p.op.(op.Stateful).State()
	piece := math.MaxInt32
	if r, ok := p.t.(*rapid.T); ok {
		piece = rapid.SampledFrom([]int{1, 3, math.MaxInt32}).Draw(r, "piece")
	}
	if err := state.SpreadInPieces([]func(*state.Memory){p.op.(op.Durable).Remember}, lanes, piece, nil); err != nil {
		p.t.Fatal(err)
	}
	if err := state.Spread(lanes, []func(*state.Memory){one.(op.Durable).Remember}); err != nil {
		p.t.Fatal(err)
	}
	if now, _ := one.(op.Stateful).State(); now != rows {
		p.t.Fatalf("%d rows or keys were spread, and %d came together again", rows, now)
	}
	if err := p.op.Close(); err != nil {
		p.t.Fatal(err)
	}
	if err := one.Open(context.Background(), p.rt); err != nil {
		p.t.Fatal(err)
	}
	p.op, p.memory, p.saved, p.mixed = one, p.newMemory(), saved{}, true
	p.saved.apply(p.t, p.memory.Save(one.(op.Durable).Remember))
}

// inOrder puts rows into an order of its own where that of keys is lost.
func (p *pipe) inOrder(rows []row) []row {
	if p.mixed {
		return byText(slices.Clone(rows))
	}
	return rows
}
