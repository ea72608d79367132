package batch

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow/bitutil"
)

// AppendRoom opens a string or bytes column for many values at once: rows of them, with at most bytes bytes in all. The
// caller writes the bytes one value behind the other to data, from base on, and to ends[i] where the i-th value ends in data;
// both are valid until the column is used again. Then [Column.AppendDone] makes them rows.
func (c *Column) AppendRoom(rows, bytes int) (ends []int32, data []byte, base int) {
	if c.blank != nil {
		panic("batch: AppendRoom of a column that keeps no values")
	}
	if c.n+rows >= len(c.ends) {
		c.reserveRows(c.n + rows)
	}
	base = int(c.ends[c.n])
	if base+bytes > len(c.data) {
		if base+bytes > math.MaxInt32 {
			panic("batch: a column holds more than 2 GiB of text")
		}
		c.reserveData(base + bytes)
	}
	return c.ends[c.n+1 : c.n+1+rows], c.data[:base+bytes], base
}

// AppendDone appends the first rows of the values that were written to the room that AppendRoom gave. To a column that is
// [Column.Blank] it appends rows nulls, without any room.
func (c *Column) AppendDone(rows int) {
	if c.valid != nil {
		c.markMany(rows, true)
	}
	c.n += rows
}

// AppendInts appends many values to a column of int, timestamp or duration.
func (c *Column) AppendInts(values []int64) {
	if c.blank == nil {
		if c.n+len(values) > len(c.words) {
			c.reserveRows(c.n + len(values))
		}
		copy(c.words[c.n:], values)
	}
	c.AppendDone(len(values))
}

// AppendNulls appends many nulls to a column whose type is neither nested nor bool.
func (c *Column) AppendNulls(rows int) {
	if c.blank != nil {
		c.n += rows
		return
	}
	switch c.layout {
	case layoutFixed:
		if (c.n+rows)*c.width > len(c.fixed) {
			c.reserveRows(c.n + rows)
		}
		clear(c.fixed[c.n*c.width : (c.n+rows)*c.width])
	case layoutBytes:
		if c.n+rows >= len(c.ends) {
			c.reserveRows(c.n + rows)
		}
		ends, end := c.ends[c.n+1:c.n+1+rows], c.ends[c.n]
		for i := range ends {
			ends[i] = end
		}
	default:
		panic("batch: AppendNulls of a column of type " + c.dtype.String())
	}
	if rows == 0 {
		return
	}
	if c.valid == nil {
		c.markNull()
		c.n--
		c.nulls--
	}
	c.markMany(rows, false)
	c.n += rows
	c.nulls += rows
}

// markMany marks rows behind the last one in a bitmap that is there.
func (c *Column) markMany(rows int, valid bool) {
	if need := (c.n + rows + 7) / 8; need > len(c.valid) {
		c.valid = c.grow(c.valid, need)
	}
	bitutil.SetBitsTo(c.valid, int64(c.n), int64(rows), valid)
}
