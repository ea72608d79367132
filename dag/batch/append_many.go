package batch

import "math"

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
	if c.valid == nil {
		c.n += rows
		return
	}
	for range rows {
		c.markValid()
	}
}
