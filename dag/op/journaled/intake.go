package journaled

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// intake brings what a source gives into the journal, in the order in which it gave it. One goroutine reads, and another makes
// durable, with one sync, all that was read while the sync before was under way. Only what is durable is handed on.
//
// What was read and not handed on takes at most maxAhead bytes of records, and about as much again in columns, or is one batch.
// Of a source that is not an [op.Ahead] it is one batch, which is read only when somebody waits for it.
type intake struct {
	s     *source
	ahead bool
	kept  func(batches int) // tells the source what is durable

	ctx   context.Context // of the reading
	stop  context.CancelFunc
	quit  chan struct{} // closed when nothing is handed on any more
	group sync.WaitGroup

	panicked atomic.Pointer[string] // what one of the goroutines said

	// Each has one token at the most, and one who waits for it:
	room    chan struct{} // there may be room: for the reader
	arrived chan struct{} // something was read, or reading has ended
	given   chan struct{} // something is durable, or all is over

	mu      sync.Mutex
	taken   []entry  // read
	ready   []entry  // durable, or given up
	bytes   int      // of the records of both, and of those that are being made durable
	count   int      // how many those are
	free    [][]byte // buffers of records
	asked   bool     // somebody waits for a batch
	ended   error    // how reading ended
	over    bool     // and all that was read is in ready
	idle    bool     // the source waits for the outside world
	waiting bool     // and so does who asks, which was told
}

// entry is a batch on its way.
type entry struct {
	batch  *batch.Batch
	record []byte // until the journal has it
	size   int    // of the record, and what goes with it
	seq    uint64 // 0: it is not in the journal
}

// maxAhead is how many bytes of records are read before they are handed on.
const maxAhead = 4 << 20

// overhead is what an entry counts beside its record.
const overhead = 512

func newIntake(s *source, kept func(int)) *intake {
	in := &intake{
		s: s, ahead: kept != nil, kept: kept, quit: make(chan struct{}),
		room: make(chan struct{}, 1), arrived: make(chan struct{}, 1), given: make(chan struct{}, 1),
	}
	in.ctx, in.stop = context.WithCancel(context.Background())
	return in
}

func (in *intake) start() {
	for _, work := range []func(){in.read, in.keepAll} {
		in.group.Go(func() {
			defer in.catch()
			work()
		})
	}
}

// catch keeps a panic for who asks for rows: there it is told as one of the node.
func (in *intake) catch() {
	p := recover()
	if p == nil {
		return
	}
	text := fmt.Sprintf("%v\n%s", p, debug.Stack())
	in.panicked.CompareAndSwap(nil, &text)
	in.stop()
	in.end(context.Canceled)
	signal(in.given)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next is the next batch that is durable. Once ctx ends what was taken before comes, and then its error.
func (in *intake) next(ctx context.Context) (*batch.Batch, op.Position, error) {
	ended := ctx.Done()
	for {
		if text := in.panicked.Load(); text != nil {
			panic(*text)
		}
		if ctx.Err() != nil {
			in.stop()
			ended = nil
		}
		e, ok, err := in.pop()
		switch {
		case ok && e.seq == 0:
			return e.batch, nil, nil
		case ok:
			return e.batch, position(e.seq), nil
		case err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled):
			return nil, nil, ctx.Err()
		case err != nil:
			return nil, nil, err
		}
		select {
		case <-in.given:
		case <-ended:
		}
	}
}

// pop takes what is ready. Where there is nothing it asks for it, until it is called again.
func (in *intake) pop() (e entry, ok bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	defer in.tell()
	if in.asked = len(in.ready) == 0 && !in.over; in.asked {
		signal(in.room)
		return e, false, nil
	}
	if len(in.ready) == 0 {
		return e, false, in.ended
	}
	e, in.ready[0] = in.ready[0], entry{}
	in.ready = in.ready[1:]
	in.bytes -= e.size
	in.count--
	signal(in.room)
	return e, true, nil
}

// tell says whether the node waits for the outside world: who asks, and nothing is on its way. mu is held.
func (in *intake) tell() {
	if waits := in.asked && in.idle && in.count == 0; waits != in.waiting {
		in.waiting = waits
		in.s.rt.Runtime.Waiting(waits)
	}
}

// sleeps is what the source says of waiting.
func (in *intake) sleeps(yes bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.idle = yes
	in.tell()
}

