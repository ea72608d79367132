package exec

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/live"
)

// What an edge keeps for watchers.
const (
	sampledBatches = 16
	sampledRows    = 200             // of a quarter of a second
	peekLasts      = 5 * time.Second // a look keeps sampling on for so long
)

// sampler keeps the newest rows of an edge as text, while somebody watches. The writer only hands it a reference; text is
// made four times a second by the run's ticker, and the reference is given back.
type sampler struct {
	until atomic.Int64 // nanoseconds of the Unix epoch: somebody peeks; the ticker makes it 0 when it has passed
	mu    sync.Mutex
	fresh []sampled      // not yet text, oldest first
	kept  []live.Sampled // newest last
}

type sampled struct {
	batch *batch.Batch
	live.Sampled
}

// watched reports whether an edge has to keep its newest rows.
func (r *Run) watched(s *sampler) bool {
	if r.watchers.Load() > 0 {
		return true
	}
	return s.until.Load() != 0
}

// offer takes note of a batch that is sent. Older ones make room once newer ones fill the quarter's rows.
func (s *sampler) offer(b *batch.Batch, number, epoch uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = append(s.fresh, sampled{b.Retain(), live.Sampled{Number: number, Epoch: epoch, Total: b.Rows()}})
	rows := 0
	for _, f := range s.fresh[1:] {
		rows += f.Total
	}
	drop := 0
	for drop < len(s.fresh)-1 && (rows >= sampledRows || len(s.fresh)-drop > sampledBatches) {
		s.fresh[drop].batch.Release()
		drop++
		rows -= s.fresh[drop].Total
	}
	s.fresh = append(s.fresh[:0], s.fresh[drop:]...)
}

// settle makes text of the batches at hand and gives them back.
func (s *sampler) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := sampledRows
	now := time.Now()
	for i := len(s.fresh) - 1; i >= 0; i-- {
		f := &s.fresh[i]
		f.Rows, f.At = batch.Sample(f.batch, left), now
		left -= len(f.Rows)
		f.batch.Release()
	}
	for i, f := range s.fresh {
		s.kept = append(s.kept, f.Sampled)
		s.fresh[i] = sampled{}
	}
	s.fresh = s.fresh[:0]
	if over := len(s.kept) - sampledBatches; over > 0 {
		clear(s.kept[:over])
		s.kept = append(s.kept[:0], s.kept[over:]...)
	}
}

// tick does what is due four times a second.
func (s *sampler) tick(watched bool, now time.Time) {
	if until := s.until.Load(); until != 0 && now.UnixNano() > until {
		s.until.CompareAndSwap(until, 0)
	}
	if watched || s.until.Load() != 0 {
		s.settle()
	} else {
		s.forget()
	}
}

// forget drops everything, since nobody watches.
func (s *sampler) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.fresh {
		f.batch.Release()
	}
	s.fresh, s.kept = nil, nil
}

// Peek gives the newest rows on an edge; see live.Run.
func (r *Run) Peek(_ context.Context, id string, rows int) (live.Preview, error) {
	e := r.byID[id]
	if e == nil {
		return live.Preview{}, fmt.Errorf("no edge %q", id)
	}
	s := &e.sampler
	s.until.Store(time.Now().Add(peekLasts).UnixNano())
	s.settle()
	p := live.Preview{Edge: id, Columns: columnsOf(e.from.plan.Output(e.output))}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.kept) - 1; i >= 0; i-- {
		b := s.kept[i]
		b.Rows = b.Rows[:min(len(b.Rows), max(rows, 0))]
		p.Batches = append(p.Batches, b)
	}
	return p, nil
}
