package exec

import (
	"context"

	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// sparse is how many slots there are at least in tables that are packed.
const sparse = 1 << 14

// pack moves what was restored to new operators where it takes little of the room that it once needed. So what a burst left behind, in
// memory and in the checkpoint, is gone with the next start.
func (t *transform) pack(ctx context.Context) error {
	cs := t.run.commits
	if kept, ok := cs.stored(t.id()); !ok || kept.Lanes != len(t.instances) { // where lanes changed spread has moved it
		return nil
	}
	if why, _ := plan.NoLanes(t.plan.Op); why != "" { // it would not say what belongs to which key
		return nil
	}
	room := false
	for _, i := range t.instances {
		if i.durable == nil || i.spilling.active {
			return nil
		}
		room = room || state.Sparse(i.durable.Remember, sparse)
	}
	if !room {
		return nil
	}
	for _, i := range t.instances {
		if err := i.pack(ctx); err != nil {
			return err
		}
	}
	cs.names = append(cs.names, t.id()) // what is stored has other slots
	return nil
}

func (i *instance) pack(ctx context.Context) error {
	var packed op.Transform
	err := i.guard(ctx, "restore", func() (err error) {
		packed, err = i.run.o.Transforms(i.plan)
		return err
	})
	if err != nil {
		return err
	}
	if err := i.guard(ctx, "open", func() error { return packed.Open(ctx, i.rt) }); err != nil {
		return err
	}
	old := i.tr
	err = i.guard(ctx, "restore", func() error {
		return state.Spread([]func(*state.Memory){i.durable.Remember}, []func(*state.Memory){packed.(op.Durable).Remember})
	})
	i.use(packed) // it is open
	i.memory.Forget()
	if closed := i.guard(ctx, "close", old.Close); err == nil {
		err = closed
	}
	return err
}
