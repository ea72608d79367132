package lines

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/expr"
	"flowrun/dag/op"
)

// Lanes decode the middle of a stream on several goroutines. Each of them in turn reads the next chunk and cuts it behind its
// last whole record, decodes it by itself, and what came of it is handed on in the order of the chunks. How streams begin and
// end, and records longer than a chunk, stay with the stream's [Reader], which is at work before and after.
//
// Lanes may read ahead, by a bounded number of chunks: they are for sources that can read again what was not handed on.
// Apart from the goroutines themselves they are used by one goroutine.
type Lanes struct {
	rt    op.Runtime
	each  []*lane
	next  chan struct{} // a token for each chunk that may be read before others have been handed on
	done  []chan *work  // by the number of a chunk, round and round; each has room for one
	stop  chan struct{} // of the stretch under way; nil: there is none
	group sync.WaitGroup

	// The stream, which the lane that reads has for itself:
	mu     sync.Mutex
	read   func([]byte) (int, error)
	rest   []byte // behind the last whole record of the last chunk
	offset int64  // of rest in the stream
	chunks int    // read so far
	ended  bool
	err    error // how the reading ended; nil: by a record that is longer than a chunk

	// Used by Next only:
	hand  *work
	taken int // chunks
}

// lane is what one goroutine has of its own.
type lane struct {
	reader *Reader
	wanted Conditions
	chunk  []byte

	// Of the chunk in hand:
	number  int // from 0
	size    int // of its whole records
	offset  int64
	arrived time.Time
	last    bool // no chunk comes behind it
}

// work is what came of a chunk.
type work struct {
	batches []decoded
	last    bool  // the stretch ends behind it
	failed  error // why no batch follows the last one
	panics  string
}

type decoded struct {
	batch  *batch.Batch
	offset int64 // just behind it
}

// spare is how many chunks more than there are lanes are on the way, so that no lane waits for the one that is handed on.
const spare = 2

// maxLanes bounds what is in memory at once, whatever a file asks for.
const maxLanes = 32

// NewLanes makes rt.Lanes() lanes, but at most maxLanes, that decode as a Reader with the same options does, and leave out rows
// as pushed says. The caller must Close them.
func NewLanes(rt op.Runtime, o Options, pushed []*expr.Program) *Lanes {
	l := &Lanes{rt: rt}
	n := min(rt.Lanes(), maxLanes)
	for range n {
		l.each = append(l.each, &lane{reader: NewReader(rt, o, 0), wanted: NewConditions(pushed, rt.Allocator())})
	}
	l.done = make([]chan *work, n+spare)
	for i := range l.done {
		l.done[i] = make(chan *work, 1)
	}
	return l
}

// Start goes on where from stands, of which Next has returned nil, with the bytes that read gives, which goroutines of the
// lanes call, one at a time. From is not to be used until Next has returned nil. False: from is in the middle of a record that
// is too long for lanes, and nothing was done.
func (l *Lanes) Start(from *Reader, read func([]byte) (int, error)) bool {
	rest, ok := from.framer.Take(l.rt.BatchBytes() / 2)
	if !ok {
		return false
	}
	l.read, l.rest, l.offset = read, append(l.rest[:0], rest...), from.Offset()
	l.chunks, l.taken, l.ended, l.err = 0, 0, false, nil
	l.stop = make(chan struct{})
	l.next = make(chan struct{}, len(l.done))
	for range l.done {
		l.next <- struct{}{}
	}
	for _, one := range l.each {
		if one.chunk == nil {
			one.chunk = make([]byte, l.rt.BatchBytes())
		}
		one.reader.adopt(from)
		l.group.Add(1)
		go l.run(one)
	}
	return true
}

// Busy reports whether Next has something to give: from Start until it has returned nil.
func (l *Lanes) Busy() bool { return l.stop != nil }

// Next returns the next batch and the place in the stream just behind it. When nothing more comes of the stretch the batch is
// nil; to goes on then, having been given what was read and not decoded, and err is how the reading ended, or nil where that
// was a record that is longer than a chunk. Failed is an error that ends the run.
func (l *Lanes) Next(to *Reader) (b *batch.Batch, offset int64, err, failed error) {
	for {
		if l.hand == nil {
			l.hand = <-l.done[l.taken%len(l.done)]
			l.taken++
		}
		w := l.hand
		if len(w.batches) > 0 {
			first := w.batches[0]
			w.batches = w.batches[1:]
			return first.batch, first.offset, nil, nil
		}
		switch {
		case w.panics != "":
			panic(w.panics)
		case w.failed != nil:
			return nil, 0, nil, w.failed
		case w.last:
			l.halt()
			if p, ok := l.err.(panicked); ok {
				panic(string(p))
			}
			to.framer.Reset(l.offset)
			to.Feed(l.rest, l.rt.Now())
			return nil, 0, l.err, nil
		}
		l.hand = nil
		l.next <- struct{}{}
	}
}

// halt ends the goroutines and releases what was not handed on.
func (l *Lanes) halt() {
	if l.stop == nil {
		return
	}
	close(l.stop)
	l.group.Wait()
	l.stop = nil
	l.hand.release()
	l.hand = nil
	for _, done := range l.done {
		select {
		case w := <-done:
			w.release()
		default:
		}
	}
}

func (w *work) release() {
	if w != nil {
		for _, d := range w.batches {
			d.batch.Release()
		}
	}
}

// Close ends the goroutines and gives back what the lanes hold.
func (l *Lanes) Close() {
	l.halt()
	for _, one := range l.each {
		one.reader.Close()
		one.wanted.Close()
	}
}

// run is a lane's goroutine.
func (l *Lanes) run(one *lane) {
	defer l.group.Done()
	for {
		select {
		case <-l.next:
		case <-l.stop:
			return
		}
		if !l.fill(one) {
			return
		}
		l.done[one.number%len(l.done)] <- one.decode() // it is free: no more chunks are on the way than there are places
		if one.last {
			return
		}
	}
}

// fill reads the next chunk. False: there is none.
func (l *Lanes) fill(one *lane) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	n := copy(one.chunk, l.rest)
	for n < len(one.chunk) && l.err == nil {
		var more int
		more, l.err = l.pull(one.chunk[n:])
		n += more
	}
	one.arrived = l.rt.Now()
	one.size = one.reader.framer.Cut(one.chunk[:n])
	l.rest = append(l.rest[:0], one.chunk[one.size:n]...)
	one.offset, one.number = l.offset, l.chunks
	l.offset += int64(one.size)
	l.chunks++
	l.ended = l.err != nil || one.size == 0
	one.last = l.ended
	return true
}

// panicked is a panic under which the reading ended.
type panicked string

func (p panicked) Error() string { return string(p) }

// pull reads the next bytes of the stream.
func (l *Lanes) pull(p []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, panicked(fmt.Sprintf("%v\n%s", p, debug.Stack()))
		}
	}()
	return l.read(p)
}

// decode makes batches of the chunk in hand.
func (one *lane) decode() (w *work) {
	w = &work{last: one.last}
	defer func() {
		if p := recover(); p != nil {
			w.panics = fmt.Sprintf("%v\n%s", p, debug.Stack())
		}
	}()
	one.reader.framer.Reset(one.offset)
	one.reader.Feed(one.chunk[:one.size], one.arrived)
	for b := one.reader.Next(); b != nil; b = one.reader.Next() {
		if err := one.wanted.Apply(b); err != nil {
			b.Release()
			w.failed = err
			break
		}
		w.batches = append(w.batches, decoded{b, one.reader.Offset()})
	}
	return w
}
