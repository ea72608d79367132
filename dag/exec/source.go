package exec

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"flowrun/dag/batch"
	"flowrun/dag/checkpoint"
	"flowrun/dag/op"
)

// source drives an op.Source: a reader goroutine calls Read, the runner passes on what was read and cuts barriers in
// between.
type source struct {
	*node
	src      op.Source
	barriers chan cut      // at most one is under way
	wake     chan struct{} // a pause began or ended
	cancel   context.CancelFunc
	reading  context.Context // ends when the source is to stop

	exhausted atomic.Bool  // it gave all that it has
	held      atomic.Bool  // the runner keeps what was read, since the run is paused
	stopped   atomic.Bool  // the reader has ended, and all it read was passed on
	asleep    atomic.Bool  // it waits for the outside world
	silent    atomic.Int64 // since when, in nanoseconds of the Unix epoch on the run's clock; 0: it does not
	timing    *timing      // nil: its rows have no event time

	replayer op.Replayer // nil: it reads nothing again
	again    bool        // more follows of what it reads again

	behind  op.Position // just behind what was passed on
	reached op.Position // just behind the last barrier
}

// read is what Read gave.
type read struct {
	batch *batch.Batch
	pos   op.Position
	err   error
	again bool // more follows of what the source reads again
}

func (s *source) openOp(ctx context.Context) error {
	kept, ok := s.run.commits.stored(s.id())
	if ok { // until it has read on, it stands where it stood
		s.run.commits.note(s.id(), func(n *checkpoint.Node) { n.Position = kept.Position })
	}
	if ok && s.timing != nil && kept.Marks != nil {
		if err := s.timing.Restore(kept.Marks); err != nil {
			return s.failed("restore", err)
		}
	}
	if err := s.guard(ctx, "open", func() error { return s.src.Open(ctx, s.rt, kept.Position) }); err != nil {
		return err
	}
	s.replayer, _ = s.src.(op.Replayer)
	s.again = s.replaying()
	s.run.rereads = s.run.rereads || s.again
	return nil
}

func (s *source) closeOp() error { return s.src.Close() }

// begin says again where event time stood: others wait for it, and perhaps no row follows that says so.
func (s *source) begin(context.Context) error { return s.promise() }

func (s *source) takers() []taker { return nil } // nobody hands it anything

func (s *source) stop() {
	s.cancel()
	s.notify()
}

