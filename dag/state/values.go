package state

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
)

// Values is a column of values of any type that flowrun knows. An entry that was never set is null.
type Values struct {
	Type arrow.DataType
	Kind Kind

	float bool // words are floats

	words []uint64
	valid []bool // of words

	views []view // of texts and nested values; the zero view is null
	arena arena
	nulls int // how many of the entries that Append and put made are null; entries of a key column are made so
}

// NewValues makes an empty column. A type without a way to hold it is an error.
func NewValues(dt arrow.DataType) (*Values, error) {
	k, err := KindOf(dt)
	if err != nil {
		return nil, err
	}
	return &Values{Type: dt, Kind: k, float: dt.ID() == arrow.FLOAT64}, nil
}

// Len is the number of entries.
func (c *Values) Len() int {
	if c.Kind == Word {
		return len(c.words)
	}
	return len(c.views)
}

// Grow implements Column.
func (c *Values) Grow(n int) {
	if c.Kind == Word {
		c.words, c.valid = grow(c.words, n), grow(c.valid, n)
		return
	}
	c.views = grow(c.views, n)
}

// Reset implements Column.
func (c *Values) Reset(slots []int32) {
	if c.Kind == Word {
		for _, s := range slots {
			c.words[s], c.valid[s] = 0, false
		}
		return
	}
	for _, s := range slots {
		if w := c.views[s]; w.long() {
			c.arena.dead += int64(w.size())
		}
		c.views[s] = view{}
	}
	c.tidy()
}

// Clear implements Column.
func (c *Values) Clear() {
	c.words, c.valid, c.views, c.nulls = empty(c.words), empty(c.valid), empty(c.views), 0
	c.arena.clear()
}

// Bytes implements Column.
func (c *Values) Bytes() int64 {
	return sizeOf(c.words) + sizeOf(c.valid) + sizeOf(c.views) + c.arena.bytes
}

// Null reports whether an entry is null.
func (c *Values) Null(slot int32) bool {
	if c.Kind == Word {
		return !c.valid[slot]
	}
	return c.views[slot].null()
}

// Word gives an entry of a Word column, 0 where it is null.
func (c *Values) Word(slot int32) uint64 { return c.words[slot] }

// Set makes entry i of v the value of a slot.
func (c *Values) Set(slot int32, v *Vector, i int) {
	if c.Kind == Word {
		c.words[slot], c.valid[slot] = v.Words[i], v.Nulls == nil || !v.Nulls[i]
		return
	}
	if old := c.views[slot]; old.long() {
		c.arena.dead += int64(old.size())
	}
	c.views[slot] = c.keep(v.views[i], v.data)
	c.tidy()
}

// Move makes the value of one slot that of another, and leaves null behind. It is not for key columns.
func (c *Values) Move(into, from int32) {
	if c.Kind == Word {
		c.words[into], c.valid[into] = c.words[from], c.valid[from]
		c.words[from], c.valid[from] = 0, false
		return
	}
	if old := c.views[into]; old.long() {
		c.arena.dead += int64(old.size())
	}
	c.views[into], c.views[from] = c.views[from], view{}
	c.tidy()
}

// tidy copies the texts that are left once many were dropped.
func (c *Values) tidy() {
	if c.arena.dead > max(largeChunk, c.arena.bytes/2, sizeOf(c.views)) {
		c.compact()
	}
}

// Append adds the given entries of v at the end.
func (c *Values) Append(v *Vector, at []int32) {
	n := c.Len()
	c.Grow(n + len(at))
	if v.Nulls != nil {
		for _, i := range at {
			c.nulls += int(b2i(v.Nulls[i]))
		}
	}
	if c.Kind == Word {
		words, valid := c.words[n:], c.valid[n:]
		for j, i := range at {
			words[j], valid[j] = v.Words[i], v.Nulls == nil || !v.Nulls[i]
		}
		return
	}
	views := c.views[n:]
	for j, i := range at {
		views[j] = c.keep(v.views[i], v.data)
	}
}

// put makes entries of v the values of slots that hold none.
func (c *Values) put(slots []int32, v *Vector, at []int32) {
	for j, i := range at {
		if v.Nulls != nil {
			c.nulls += int(b2i(v.Nulls[i]))
		}
		if c.Kind == Word {
			c.words[slots[j]], c.valid[slots[j]] = v.Words[i], v.Nulls == nil || !v.Nulls[i]
		} else {
			c.views[slots[j]] = c.keep(v.views[i], v.data)
		}
	}
}

// drop is Reset for the entries of a key column.
func (c *Values) drop(slots []int32) {
	for _, s := range slots {
		c.nulls -= int(b2i(c.Null(s)))
	}
	c.Reset(slots)
}

func (c *Values) keep(w view, data []byte) view {
	if !w.long() {
		return w
	}
	return longView(c.arena.add(data[w.a:w.a+uint64(w.size())]), w.size())
}

// compact copies the texts that are still there and drops the others.
func (c *Values) compact() {
	old := c.arena
	c.arena = arena{}
	for i, w := range c.views {
		if w.long() {
			c.views[i] = longView(c.arena.add(old.text(w)), w.size())
		}
	}
}

// CompareText orders entry i of v, a Text, against the value of a slot; neither is null.
func (c *Values) CompareText(v *Vector, i int, slot int32) int {
	x, y := v.views[i], c.views[slot]
	if !x.long() && !y.long() {
		return compareShort(x, y)
	}
	var bx, by [16]byte
	return bytes.Compare(v.Text(i, &bx), c.text(y, &by))
}

// CompareTexts orders the texts of two slots; neither is null.
func (c *Values) CompareTexts(a, b int32) int {
	x, y := c.views[a], c.views[b]
	if !x.long() && !y.long() {
		return compareShort(x, y)
	}
	var bx, by [16]byte
	return bytes.Compare(c.text(x, &bx), c.text(y, &by))
}

func (c *Values) text(w view, buf *[16]byte) []byte {
	if w.long() {
		return c.arena.text(w)
	}
	w.put(buf)
	return buf[:w.size()]
}

// same checks that the rows of v from the given one on have the keys of the slots they were given; a row that has not gets
// slot -1, and its place in slots is added to wrong.
func (c *Values) same(v *Vector, from int, slots, wrong []int32) []int32 {
	switch {
	case c.Kind != Word:
		views := v.views[from : from+len(slots)]
		for i, s := range slots {
			if s < 0 {
				continue
			}
			w, is := views[i], c.views[s]
			if w == is && !w.long() {
				continue
			}
			if !c.arena.equal(w, v.data, is) {
				slots[i], wrong = -1, append(wrong, int32(i))
			}
		}
	case v.Nulls == nil && c.nulls == 0:
		words := v.Words[from : from+len(slots)]
		for i, s := range slots {
			if s >= 0 && c.words[s] != words[i] {
				slots[i], wrong = -1, append(wrong, int32(i))
			}
		}
	default:
		for i, s := range slots {
			if s >= 0 && !c.sameWord(v, from+i, s) {
				slots[i], wrong = -1, append(wrong, int32(i))
			}
		}
	}
	return wrong
}

func (c *Values) sameWord(v *Vector, i int, slot int32) bool {
	return v.Words[i] == c.words[slot] && (v.Nulls == nil || !v.Nulls[i]) == c.valid[slot]
}

func (c *Values) sameOne(v *Vector, i int, slot int32) bool {
	if c.Kind == Word {
		return c.sameWord(v, i, slot)
	}
	return c.arena.equal(v.views[i], v.data, c.views[slot])
}
