package exec

import (
	"sync/atomic"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

// timing makes the watermark of a source that has event time.
type timing struct {
	relational.Marks
	idle  time.Duration // how long the source may have nothing before it holds nothing back; 0: for ever
	quiet atomic.Bool   // it was said that it has nothing; only the runner says so
	last  time.Time     // the watermark that was passed on
}

func newTiming(t *plan.Timing) *timing {
	if t == nil {
		return nil
	}
	return &timing{Marks: relational.NewMarks(*t), idle: t.Idle}
}

// timed takes out the rows of a batch that have no event time. It owns b, and gives a batch that the caller owns.
func (s *source) timed(b *batch.Batch) (*batch.Batch, error) {
	failed := s.timing.Untimed(b)
	if len(failed) == 0 {
		return b, nil
	}
	defer b.Release()
	if err := s.emit.Reject(b, failed); err != nil {
		return nil, err
	}
	return relational.Without(b, failed), nil
}

// promise passes on the watermark that the rows so far make, if it has risen, and that the source is back if it was idle.
func (s *source) promise() error {
	t := s.timing
	if t == nil {
		return nil
	}
	at := t.Mark()
	if !at.After(t.last) && !t.quiet.Load() {
		return nil
	}
	t.last = at
	t.quiet.Store(false)
	return s.stand(standing{at: at})
}

// stand passes a standing on.
func (s *source) stand(now standing) error {
	s.meter.stands(now)
	return s.emit.forward(message{kind: watermark, standing: now})
}

// silence is when the source will have been silent for its idle timeout; zero: it is not waiting for rows, or nobody asked.
func (s *source) silence() time.Time {
	since := s.silent.Load()
	if s.timing == nil || s.timing.idle == 0 || s.timing.quiet.Load() || since == 0 || s.run.pausing() || s.stopped.Load() {
		return time.Time{}
	}
	return time.Unix(0, since).Add(s.timing.idle)
}

// rest says that the source has nothing, once it has been silent long enough.
func (s *source) rest() error {
	at := s.silence()
	if at.IsZero() || s.run.o.Now().Before(at) || s.run.still.Load() {
		return nil
	}
	defer s.timing.quiet.Store(true) // behind what is sent: until then it is due
	return s.stand(standing{at: s.timing.last, idle: true})
}

// stands notes a node's watermark for watchers.
func (m *meter) stands(s standing) {
	m.idle.Store(s.idle)
	switch {
	case s.at.Equal(op.EndOfTime), s.at.IsZero():
		return // the last one that is a time says more
	}
	now := s.at.UnixMicro()
	for was := m.watermark.Load(); was == 0 || was < now; was = m.watermark.Load() { // a slower lane may come behind
		if m.watermark.CompareAndSwap(was, now) {
			return
		}
	}
}
