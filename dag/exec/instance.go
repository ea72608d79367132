package exec

import (
	"context"
	"errors"
	"slices"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// instance is one copy of a transform's operator with what it is lent: the node's only one, or that of one lane. One
// goroutine at a time drives it.
type instance struct {
	*node
	tr       op.Transform
	finisher op.Finisher // nil: it never finishes before its inputs do
	marker   op.Marker   // nil: it makes no watermarks of its own
	clock    op.Clocked  // nil: it waits for no time
	made     time.Time   // the last watermark of the marker's
	rt       op.Runtime
	emit     *emitter
	inbox    *inbox
	marks    watermarks
	more     []bool // by port, of the head of lanes for all ports: more follows of what came in, see message
	finished bool
	current  bool          // what sources read again has all passed
	noted    time.Duration // when it was last noted how much the operator keeps

	durable  op.Durable    // nil: there is nothing to save
	memory   *state.Memory // nil without a checkpoint
	spilling spilling
	fresh    bool // what is stored of it, if anything is, is not its own
	touched  bool // something came since the last commit, or nothing was saved or restored yet: see save
}

func newInstance(n *node, tr op.Transform, emit *emitter, rt op.Runtime) *instance {
	i := &instance{node: n, tr: tr, rt: rt, emit: emit, inbox: newInbox(n.in), marks: newWatermarks(len(n.in)), more: make([]bool, len(n.in)), touched: true}
	n.emits = append(n.emits, emit)
	return i
}

func (i *instance) shares() *shares { return i.emit.clock }

// use makes an operator the instance's.
func (i *instance) use(tr op.Transform) {
	i.tr = tr
	i.finisher, _ = tr.(op.Finisher)
	i.marker, _ = tr.(op.Marker)
	i.clock, _ = tr.(op.Clocked)
	i.durable, _ = tr.(op.Durable)
}

func (i *instance) open(ctx context.Context) error {
	i.use(i.tr)
	if err := i.guard(ctx, "open", func() error { return i.tr.Open(ctx, i.rt) }); err != nil {
		return err
	}
	if err := i.restore(ctx); err != nil {
		_ = i.guard(ctx, "close", i.close) // the run fails of what it could not read
		return err
	}
	return nil
}

// close closes the operator, and only then gives back where its state lies: it may still look at that.
func (i *instance) close() (err error) {
	defer func() { err = errors.Join(err, i.spilling.close()) }()
	return i.tr.Close()
}

// take deals with one message, and reports whether it was the last.
func (i *instance) take(ctx context.Context, port int, m message) (last bool, err error) {
	i.more[min(port, len(i.more)-1)] = m.open
	i.emit.open = slices.Contains(i.more, true)
	switch m.kind {
	case data:
		err = i.process(ctx, port, m.batch)
	case watermark:
		err = i.watermark(ctx, port, m.standing)
	case barrier:
		if i.emit.lane == nil {
			if err := i.in[port].arrived(m); err != nil {
				return false, i.failed("barrier", err)
			}
		}
		if i.inbox.hold(port) {
			last = m.cut.last
			err = i.barrier(ctx, m.cut)
		}
	}
	return last, err
}

func (i *instance) process(ctx context.Context, port int, b *batch.Batch) error {
	defer b.Release()
	rows := b.Count()
	i.emit.begin(callProcess)
	if i.finished || i.abandoned.Load() {
		i.emit.Filter(rows)
	} else {
		i.touched = true
		if err := i.guard(ctx, "process", func() error { return i.tr.Process(ctx, port, b, i.emit) }); err != nil {
			return err
		}
	}
	if err := i.emit.settle(rows, b.Skipped); err != nil {
		return i.failed("process", err)
	}
	i.in[port].receivedRows.Add(uint64(rows))
	if err := i.taken(rows); err != nil {
		return err
	}
	if err := i.mark(); err != nil {
		return err
	}
	return i.finish(ctx)
}

// mark passes on the watermark that a marker makes, unless rows follow that may be older.
func (i *instance) mark() error {
	if i.marker == nil || i.emit.open {
		return nil
	}
	at := i.marker.Mark()
	if !at.After(i.made) {
		return nil
	}
	i.made = at
	return i.stand(standing{at: at})
}

// finish closes the inputs once the transform wants no more.
func (i *instance) finish(ctx context.Context) error {
	if i.finished || i.finisher == nil || !i.finisher.Finished() {
		return nil
	}
	if i.emit.lane != nil && !plan.Keyed(i.plan.Op) {
		return i.failed("process", bug("a node that ends by itself runs in lanes, of which none knows when all have enough"))
	}
	i.finished = true
	if int(i.enough.Add(1)) == i.lanes() {
		for _, e := range i.in {
			e.close()
		}
	}
	return i.rise(ctx, standing{at: op.EndOfTime})
}

func (i *instance) watermark(ctx context.Context, port int, s standing) error {
	now, rises, turns := i.marks.set(port, s)
	ends := now.at.Equal(op.EndOfTime)
	switch {
	case i.finished:
		return nil
	case i.marker != nil && !ends: // the watermark from above ends here
		if err := i.mark(); err != nil {
			return err
		}
		if turns {
			return i.stand(standing{at: i.made, idle: now.idle})
		}
		return nil
	case rises:
		return i.rise(ctx, now)
	case turns:
		return i.stand(standing{at: i.made, idle: now.idle})
	}
	return nil
}

// rise tells the transform of a watermark and sends what it promises. At the end of time it can promise no less.
func (i *instance) rise(ctx context.Context, now standing) error {
	ends := now.at.Equal(op.EndOfTime)
	promise := now
	i.touched = true
	i.emit.begin(callWatermark)
	err := i.guard(ctx, "watermark", func() error {
		p, err := i.tr.Watermark(ctx, now.at, i.emit)
		if err == nil && p.Before(now.at) && !ends {
			promise.at = p
		}
		if err == nil {
			err = i.emit.idle()
		}
		return err
	})
	if err != nil {
		return err
	}
	if ends && i.emit.lane == nil {
		i.meter.ended.Store(true)
	}
	i.remembersNow()
	i.made = promise.at
	i.meter.stands(now)
	return i.emit.forward(message{kind: watermark, standing: promise})
}

// stand passes on what the transform need not be told.
func (i *instance) stand(s standing) error {
	i.meter.stands(s)
	return i.emit.forward(message{kind: watermark, standing: s})
}

func (i *instance) barrier(ctx context.Context, c cut) error {
	clear(i.more)
	i.emit.open = false
	if err := i.mark(); err != nil {
		return err
	}
	if !c.empty {
		i.emit.begin(callBarrier)
		err := i.guard(ctx, "barrier", func() error {
			if err := i.tr.Barrier(ctx, c.epoch, i.emit); err != nil {
				return err
			}
			return i.emit.idle()
		})
		if err != nil {
			return err
		}
	}
	i.remembers()
	if err := i.relieve(); err != nil {
		return err
	}
	if c.commit {
		if err := i.save(); err != nil {
			return err
		}
	}
	i.current = !c.again.Load()
	i.emit.ended(c)
	return i.emit.forward(message{kind: barrier, cut: c})
}
