package batch

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// maxKept is how many bytes a pool keeps for the next buffers.
const maxKept = 16 << 20

// Pool is an allocator of Arrow buffers that keeps what was freed for the next ones, so that a stream of batches runs in
// the same memory over and over. All methods may be called from any goroutine. The zero Pool is ready; it needs no end:
// dropped, it is garbage like everything else.
//
// Buffers are aligned to 64 bytes. What is kept is bounded, and [Pool.Trim] gives back what is not needed any more.
// Buffers of more than 4 MiB are made and dropped each time.
//
// Built with the tag flowrundebug pools check their users: see [Checked].
type Pool struct {
	inUse atomic.Int64 // handed out
	owned atomic.Int64 // that and what is kept: it changes when memory is made or dropped
	sizes [sizeCount]shelf
	check checker
}

// shelf keeps the free buffers of one size.
type shelf struct {
	mu   sync.Mutex
	free []unsafe.Pointer // the last freed is the next used: it is in the cache
	low  int              // the fewest that lay here since the last Trim
	_    [24]byte         // shelves do not share a cache line
}

// Unclear is an allocator that can leave memory as it is. Allocate and Reallocate clear what they add, as Go's heap does;
// whoever writes every byte before it is read need not pay for that.
type Unclear interface {
	memory.Allocator
	AllocateUnclear(size int) []byte
	ReallocateUnclear(size int, b []byte) []byte
}

var _ Unclear = (*Pool)(nil)

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{} }

// InUse is how many bytes are handed out, as the sizes of buffers go: a little more than was asked for.
func (p *Pool) InUse() int64 { return p.inUse.Load() }

// Kept is how many bytes lie ready.
func (p *Pool) Kept() int64 { return max(p.owned.Load()-p.inUse.Load(), 0) }

// Allocate returns size bytes, all 0.
func (p *Pool) Allocate(size int) []byte {
	b, clean := p.take(size)
	if !clean {
		clear(b)
	}
	return b
}

// AllocateUnclear returns size bytes of any content.
func (p *Pool) AllocateUnclear(size int) []byte {
	b, _ := p.take(size)
	return b
}

// Reallocate returns a buffer of size bytes that begins like b, which is freed if the result is not in its place. What is
// added is 0.
func (p *Pool) Reallocate(size int, b []byte) []byte {
	was := len(b)
	b = p.ReallocateUnclear(size, b)
	if size > was {
		clear(b[was:])
	}
	return b
}

// ReallocateUnclear is Reallocate, but what is added has any content.
func (p *Pool) ReallocateUnclear(size int, b []byte) []byte {
	if size <= cap(b) {
		return p.check.resized(b[:size:cap(b)])
	}
	grown, _ := p.take(size)
	copy(grown, b)
	p.Free(b)
	return grown
}

// Free takes back what one of the other methods returned. Nobody may use it, or what points into it, from then on.
func (p *Pool) Free(b []byte) {
	size := cap(b)
	if size == 0 {
		return
	}
	if Checked {
		p.check.free(b)
	}
	used := p.inUse.Add(-int64(size))
	if Checked || size > maxPooled || p.owned.Load()-used > maxKept {
		p.owned.Add(-int64(size))
		return
	}
	i := sizeIndex(size)
	if sizeAt(i) != size {
		panic("batch: Free of what no pool made")
	}
	s := &p.sizes[i]
	s.mu.Lock()
	s.free = append(s.free, unsafe.Pointer(unsafe.SliceData(b)))
	s.mu.Unlock()
}

// take returns a buffer, and whether it is all 0.
func (p *Pool) take(size int) (b []byte, clean bool) {
	if size == 0 {
		return []byte{}, true
	}
	if size > maxPooled {
		return p.make((size + alignment - 1) &^ (alignment - 1))[:size], !Checked
	}
	i := sizeIndex(size)
	whole := sizeAt(i)
	s := &p.sizes[i]
	s.mu.Lock()
	if n := len(s.free) - 1; n >= 0 {
		at := s.free[n]
		s.free[n] = nil
		s.free = s.free[:n]
		s.low = min(s.low, n)
		s.mu.Unlock()
		p.inUse.Add(int64(whole))
		return unsafe.Slice((*byte)(at), whole)[:size], false
	}
	s.mu.Unlock()
	return p.make(whole)[:size], !Checked
}

// make returns new memory of exactly that capacity.
func (p *Pool) make(size int) []byte {
	p.owned.Add(int64(size))
	p.inUse.Add(int64(size))
	if Checked {
		return p.check.make(size)
	}
	b := make([]byte, size)
	if off := uintptr(unsafe.Pointer(unsafe.SliceData(b))) % alignment; off != 0 {
		b = make([]byte, size+alignment)
		off = -uintptr(unsafe.Pointer(unsafe.SliceData(b))) % alignment
		b = b[off : off+uintptr(size) : off+uintptr(size)]
	}
	return b
}

// Trim gives back half of what nobody needed since the last Trim, and reports how many bytes. Called at regular times, a
// pool that is not used any more is soon empty, while one that is used at a steady pace keeps what it needs.
func (p *Pool) Trim() int64 {
	var freed int64
	for i := range p.sizes {
		s := &p.sizes[i]
		s.mu.Lock()
		if n := (s.low + 1) / 2; n > 0 {
			// The oldest lie at the bottom.
			kept := copy(s.free, s.free[n:])
			clear(s.free[kept:])
			s.free = s.free[:kept]
			freed += int64(n * sizeAt(i))
			if kept == 0 {
				s.free = nil
			}
		}
		s.low = len(s.free)
		s.mu.Unlock()
	}
	p.owned.Add(-freed)
	return freed
}
