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
	fresh ring           // not yet text
	kept  []live.Sampled // newest last
}

// ring holds the newest batches; what it costs is paid for every batch while somebody watches.
type ring struct {
	of   [sampledBatches]sampled
	head int // of the oldest
	n    int
	rows int // of all
}

type sampled struct {
	batch         *batch.Batch
	number, epoch uint64
	rows          int
}

// drop gives back the oldest.
func (r *ring) drop() {
	old := &r.of[r.head]
	r.rows -= old.rows
	old.batch.Release()
	old.batch = nil
	r.head = (r.head + 1) % sampledBatches
	r.n--
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
	r, rows := &s.fresh, b.Rows()
	for r.n == sampledBatches || r.n > 0 && r.rows+rows-r.of[r.head].rows >= sampledRows {
		r.drop()
	}
	r.of[(r.head+r.n)%sampledBatches] = sampled{b.Retain(), number, epoch, rows}
	r.n++
	r.rows += rows
}

// settle makes text of the batches at hand and gives them back.
func (s *sampler) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.fresh
	if r.n == 0 {
		return
	}
	first, left, now := len(s.kept), sampledRows, time.Now()
	s.kept = append(s.kept, make([]live.Sampled, r.n)...)
	for i := r.n - 1; i >= 0; i-- {
		f := &r.of[(r.head+i)%sampledBatches]
		rows := batch.Sample(f.batch, left)
		left -= len(rows)
		s.kept[first+i] = live.Sampled{Number: f.number, Epoch: f.epoch, At: now, Total: f.rows, Rows: rows}
	}
	for r.n > 0 {
		r.drop()
	}
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
	for s.fresh.n > 0 {
		s.fresh.drop()
	}
	s.kept = nil
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
