package state

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// Lists is a column of lists of values in the order in which they came. All values stand in one column, chained by slot: 12
// bytes each and a few bytes more where they are texts.
type Lists struct {
	values *Values
	next   []int32 // by value: the next one of its list, plus one
	first  []int32 // by slot: the first value, plus one
	last   []int32
	size   []int32
	at     []int32
	limit  int   // of values
	free   int32 // the first value that no list holds any more, plus one; the others are chained by next
	spare  int   // how many those are
}

// NewLists makes empty lists of values of a type.
func NewLists(elem arrow.DataType) (*Lists, error) {
	v, err := NewValues(elem)
	if err != nil {
		return nil, err
	}
	return &Lists{values: v, limit: math.MaxInt32}, nil
}

// Grow implements Column.
func (l *Lists) Grow(n int) {
	l.first, l.last, l.size = grow(l.first, n), grow(l.last, n), grow(l.size, n)
}

// Clear implements Column.
func (l *Lists) Clear() {
	l.values.Clear()
	l.next, l.first, l.last, l.size = empty(l.next), empty(l.first), empty(l.last), empty(l.size)
	l.free, l.spare = 0, 0
}

// Reset implements Column.
func (l *Lists) Reset(slots []int32) {
	for _, s := range slots {
		if l.size[s] == 0 {
			continue
		}
		l.at = l.Places(l.at[:0], s)
		l.values.Reset(l.at)
		l.next[l.last[s]-1] = l.free
		l.free, l.spare = l.first[s], l.spare+int(l.size[s])
		l.first[s], l.last[s], l.size[s] = 0, 0, 0
	}
}

// Bytes implements Column.
func (l *Lists) Bytes() int64 {
	return l.values.Bytes() + sizeOf(l.next) + sizeOf(l.first) + sizeOf(l.last) + sizeOf(l.size)
}

// Append adds each value of v, nulls too, to the list of its slot. After ErrFull the lists can only be cleared.
func (l *Lists) Append(slots []int32, v *Vector) error {
	n, again := len(l.next), min(l.spare, len(slots))
	if n+len(slots)-again > l.limit {
		return ErrFull
	}
	l.at = resize(l.at, len(slots))
	for i := range l.at {
		l.at[i] = int32(i)
	}
	l.values.Append(v, l.at[again:])
	l.next = grow(l.next, n+len(slots)-again)
	for i, s := range slots {
		e := int32(n+i-again) + 1
		if i < again {
			e = l.free
			l.free, l.spare = l.next[e-1], l.spare-1
			l.next[e-1] = 0
			l.values.Set(e-1, v, i)
		}
		if l.last[s] == 0 {
			l.first[s] = e
		} else {
			l.next[l.last[s]-1] = e
		}
		l.last[s] = e
		l.size[s]++
	}
	return nil
}

// Merge puts the list of from[i] behind that of into[i], and leaves an empty one, one pair after the other.
func (l *Lists) Merge(into, from []int32) {
	for i, f := range from {
		s := into[i]
		if l.size[f] == 0 {
			continue
		}
		if l.size[s] == 0 {
			l.first[s] = l.first[f]
		} else {
			l.next[l.last[s]-1] = l.first[f]
		}
		l.last[s], l.size[s] = l.last[f], l.size[s]+l.size[f]
		l.first[f], l.last[f], l.size[f] = 0, 0, 0
	}
}

// Values is the column in which the values of all lists stand.
func (l *Lists) Values() *Values { return l.values }

// Places appends where in Values the list of a slot stands, in order.
func (l *Lists) Places(dst []int32, slot int32) []int32 {
	for e := l.first[slot]; e != 0; e = l.next[e-1] {
		dst = append(dst, e-1)
	}
	return dst
}

// Len is the length of the list of a slot.
func (l *Lists) Len(slot int32) int { return int(l.size[slot]) }
