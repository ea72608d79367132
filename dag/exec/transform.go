package exec

import (
	"context"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// transform drives an op.Transform.
type transform struct {
	*node
	tr       op.Transform
	finisher op.Finisher // nil: it never finishes before its inputs do
	inbox    *inbox
	marks    watermarks
	finished bool
}

func (t *transform) openOp(ctx context.Context) error {
	t.finisher, _ = t.tr.(op.Finisher)
	return t.guard(ctx, "open", func() error { return t.tr.Open(ctx, t.rt) })
}

func (t *transform) closeOp() error { return t.tr.Close() }

func (t *transform) stop() {}

func (t *transform) work(ctx context.Context) error {
	t.emit.ctx = ctx
	t.meter.time.to(busy, time.Now())
	defer func() { t.meter.time.to(waiting, time.Now()) }()
	if err := t.finish(ctx); err != nil {
		return err
	}
	for {
		port, m, err := t.inbox.next(ctx, &t.meter.time, t.run.idle)
		if err != nil {
			return err
		}
		last := false
		switch m.kind {
		case data:
			err = t.process(ctx, port, m.batch)
		case watermark:
			err = t.watermark(ctx, port, m.watermark)
		case barrier:
			if t.inbox.hold(port) {
				last = m.cut.last
				err = t.barrier(ctx, m.cut)
			}
		}
		t.in[port].done.Add(1)
		if err != nil || last {
			return err
		}
	}
}

func (t *transform) process(ctx context.Context, port int, b *batch.Batch) error {
	defer b.Release()
	rows := b.Count()
	t.emit.begin(callProcess)
	if t.finished || t.abandoned.Load() {
		t.emit.Filter(rows)
	} else if err := t.guard(ctx, "process", func() error { return t.tr.Process(ctx, port, b, t.emit) }); err != nil {
		return err
	}
	if err := t.emit.settle(rows, b.Skipped); err != nil {
		return t.failed("process", err)
	}
	t.in[port].receivedRows.Add(uint64(rows))
	return t.finish(ctx)
}

// finish closes the inputs once the transform wants no more.
func (t *transform) finish(ctx context.Context) error {
	if t.finished || t.finisher == nil || !t.finisher.Finished() {
		return nil
	}
	t.finished = true
	for _, e := range t.in {
		e.close()
	}
	return t.rise(ctx, op.EndOfTime)
}

func (t *transform) watermark(ctx context.Context, port int, at time.Time) error {
	low, rises := t.marks.set(port, at)
	if !rises || t.finished {
		return nil
	}
	return t.rise(ctx, low)
}

// rise tells the transform of a watermark and sends what it promises. At the end of time it can promise no less.
func (t *transform) rise(ctx context.Context, low time.Time) error {
	promise := low
	t.emit.begin(callWatermark)
	err := t.guard(ctx, "watermark", func() error {
		p, err := t.tr.Watermark(ctx, low, t.emit)
		if err == nil && p.Before(low) && !low.Equal(op.EndOfTime) {
			promise = p
		}
		if err == nil {
			err = t.emit.idle()
		}
		return err
	})
	if err != nil {
		return err
	}
	if low.Equal(op.EndOfTime) {
		t.meter.ended.Store(true)
	}
	return t.forward(ctx, message{kind: watermark, watermark: promise}, &t.meter.time)
}

func (t *transform) barrier(ctx context.Context, c cut) error {
	if !c.empty {
		t.emit.begin(callBarrier)
		err := t.guard(ctx, "barrier", func() error {
			if err := t.tr.Barrier(ctx, c.epoch, t.emit); err != nil {
				return err
			}
			return t.emit.idle()
		})
		if err != nil {
			return err
		}
	}
	t.since.Store(0)
	t.emit.epoch = c.epoch + 1
	return t.forward(ctx, message{kind: barrier, cut: c}, &t.meter.time)
}
