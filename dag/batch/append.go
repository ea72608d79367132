package batch

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"
)

// room makes room for one more row; of a column that forgets its values, which never has any, it only counts the row, and
// reports false.
func (c *Column) room() bool {
	if c.blank != nil {
		c.n++
		return false
	}
	c.reserveRows(c.n + 1)
	return true
}

// next makes room for one more row.
func (c *Column) next() {
	switch c.layout {
	case layoutBits:
		if c.n>>3 >= len(c.fixed) {
			c.reserveRows(c.n + 1)
		}
	case layoutFixed:
		if (c.n+1)*c.width > len(c.fixed) {
			c.reserveRows(c.n + 1)
		}
	case layoutBytes, layoutList:
		if c.n+1 >= len(c.ends) {
			c.reserveRows(c.n + 1)
		}
	}
	if c.valid != nil && c.n>>3 >= len(c.valid) {
		c.valid = c.grow(c.valid, c.n>>3+1)
	}
}

// markValid closes a row that is not null.
func (c *Column) markValid() {
	if c.valid != nil {
		c.setValid()
	}
	c.n++
}

func (c *Column) setValid() {
	if c.n>>3 >= len(c.valid) {
		c.valid = c.grow(c.valid, c.n>>3+1)
	}
	c.valid[c.n>>3] |= 1 << (c.n & 7)
}

// markNull closes a row that is null.
func (c *Column) markNull() {
	if c.valid == nil {
		c.valid = c.grow(nil, max((max(c.n+1, c.hintRows)+7)/8, len(c.fixed)/max(8*c.width, 1)))
		for i := range c.n >> 3 {
			c.valid[i] = 0xff
		}
		c.valid[c.n>>3] = byte(1<<(c.n&7) - 1)
	} else if c.n>>3 >= len(c.valid) {
		c.valid = c.grow(c.valid, c.n>>3+1)
	}
	c.valid[c.n>>3] &^= 1 << (c.n & 7)
	c.nulls++
	c.n++
}

// AppendNull appends a null: of a struct also one to each field, of a list it drops what was appended to Elem for this row.
func (c *Column) AppendNull() {
	if c.blank != nil {
		c.n++
		return
	}
	switch c.layout {
	case layoutNull:
		c.n++
		c.nulls++
		return
	case layoutBits:
		c.next()
		c.fixed[c.n>>3] &^= 1 << (c.n & 7)
	case layoutFixed:
		c.next()
		clear(c.fixed[c.n*c.width : (c.n+1)*c.width])
	case layoutBytes:
		c.next()
		c.ends[c.n+1] = c.ends[c.n]
	case layoutList:
		c.next()
		c.kids[0].Truncate(int(c.ends[c.n]))
		c.ends[c.n+1] = c.ends[c.n]
	case layoutStruct:
		for _, k := range c.kids {
			k.Truncate(c.n)
			k.AppendNull()
		}
	}
	c.markNull()
}

// AppendBool appends to a bool column.
func (c *Column) AppendBool(v bool) {
	if c.n>>3 >= len(c.fixed) && !c.room() {
		return
	}
	if v {
		c.fixed[c.n>>3] |= 1 << (c.n & 7)
	} else {
		c.fixed[c.n>>3] &^= 1 << (c.n & 7)
	}
	c.markValid()
}

// AppendInt appends to a column of int, timestamp, duration or date.
func (c *Column) AppendInt(v int64) {
	if c.width == 4 {
		c.appendInt32(int32(v))
		return
	}
	if c.n >= len(c.words) && !c.room() {
		return
	}
	c.words[c.n] = v
	c.markValid()
}

func (c *Column) appendInt32(v int32) {
	if (c.n+1)*4 > len(c.fixed) && !c.room() {
		return
	}
	cast[int32](c.fixed)[c.n] = v
	c.markValid()
}

// AppendFloat appends to a float column.
func (c *Column) AppendFloat(v float64) {
	if c.n >= len(c.words) && !c.room() {
		return
	}
	c.words[c.n] = int64(math.Float64bits(v))
	c.markValid()
}

// AppendString appends to a string or bytes column.
func (c *Column) AppendString(v string) {
	if c.n+1 >= len(c.ends) && !c.room() {
		return
	}
	copy(c.data[c.extend(len(v)):], v)
}

// AppendBytes appends a copy of v to a string or bytes column; to a string column only valid UTF-8 may go.
func (c *Column) AppendBytes(v []byte) {
	if c.n+1 >= len(c.ends) && !c.room() {
		return
	}
	copy(c.data[c.extend(len(v)):], v)
}

// Slack is how far [Column.AppendShort] may look behind the value it appends.
const Slack = 16

// AppendShort appends the n bytes of src from i on to a string or bytes column, as AppendBytes does. It is faster where n is
// at most Slack, since it always copies so many; src must hold Slack bytes from i on.
func (c *Column) AppendShort(src []byte, i, n int) {
	if n > Slack {
		c.AppendBytes(src[i : i+n])
		return
	}
	if c.n+1 >= len(c.ends) && !c.room() {
		return
	}
	end := int(c.ends[c.n])
	if end+Slack > len(c.data) {
		c.moreData(end + Slack)
	}
	*(*[Slack]byte)(c.data[end:]) = *(*[Slack]byte)(src[i:])
	c.ends[c.n+1] = int32(end + n)
	c.markValid()
}

// Extend appends a value of n bytes to a string or bytes column and returns the place to write it to, valid until the
// column is used again.
func (c *Column) Extend(n int) []byte {
	if c.n+1 >= len(c.ends) && !c.room() {
		return make([]byte, n)
	}
	end := c.extend(n)
	return c.data[end : end+n : end+n]
}

// extend appends a value of n bytes, still to be written, and returns where it begins in data. There is room for the row.
func (c *Column) extend(n int) int {
	end := int(c.ends[c.n])
	if end+n > len(c.data) {
		c.moreData(end + n)
	}
	c.ends[c.n+1] = int32(end + n)
	c.markValid()
	return end
}

func (c *Column) moreData(bytes int) {
	if bytes > math.MaxInt32 {
		panic("batch: a column holds more than 2 GiB of text")
	}
	c.reserveData(bytes)
}

// Append closes a row of a list, map or struct whose inner values were appended before.
func (c *Column) Append() {
	if c.blank != nil {
		c.n++
		return
	}
	switch c.layout {
	case layoutList:
		if c.n+1 >= len(c.ends) {
			c.reserveRows(c.n + 1)
		}
		inner := c.kids[0]
		if _, ok := c.dtype.(*arrow.MapType); ok {
			// The entries of a map are a struct that callers do not see: its rows are closed here.
			if inner.kids[0].n != inner.kids[1].n {
				panic("batch: Append to a map with a key that has no value")
			}
			inner.n = inner.kids[0].n
		}
		c.ends[c.n+1] = int32(inner.n)
	case layoutStruct:
		for _, k := range c.kids {
			if k.n != c.n+1 {
				panic("batch: Append to a struct of which a field has no value")
			}
		}
	default:
		panic("batch: Append to a " + c.dtype.Name() + " column")
	}
	c.markValid()
}
