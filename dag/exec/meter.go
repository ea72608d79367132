package exec

import (
	"sync"
	"sync/atomic"
	"time"
)

// meter counts what a node does. It is written once per batch.
type meter struct {
	rowsIn, rowsOut, batches               atomic.Uint64
	passed, filtered, late, rejected, held atomic.Uint64
	rejectedOut                            atomic.Uint64 // rows the node made itself; no fate of an input row
	time                                   shares
	reasons                                reasons
	ended                                  atomic.Bool
	watermark                              atomic.Int64 // in microseconds of the Unix epoch; 0: there is none
	idle                                   atomic.Bool  // no input has anything, so nobody is waited for
}

// fates are what became of the rows of one call.
type fates struct{ passed, filtered, late, rejected, held int }

func (f fates) sum() int { return f.passed + f.filtered + f.late + f.rejected + f.held }

// took counts a batch of rows that all have their fates.
func (m *meter) took(rows int, f fates) {
	m.batches.Add(1)
	if rows > 0 {
		m.rowsIn.Add(uint64(rows))
	}
	for _, c := range [...]struct {
		counter *atomic.Uint64
		n       int
	}{{&m.passed, f.passed}, {&m.filtered, f.filtered}, {&m.late, f.late}, {&m.rejected, f.rejected}, {&m.held, f.held}} {
		if c.n > 0 {
			c.counter.Add(uint64(c.n))
		}
	}
}

// activity is what a node does at a moment.
type activity int

const (
	waiting activity = iota // for input, or for the outside world
	busy
	blocked // on a full output
	activities
)

var beginning = time.Now()

// moment is the time since the beginning of the process. To read it costs half of time.Now, and it is read twice a hop.
func moment() time.Duration { return time.Since(beginning) }

// shares sums up how long a node did what. It is locked, since an operator may say from any goroutine that it waits;
// that is once or twice a batch.
type shares struct {
	mu    sync.Mutex
	doing activity
	since time.Duration // a moment; 0: nothing has begun
	spent [activities]time.Duration
}

// to begins another activity and returns the one before. Nil shares count nothing.
func (s *shares) to(a activity, now time.Duration) activity {
	if s == nil {
		return waiting
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.doing
	if s.since != 0 {
		s.spent[was] += now - s.since
	}
	s.doing, s.since = a, now
	return was
}

// wait is what an operator says by Runtime.Waiting.
func (s *shares) wait(yes bool) {
	if yes {
		s.to(waiting, moment())
	} else {
		s.to(busy, moment())
	}
}

// read returns the sums up to now.
func (s *shares) read(now time.Duration) [activities]time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	spent := s.spent
	if s.since != 0 {
		spent[s.doing] += now - s.since
	}
	return spent
}

// maxReasons bounds how many different reasons a node counts apart.
const maxReasons = 64

// otherReasons is where reasons beyond maxReasons are counted.
const otherReasons = "other"

// reasons counts rejects by reason. Rejects are rare, so it may lock.
type reasons struct {
	mu sync.Mutex
	n  map[string]uint64
}

func (r *reasons) add(reason string, rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == nil {
		r.n = map[string]uint64{}
	}
	if _, ok := r.n[reason]; !ok && len(r.n) >= maxReasons {
		reason = otherReasons
	}
	r.n[reason] += uint64(rows)
}

// snapshot returns a copy, nil when there are none.
func (r *reasons) snapshot() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.n) == 0 {
		return nil
	}
	c := make(map[string]uint64, len(r.n))
	for k, v := range r.n {
		c[k] = v
	}
	return c
}