// recycle keeps the buffer of a record. mu is held.
func (in *intake) recycle(b []byte) {
	const maxFree, maxKept = 8, 1 << 20
	if cap(b) <= maxKept && len(in.free) < maxFree {
		in.free = append(in.free, b[:0])
	}
}

// read reads until the source ends, or nothing is handed on any more.
func (in *intake) read() {
	for in.hasRoom() {
		b, _, err := in.s.src.Read(in.ctx)
		if b != nil {
			if failed := in.take(b); failed != nil {
				b.Release()
				err = failed
			}
		}
		if err != nil {
			in.end(err)
			return
		}
	}
	in.end(context.Canceled)
}

// hasRoom waits until a batch may be read; false: nobody wants it any more.
func (in *intake) hasRoom() bool {
	for {
		select {
		case <-in.quit:
			return false
		default:
		}
		in.mu.Lock()
		ok := in.count == 0 && in.asked || in.ahead && (in.count == 0 || in.bytes < maxAhead)
		in.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-in.room:
		case <-in.quit:
		}
	}
}

// take makes the record of a batch, and queues it.
func (in *intake) take(b *batch.Batch) error {
	if b.Arrived.IsZero() {
		b.Arrived = in.s.rt.Now()
	}
	in.mu.Lock()
	var buf []byte
	if n := len(in.free); n > 0 {
		buf, in.free = in.free[n-1], in.free[:n-1]
	}
	in.mu.Unlock()
	record, err := encode(buf, b, in.s.rt.Allocator())
	if err != nil {
		return in.s.wrong(err)
	}
	in.mu.Lock()
	e := entry{batch: b, record: record, size: len(record) + overhead}
	in.taken = append(in.taken, e)
	in.bytes += e.size
	in.count++
	in.tell()
	in.mu.Unlock()
	signal(in.arrived)
	return nil
}

func (in *intake) end(err error) {
	in.mu.Lock()
	in.ended = err
	in.mu.Unlock()
	signal(in.arrived)
}

// keepAll makes durable what was read, all that there is at a time.
func (in *intake) keepAll() {
	var group []entry
	for {
		in.mu.Lock()
		group, in.taken = in.taken, group[:0]
		in.over = in.ended != nil && len(group) == 0
		over := in.over
		in.mu.Unlock()
		switch {
		case over:
			signal(in.given)
			return
		case len(group) == 0:
			<-in.arrived
		default:
			in.keep(group)
			clear(group) // what was handed over
		}
	}
}

// keep writes batches to the journal, however long that takes. Once reading has ended it gives up, and they have no position.
func (in *intake) keep(group []entry) {
	s := in.s
	done, appended := 0, 0
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		var err error
		for appended < len(group) && err == nil {
			e := &group[appended]
			if e.seq, err = s.journal.Append(e.batch.Arrived, e.record); err == nil {
				appended++
			}
		}
		if appended > done { // what has room flows: a commit of it may make more
			if failed := s.journal.Sync(); failed != nil {
				err = failed
			} else {
				if appended == len(group) {
					s.recovered()
				}
				in.handOn(group[done:appended])
				done = appended
			}
		}
		if done == len(group) {
			return
		}
		s.complain(err)
		select {
		case <-s.trimmed:
		case <-s.rt.After(wait):
		case <-in.ctx.Done():
			s.journal.Forget()
			s.rt.Log().Warn("the run ends while the journal cannot be written; what was taken last is handed on without it", "batches", len(group)-done)
			for i := range group[done:] {
				group[done+i].seq = 0
			}
			in.handOn(group[done:])
			return
		}
	}
}

// handOn gives batches to who asks, and tells the source so.
func (in *intake) handOn(group []entry) {
	in.mu.Lock()
	for _, e := range group {
		in.recycle(e.record)
		e.record = nil
		in.ready = append(in.ready, e)
	}
	in.mu.Unlock()
	signal(in.given)
	select {
	case <-in.quit:
		if group[0].seq == 0 {
			return // they are neither in the journal nor handed on
		}
	default:
	}
	if in.kept != nil {
		in.kept(len(group))
	}
}

// close ends reading; what was read is still written, if it can be, and what was not handed on is released.
func (in *intake) close() {
	close(in.quit)
	in.stop()
	in.group.Wait()
	for _, e := range in.ready {
		e.batch.Release()
	}
	in.ready = nil
}
