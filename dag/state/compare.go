package state

import (
	"bytes"
	"cmp"
)

// Compare orders the values of two slots: null first, then numbers by value with NaN behind all others, false before true, texts
// by their bytes. Nested values have no order.
func (c *Values) Compare(x, y int32) int {
	if nx, ny := c.Null(x), c.Null(y); nx || ny {
		return int(b2i(ny) - b2i(nx))
	}
	if c.Kind == Word {
		return c.compareWords(c.words[x], c.words[y])
	}
	v, w := c.views[x], c.views[y]
	if !v.long() && !w.long() {
		return compareShort(v, w)
	}
	var bx, by [16]byte
	return bytes.Compare(c.text(v, &bx), c.text(w, &by))
}

// CompareTo orders entry i of v against the value of a slot, as Compare does.
func (c *Values) CompareTo(v *Vector, i int, slot int32) int {
	if nx, ny := v.null(i), c.Null(slot); nx || ny {
		return int(b2i(ny) - b2i(nx))
	}
	if c.Kind == Word {
		return c.compareWords(v.Words[i], c.words[slot])
	}
	return c.CompareText(v, i, slot)
}

func (c *Values) compareWords(x, y uint64) int {
	return cmp.Compare(OrderOf(x, c.float), OrderOf(y, c.float))
}

// null reports whether an entry is null.
func (v *Vector) null(i int) bool { return v.Nulls != nil && v.Nulls[i] }
