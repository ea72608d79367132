package state

import (
	"cmp"
	"math"
	"slices"
)

// Timers say which slots are due when a watermark comes: those of windows that end, rows that expire. They are kept in buckets
// of equal width in time, so that setting one costs no more than an append, and only the bucket that a watermark falls into
// is looked through.
//
// A timer is never taken back: an owner whose slot was removed, or is due later by now, keeps the true time in a column of its
// own and passes over timers that do not agree with it.
type Timers struct {
	width   int64
	of      store // whose slots they are of; nil: nobody said
	buckets map[int64]*bucket
	starts  starts // of the buckets that there are; the least first
	n       int

	last  *bucket // that the last timer was set in; nil: none
	begin int64   // where it begins
	spare []*bucket
	room  int // timers that the spare buckets have room for
}

// spareRoom is how much memory of emptied buckets is remembered, in timers: where rows are few against the width of a bucket each
// watermark empties many, and new ones follow.
const spareRoom = 1 << 15

// bucket holds timers, and the earliest time of them.
type bucket struct {
	timers []Timer
	first  int64
}

// Timer is a slot with the time at which it is due, in the owner's unit.
type Timer struct {
	At   int64
	Slot int32
	//lint:ignore U1000 it is there to be written
	pad int32 // zero, so that equal timers are equal bytes
}

// NewTimers makes timers of a bucket width; 1 is the least.
func NewTimers(width int64) *Timers {
	return &Timers{width: max(width, 1), buckets: map[int64]*bucket{}}
}

// Set makes a slot due at a time.
func (t *Timers) Set(at int64, slot int32) {
	b := t.last
	if b == nil || uint64(at)-uint64(t.begin) >= uint64(t.width) {
		b = t.bucket(at)
	}
	b.timers, b.first = append(b.timers, Timer{At: at, Slot: slot}), min(b.first, at)
	t.n++
}

// bucket is the one that a time falls into.
func (t *Timers) bucket(at int64) *bucket {
	start := t.start(at)
	b := t.buckets[start]
	if b == nil {
		if n := len(t.spare); n > 0 {
			b, t.spare = t.spare[n-1], t.spare[:n-1]
			t.room -= cap(b.timers)
		} else {
			b = &bucket{}
		}
		b.first = math.MaxInt64
		t.buckets[start] = b
		t.starts.push(start)
	}
	if t.last, t.begin = b, start; start == math.MinInt64 {
		t.last = nil // it is narrower than others
	}
	return b
}

// Due takes out the timers whose time is at most limit and appends them to dst: the earliest first, and those of one time in
// the order in which they were set.
func (t *Timers) Due(limit int64, dst []Timer) []Timer {
	for len(t.starts) > 0 && t.starts[0] <= limit {
		start := t.starts[0]
		b := t.buckets[start]
		from, end := len(dst), start+t.width-1
		whole := end <= limit && end >= start // at the end of time a bucket's end overflows
		switch {
		case whole:
			dst = append(dst, b.timers...)
			b.timers = b.timers[:0]
		case b.first > limit:
			return dst
		default:
			left := b.timers[:0]
			b.first = math.MaxInt64
			for _, x := range b.timers {
				if x.At <= limit {
					dst = append(dst, x)
				} else {
					left, b.first = append(left, x), min(b.first, x.At)
				}
			}
			b.timers, whole = left, len(left) == 0
		}
		if whole {
			t.emptied(b)
		}
		t.n -= len(dst) - from
		if byTime := func(a, b Timer) int { return cmp.Compare(a.At, b.At) }; !slices.IsSortedFunc(dst[from:], byTime) {
			slices.SortStableFunc(dst[from:], byTime)
		}
		if !whole {
			break
		}
	}
	return dst
}

// emptied takes out the first bucket, and remembers its memory.
func (t *Timers) emptied(b *bucket) {
	delete(t.buckets, t.starts.pop())
	if b == t.last {
		t.last = nil
	}
	if t.room+cap(b.timers) <= spareRoom {
		t.spare, t.room = append(t.spare, b), t.room+cap(b.timers)
	}
}

// Next is the earliest time at which one is due; ok is false where there is none.
func (t *Timers) Next() (at int64, ok bool) {
	if t.n == 0 {
		return 0, false
	}
	return t.buckets[t.starts[0]].first, true
}

// Len is how many timers there are.
func (t *Timers) Len() int { return t.n }

// Clear takes all of them out.
func (t *Timers) Clear() {
	clear(t.buckets)
	t.starts, t.n, t.last = t.starts[:0], 0, nil
}

// Bytes is the memory that they hold.
func (t *Timers) Bytes() int64 {
	total := sizeOf(t.starts)
	for _, b := range t.spare {
		total += sizeOf(b.timers)
	}
	for _, b := range t.buckets {
		total += sizeOf(b.timers) + 96 // an entry of the map, and the bucket
	}
	return total
}

// start is where the bucket of a time begins.
func (t *Timers) start(at int64) int64 {
	past := at % t.width
	if past < 0 {
		past += t.width
	}
	if at < math.MinInt64+past { // the first bucket is shorter
		return math.MinInt64
	}
	return at - past
}

// starts is a binary heap, the least first.
type starts []int64

func (s *starts) push(x int64) {
	*s = append(*s, x)
	h := *s
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up] <= x {
			break
		}
		h[i], h[up] = h[up], x
		i = up
	}
}

func (s *starts) pop() int64 {
	h := *s
	least, n := h[0], len(h)-1
	h[0] = h[n]
	h = h[:n]
	for i := 0; ; {
		down := 2*i + 1
		if down >= n {
			break
		}
		if down+1 < n && h[down+1] < h[down] {
			down++
		}
		if h[i] <= h[down] {
			break
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
	*s = h
	return least
}
