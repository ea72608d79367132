package exec

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"flowrun/dag/batch"
	"flowrun/dag/checkpoint"
	"flowrun/dag/failpoint"
	"flowrun/dag/op"
)

// sink drives an op.Sink.
type sink struct {
	*node
	snk      op.Sink
	inbox    *inbox
	marks    watermarks
	token    op.Prepared // of the last barrier; read by the coordinator once the sink has told that it came
	prepared bool
	broken   bool        // its output is gone: it takes nothing more
	over     atomic.Bool // nothing more is committed, and what it prepared is given up: it takes nothing more either
}

// ack says that a sink has seen a barrier.
type ack struct{ epoch uint64 }

func (s *sink) openOp(ctx context.Context) error {
	var pending []op.Prepared
	if kept, ok := s.run.commits.stored(s.id()); ok && kept.Token != nil {
		pending = []op.Prepared{kept.Token}
	}
	return s.guard(ctx, "open", func() error { return s.snk.Open(ctx, s.rt, pending) })
}

func (s *sink) closeOp() error { return s.snk.Close() }

func (s *sink) stop() {}

func (s *sink) begin(context.Context) error { return nil }

func (s *sink) takers() []taker { return []taker{s} }

func (s *sink) shares() *shares { return s.emit.clock }

func (s *sink) work(ctx context.Context) error {
	return s.drive(ctx, s, s.inbox)
}

// take deals with one message, and reports whether it was the last.
func (s *sink) take(ctx context.Context, port int, m message) (last bool, err error) {
	switch m.kind {
	case data:
		err = s.write(ctx, port, m.batch)
	case watermark:
		err = s.watermark(port, m.standing)
	case barrier:
		if err := s.in[port].arrived(m); err != nil {
			return false, s.failed("barrier", err)
		}
		if s.inbox.hold(port) {
			last = m.cut.last
			err = s.barrier(ctx, m.cut)
		}
	}
	return last, err
}

func (s *sink) write(ctx context.Context, port int, b *batch.Batch) error {
	defer b.Release()
	rows := b.Count()
	if b.Skipped > 0 {
		return s.failed("write", bug(fmt.Sprintf("account: %d skipped rows came to a sink", b.Skipped)))
	}
	s.emit.begin(callWrite)
	if s.ends() {
		s.emit.Filter(rows)
	} else {
		err := s.guard(ctx, "write", func() error { return s.snk.Write(ctx, b, s.emit) })
		if err = s.survives(err); err != nil {
			return err
		}
		if left := s.emit.fates; left != (fates{rejected: left.rejected}) || left.rejected > rows {
			return s.failed("write", bug("account: a sink counted fates other than rejects"))
		}
		if s.broken {
			s.emit.Filter(rows - s.emit.fates.rejected)
		} else {
			s.emit.Pass(rows - s.emit.fates.rejected)
		}
	}
	if err := s.emit.settle(rows, 0); err != nil {
		return s.failed("write", err)
	}
	s.in[port].receivedRows.Add(uint64(rows))
	return nil
}

// ends reports whether the sink takes nothing more.
func (s *sink) ends() bool { return s.broken || s.over.Load() }

// survives turns the loss of the run's output into the end of this sink: the run drains, so that the others commit. What a sink says of
// rows that are not committed in any case, while those before them are given up, is nobody's matter.
func (s *sink) survives(err error) error {
	if err == nil || !errors.Is(err, ErrOutputClosed) && !s.over.Load() {
		return err
	}
	s.broken = true
	for _, e := range s.in {
		e.close()
	}
	return nil
}

func (s *sink) watermark(port int, from standing) error {
	now, rises, turns := s.marks.set(port, from)
	if !rises && !turns {
		return nil
	}
	if now.at.Equal(op.EndOfTime) {
		s.meter.ended.Store(true)
	}
	s.meter.stands(now)
	return s.emit.forward(message{kind: watermark, standing: now})
}

// barrier ends the epoch; where a commit follows the sink prepares.
func (s *sink) barrier(ctx context.Context, c cut) error {
	if !c.empty && !s.ends() {
		err := s.guard(ctx, "epoch", func() error { return s.snk.Epoch(ctx, c.epoch) })
		if err = s.survives(err); err != nil {
			return err
		}
	}
	if ender, ok := s.snk.(op.Ender); ok && c.last && !s.ends() {
		err := s.guard(ctx, "end", func() error { return ender.End(ctx, c.whole) })
		if err = s.survives(err); err != nil {
			return err
		}
	}
	if c.commit && !s.ends() {
		s.emit.begin(callPrepare)
		err := s.guard(ctx, "prepare", func() error {
			token, err := s.snk.Prepare(ctx, s.emit)
			s.token, s.prepared = token, err == nil
			return err
		})
		if err = s.survives(err); err != nil {
			return err
		}
	}
	if cs := s.run.commits; cs != nil && c.commit {
		cs.note(s.id(), func(n *checkpoint.Node) { n.Token = s.token })
		failpoint.Pass("commit.prepared")
	}
	s.emit.ended(c)
	if err := s.emit.forward(message{kind: barrier, cut: c}); err != nil {
		return err
	}
	s.run.acks <- ack{c.epoch}
	return nil
}
