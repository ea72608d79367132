package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
)

// AppendRows appends copies of the given rows of arr, in that order. arr must be of the column's type.
func (c *Column) AppendRows(arr arrow.Array, rows []int32) {
	if len(rows) == 0 {
		return
	}
	first, from := c.n, arr.Data().Offset()
	c.reserveRows(first + len(rows))
	switch c.layout {
	case layoutNull:
		c.nulls += len(rows)
		c.n += len(rows)
		return
	case layoutBits:
		bits := values(arr)
		for i, r := range rows {
			bitutil.SetBitTo(c.fixed, first+i, bitutil.BitIsSet(bits, from+int(r)))
		}
	case layoutFixed:
		c.gatherFixed(values(arr), from, rows)
	case layoutBytes:
		c.gatherBytes(arr, rows)
	case layoutList:
		c.gatherLists(arr, rows)
	case layoutStruct:
		for i, k := range c.kids {
			k.AppendRows(arr.(*array.Struct).Field(i), rows)
		}
	}
	if arr.NullN() == 0 {
		c.markAllValid(len(rows))
		return
	}
	for _, r := range rows {
		if arr.IsNull(int(r)) {
			c.markNull()
		} else {
			c.markValid()
		}
	}
}

// AppendRange appends copies of the rows [from, to) of arr, which must be of the column's type.
func (c *Column) AppendRange(arr arrow.Array, from, to int) {
	n := to - from
	if n <= 0 {
		return
	}
	first, base := c.n, arr.Data().Offset()+from
	c.reserveRows(first + n)
	switch c.layout {
	case layoutNull:
		c.nulls += n
		c.n += n
		return
	case layoutBits:
		bits := values(arr)
		for i := range n {
			bitutil.SetBitTo(c.fixed, first+i, bitutil.BitIsSet(bits, base+i))
		}
	case layoutFixed:
		copy(c.fixed[first*c.width:], values(arr)[base*c.width:(base+n)*c.width])
	case layoutBytes:
		ends := offsets(arr)[from:]
		start, length := int(ends[0]), int(ends[n]-ends[0])
		end := c.end()
		if length > 0 {
			c.reserveData(end + length)
			copy(c.data[end:], arr.Data().Buffers()[2].Bytes()[start:start+length])
		}
		c.moveEnds(ends, n, int32(end-start))
	case layoutList:
		ends := offsets(arr)[from:]
		inner := c.kids[0]
		shift := int32(inner.n) - ends[0]
		inner.AppendRange(elements(arr), int(ends[0]), int(ends[n]))
		c.moveEnds(ends, n, shift)
	case layoutStruct:
		for i, k := range c.kids {
			k.AppendRange(arr.(*array.Struct).Field(i), from, to)
		}
	}
	if arr.NullN() == 0 {
		c.markAllValid(n)
		return
	}
	for i := from; i < to; i++ {
		if arr.IsNull(i) {
			c.markNull()
		} else {
			c.markValid()
		}
	}
}

// moveEnds copies the ends of n rows, shifted to where their contents lie now.
func (c *Column) moveEnds(ends []int32, n int, shift int32) {
	for i := range n {
		c.ends[c.n+i+1] = ends[i+1] + shift
	}
}

func (c *Column) gatherFixed(from []byte, base int, rows []int32) {
	switch c.width {
	case 8:
		src, dst := cast[int64](from)[base:], c.words[c.n:c.n+len(rows)]
		for i, r := range rows {
			dst[i] = src[r]
		}
	case 4:
		src, dst := cast[int32](from)[base:], cast[int32](c.fixed)[c.n:c.n+len(rows)]
		for i, r := range rows {
			dst[i] = src[r]
		}
	default:
		for i, r := range rows {
			at := (base + int(r)) * c.width
			copy(c.fixed[(c.n+i)*c.width:], from[at:at+c.width])
		}
	}
}

func (c *Column) gatherBytes(arr arrow.Array, rows []int32) {
	ends := offsets(arr)
	end, need := c.end(), 0
	for _, r := range rows {
		need += int(ends[r+1] - ends[r])
	}
	var from []byte
	if need > 0 {
		c.reserveData(end + need)
		from = arr.Data().Buffers()[2].Bytes()
	}
	out := c.ends[c.n+1:]
	for i, r := range rows {
		if a, b := ends[r], ends[r+1]; a < b {
			end += copy(c.data[end:], from[a:b])
		}
		out[i] = int32(end)
	}
}

// gatherLists appends the elements by runs of neighbouring rows, whose elements lie side by side.
func (c *Column) gatherLists(arr arrow.Array, rows []int32) {
	ends, elems, inner := offsets(arr), elements(arr), c.kids[0]
	for i := 0; i < len(rows); {
		j := i + 1
		for j < len(rows) && rows[j] == rows[j-1]+1 {
			j++
		}
		from, to := ends[rows[i]], ends[rows[j-1]+1]
		shift := int32(inner.n) - from
		inner.AppendRange(elems, int(from), int(to))
		for ; i < j; i++ {
			c.ends[c.n+i+1] = ends[rows[i]+1] + shift
		}
	}
}

// markAllValid closes n rows that are not null.
func (c *Column) markAllValid(n int) {
	if c.valid == nil {
		c.n += n
		return
	}
	for range n {
		c.markValid()
	}
}

// values is the buffer of a fixed-width or bool array, from its very beginning.
func values(arr arrow.Array) []byte { return arr.Data().Buffers()[1].Bytes() }

// offsets are the offsets of a string, bytes, list or map array: row i lies between [i] and [i+1].
func offsets(arr arrow.Array) []int32 {
	d := arr.Data()
	return cast[int32](d.Buffers()[1].Bytes())[d.Offset() : d.Offset()+d.Len()+1]
}

// elements is the child that the offsets of a list or map array point into.
func elements(arr arrow.Array) arrow.Array {
	switch a := arr.(type) {
	case *array.List:
		return a.ListValues()
	case *array.Map:
		return a.ListValues()
	}
	panic("batch: " + arr.DataType().Name() + " is no list")
}