func (s *source) notify() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *source) work(ctx context.Context) error {
	results := make(chan read, 1)
	ended := make(chan struct{})
	taking, quit := context.WithCancel(ctx) // ends when nobody takes what the reader has
	go func() {
		defer close(ended)
		s.readAll(taking, results)
	}()
	defer func() {
		s.cancel()
		quit()
		<-ended
		select {
		case got := <-results:
			got.release()
		default:
		}
	}()
	wait := alarm{run: s.run}
	for {
		in := results
		if s.run.pausing() && s.reading.Err() == nil {
			in = nil
		}
		if was := s.held.Swap(in == nil); !was && in == nil {
			s.run.nudge()
		}
		select {
		case got := <-in:
			if err := s.pass(ctx, got); err != nil {
				return err
			}
			s.run.idle() // what is chained to the source has nothing left to do
		case <-wait.ring(s.silence()):
			wait.rang()
			if err := s.rest(); err != nil {
				return err
			}
			s.run.idle()
		case c := <-s.barriers:
			if c.hold {
				select {
				case s.run.holding <- struct{}{}:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
				select {
				case c = <-s.barriers:
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
			if err := s.rest(); err != nil { // whichever of the two was noticed first
				return err
			}
			if err := s.barrier(c); err != nil || c.last {
				return err
			}
		case <-s.wake:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// readAll reads until the source ends, fails or is stopped. A batch that cannot be handed on since ctx has ended is
// released.
func (s *source) readAll(ctx context.Context, results chan<- read) {
	clock := &s.meter.time
	clock.to(busy, moment())
	defer func() { clock.to(waiting, moment()) }()
	for {
		select {
		case <-s.run.gate():
		default:
			clock.to(waiting, moment())
			select {
			case <-s.run.gate():
			case <-s.reading.Done():
			}
			clock.to(busy, moment())
		}
		var got read
		err := s.guard(ctx, "read", func() error {
			var err error
			got.batch, got.pos, err = s.src.Read(s.reading)
			if err != nil && (errors.Is(err, io.EOF) || s.reading.Err() != nil && errors.Is(err, s.reading.Err())) {
				got.err = err
				return nil
			}
			return err
		})
		if err != nil {
			got.err = err
		}
		got.again = s.replaying()
		s.sleeps(false)
		select {
		case results <- got:
		default:
			clock.to(blocked, moment())
			select {
			case results <- got:
			case <-ctx.Done():
				got.release()
				return
			}
			clock.to(busy, moment())
		}
		if got.err != nil {
			return
		}
	}
}

func (s *source) replaying() bool { return s.replayer != nil && s.replayer.Replaying() }

func (r read) release() {
	if r.batch != nil {
		r.batch.Release()
	}
}

// pass sends what was read, and after it the end of time if the source has ended.
func (s *source) pass(ctx context.Context, got read) error {
	if got.batch != nil {
		if err := s.guard(ctx, "read", func() error { return s.passBatch(got.batch) }); err != nil {
			return err
		}
	}
	if got.pos != nil {
		s.behind = got.pos
	}
	s.again = got.again
	switch {
	case got.err == nil:
		return nil
	case errors.Is(got.err, io.EOF) && s.run.commits.keeps():
		// What comes in the next run may still belong to what is open now.
		s.exhausted.Store(true)
		s.meter.ended.Store(true)
	case errors.Is(got.err, io.EOF), s.abandoned.Load() && s.reading.Err() != nil && errors.Is(got.err, s.reading.Err()):
		s.exhausted.Store(true)
		s.meter.ended.Store(true)
		if err := s.emit.forward(message{kind: watermark, standing: standing{at: op.EndOfTime}}); err != nil {
			return err
		}
	case s.reading.Err() != nil && errors.Is(got.err, s.reading.Err()):
		s.meter.ended.Store(true)
	default:
		return got.err
	}
	s.stopped.Store(true)
	s.run.nudge()
	return nil
}

// passBatch counts and sends a batch and its rejects; it owns b.
func (s *source) passBatch(b *batch.Batch) error {
	rows, skipped, rejects := b.Count(), b.Skipped, b.Rejects
	if b.Arrived.IsZero() {
		b.Arrived = s.run.o.Now()
	}
	s.emit.begin(callProcess)
	if s.timing != nil {
		var err error
		if b, err = s.timed(b); err != nil {
			return err
		}
		s.timing.See(b)
	}
	s.emit.fates.passed, s.emit.fates.rejected = rows-s.emit.fates.rejected, s.emit.fates.rejected+len(rejects)
	if s.abandoned.Load() {
		s.emit.fates.filtered, s.emit.fates.passed = s.emit.fates.passed, 0
		b.Release()
	} else if err := s.emit.Emit("", b); err != nil {
		return err
	}
	if len(rejects) > 0 {
		if err := s.rejectInputs(s.emit, rejects); err != nil {
			return err
		}
	}
	if err := s.emit.settle(rows+len(rejects), skipped); err != nil {
		return err
	}
	if rows > 0 || len(s.routed()) > 0 {
		s.emit.mark()
	}
	return s.promise()
}

func (s *source) barrier(c cut) error {
	s.reached = s.behind
	if cs := s.run.commits; cs != nil && c.commit {
		if err := s.save(cs); err != nil {
			return err
		}
	}
	if s.again {
		c.again.Store(true)
	}
	s.emit.ended(c)
	return s.emit.forward(message{kind: barrier, cut: c})
}

// pauses reports whether no row comes from the source now, because the outside world has none, it has ended, or it is
// held.
func (s *source) pauses() bool { return s.asleep.Load() || s.stopped.Load() || s.held.Load() }

// sleeps is what the operator says by Runtime.Waiting.
func (s *source) sleeps(yes bool) {
	if s.asleep.Swap(yes) == yes {
		return
	}
	s.meter.time.wait(yes)
	s.silent.Store(0)
	if yes && s.timing != nil && s.timing.idle > 0 {
		s.silent.Store(s.run.o.Now().UnixNano())
		s.notify()
	}
	if yes && !s.run.waitingSince().IsZero() {
		s.run.nudge()
	}
}

// save notes where the source stands at a barrier.
func (s *source) save(cs *commits) error {
	var at, marks []byte
	if s.reached != nil {
		var err error
		if at, err = s.reached.AppendBinary([]byte{}); err != nil {
			return s.failed("save", err)
		}
	}
	if s.timing != nil {
		marks = s.timing.Append(nil)
	}
	cs.note(s.id(), func(n *checkpoint.Node) {
		if at != nil { // of a source that has read nothing yet it is where it began
			n.Position = at
		}
		n.Marks = marks
	})
	return nil
}
