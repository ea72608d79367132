package state

import (
	"cmp"
	"container/heap"
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
	buckets map[int64]bucket
	starts  starts // of the buckets that there are; the least first
	n       int
	spare   []Timer // the memory of a bucket that has been emptied
}

// bucket holds timers, and the earliest time of them.
type bucket struct {
	timers []Timer
	first  int64
}

// Timer is a slot with the time at which it is due, in the owner's unit.
type Timer struct {
	At   int64
	Slot int32
}

// NewTimers makes timers of a bucket width; 1 is the least.
func NewTimers(width int64) *Timers {
	return &Timers{width: max(width, 1), buckets: map[int64]bucket{}}
}

// Set makes a slot due at a time.
func (t *Timers) Set(at int64, slot int32) {
	start := t.start(at)
	b, ok := t.buckets[start]
	if !ok {
		heap.Push(&t.starts, start)
		b = bucket{t.spare[:0], at}
		t.spare = nil
	}
	t.buckets[start] = bucket{append(b.timers, Timer{at, slot}), min(b.first, at)}
	t.n++
}

// Due takes out the timers whose time is at most limit and appends them to dst: the earliest first, and those of one time in
// the order in which they were set.
func (t *Timers) Due(limit int64, dst []Timer) []Timer {
	for len(t.starts) > 0 && t.starts[0] <= limit {
		start := t.starts[0]
		timers := t.buckets[start].timers
		from, end := len(dst), start+t.width-1
		whole := end <= limit && end >= start // at the end of time a bucket's end overflows
		if whole {
			dst = append(dst, timers...)
			heap.Pop(&t.starts)
			delete(t.buckets, start)
			t.spare = timers
		} else {
			left := bucket{timers[:0], math.MaxInt64}
			for _, x := range timers {
				if x.At <= limit {
					dst = append(dst, x)
				} else {
					left.timers, left.first = append(left.timers, x), min(left.first, x.At)
				}
			}
			if t.buckets[start] = left; len(left.timers) == 0 {
				whole = true
				heap.Pop(&t.starts)
				delete(t.buckets, start)
				t.spare = left.timers
			}
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
	t.starts, t.n = t.starts[:0], 0
}

// Bytes is the memory that they hold.
func (t *Timers) Bytes() int64 {
	total := sizeOf(t.starts) + sizeOf(t.spare)
	for _, b := range t.buckets {
		total += sizeOf(b.timers) + 64 // an entry of the map
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

// starts is a heap; see package container/heap.
type starts []int64

func (s starts) Len() int           { return len(s) }
func (s starts) Less(i, j int) bool { return s[i] < s[j] }
func (s starts) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *starts) Push(x any)        { *s = append(*s, x.(int64)) }
func (s *starts) Pop() any {
	old := *s
	x := old[len(old)-1]
	*s = old[:len(old)-1]
	return x
}
