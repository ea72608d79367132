package batch

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// layout is how a type lies in buffers.
type layout uint8

const (
	layoutNull   layout = iota // nothing but a length
	layoutBits                 // one bit a value
	layoutFixed                // width bytes a value
	layoutBytes                // offsets into bytes
	layoutList                 // offsets into one child
	layoutStruct               // children of the same length
)

// Column builds one Arrow column, straight into the buffers of the allocator. It is used by one goroutine.
//
// One value is appended per row, with the method that fits the type:
//   - AppendBool: bool; AppendFloat: float; AppendString and AppendBytes: string and bytes;
//   - AppendInt: int, timestamp and duration (microseconds), date (days since 1970);
//   - list: first the elements of this row to Elem, then Append;
//   - map: first the keys to Key and as many values to Value, then Append;
//   - struct: first one value to each Field, then Append;
//   - AppendNull: any.
//
// Of a list, what was appended to Elem since the last row belongs to the row that Append closes.
type Column struct {
	dtype  arrow.DataType
	layout layout
	width  int // of layoutFixed, in bytes
	mem    memory.Allocator

	n     int
	nulls int
	valid []byte // bitmap; nil until the first null
	fixed []byte // values or bits of layoutFixed and layoutBits
	words []int64
	offs  []byte
	ends  []int32 // offs as numbers: ends[i+1] is the end of row i
	data  []byte  // of layoutBytes
	kids  []*Column

	hintRows, hintBytes int // what the last Finish had, to allocate at once

	blank *Blank // of a column that nobody reads: rows are counted, and no value is kept
}

// NewColumn returns an empty column for one of flowrun's types, Arrow's null, or a fixed-width type. The caller must
// Release it.
func NewColumn(t arrow.DataType, mem memory.Allocator) *Column {
	c := &Column{dtype: t, mem: mem}
	switch t := t.(type) {
	case *arrow.NullType:
		c.layout = layoutNull
	case *arrow.BooleanType:
		c.layout = layoutBits
	case *arrow.StringType, *arrow.BinaryType:
		c.layout = layoutBytes
	case *arrow.ListType:
		c.layout = layoutList
		c.kids = []*Column{NewColumn(t.Elem(), mem)}
	case *arrow.MapType:
		c.layout = layoutList
		c.kids = []*Column{NewColumn(t.Elem(), mem)}
	case *arrow.StructType:
		c.layout = layoutStruct
		for _, f := range t.Fields() {
			c.kids = append(c.kids, NewColumn(f.Type, mem))
		}
	case arrow.FixedWidthDataType:
		c.layout, c.width = layoutFixed, t.Bytes()
		if _, dictionary := t.(*arrow.DictionaryType); dictionary {
			panic("batch: no column of type " + t.String())
		}
	default:
		panic(fmt.Sprintf("batch: no column of type %v", t))
	}
	return c
}

// NewBlankColumn returns an empty column for one that nobody reads: it takes values as any other, forgets them, and becomes
// as many nulls. What is appended to its Elem, Key, Value and Field is not even counted for it. The caller must Release it.
func NewBlankColumn(t arrow.DataType, mem memory.Allocator) *Column {
	c := NewColumn(t, mem)
	c.forget()
	return c
}

func (c *Column) forget() {
	c.blank = NewBlank(c.dtype, c.mem)
	for _, k := range c.kids {
		k.forget()
	}
}

// Blank reports whether the column forgets its values.
func (c *Column) Blank() bool { return c.blank != nil }

// Type is the type of the column.
func (c *Column) Type() arrow.DataType { return c.dtype }

// Len is the number of rows appended since the last Finish.
func (c *Column) Len() int { return c.n }

// Elem is the column of a list's elements.
func (c *Column) Elem() *Column { return c.kids[0] }

// Key is the column of a map's keys.
func (c *Column) Key() *Column { return c.kids[0].kids[0] }

// Value is the column of a map's values.
func (c *Column) Value() *Column { return c.kids[0].kids[1] }

// Field is the column of a struct's i-th field.
func (c *Column) Field(i int) *Column { return c.kids[i] }

// Bytes is the length of the text or bytes appended since the last Finish, 0 for other types.
func (c *Column) Bytes() int {
	if c.layout != layoutBytes || c.n == 0 || c.blank != nil {
		return 0
	}
	return int(c.ends[c.n])
}

// Reserve makes room for rows more rows, and, of a string or bytes column, for bytes more bytes in all of them.
func (c *Column) Reserve(rows, bytes int) {
	if c.blank != nil {
		return
	}
	c.reserveRows(c.n + rows)
	if c.layout == layoutBytes && bytes > 0 {
		c.reserveData(c.Bytes() + bytes)
	}
	if c.layout == layoutStruct {
		for _, k := range c.kids {
			k.Reserve(rows, 0)
		}
	}
}

func (c *Column) reserveRows(rows int) {
	rows = max(rows, c.hintRows)
	switch c.layout {
	case layoutBits:
		c.fixed = c.grow(c.fixed, (rows+7)/8)
	case layoutFixed:
		c.fixed = c.grow(c.fixed, rows*c.width)
		if c.width == 8 {
			c.words = cast[int64](c.fixed)
		}
	case layoutBytes, layoutList:
		c.offs = c.grow(c.offs, (rows+1)*4)
		c.ends = cast[int32](c.offs)
		if c.n == 0 {
			c.ends[0] = 0
		}
	}
	if c.valid != nil {
		c.valid = c.grow(c.valid, (rows+7)/8)
	}
}

func (c *Column) reserveData(bytes int) {
	if c.data == nil {
		// A stream's batches have about as many bytes each: a little more than the last one saves most of them from growing.
		bytes = max(bytes, c.hintBytes+c.hintBytes/16)
	}
	c.data = c.grow(c.data, bytes)
}

// grow returns buf with room for at least need bytes, all of its length usable; it at least doubles what it must enlarge.
func (c *Column) grow(buf []byte, need int) []byte {
	if need <= len(buf) {
		return buf
	}
	size := (max(need, 2*len(buf)) + 63) &^ 63
	if mem, ok := c.mem.(Unclear); ok { // every value is written before it is read
		if buf == nil {
			return mem.AllocateUnclear(size)
		}
		return mem.ReallocateUnclear(size, buf)
	}
	if buf == nil {
		return c.mem.Allocate(size)
	}
	return c.mem.Reallocate(size, buf)
}

func cast[T int32 | int64](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

// Truncate forgets all rows but the first n, and of a list also what was appended to Elem since the last row.
func (c *Column) Truncate(n int) {
	if n > c.n {
		return
	}
	if c.blank != nil {
		c.n = n
		return
	}
	if c.valid != nil {
		for i := n; i < c.n; i++ {
			if c.valid[i>>3]&(1<<(i&7)) == 0 {
				c.nulls--
			}
		}
	}
	if c.layout == layoutNull {
		c.nulls = n
	}
	c.n = n
	switch c.layout {
	case layoutList:
		c.kids[0].Truncate(c.end())
	case layoutStruct:
		for _, k := range c.kids {
			k.Truncate(n)
		}
	}
}

// end is where the last row's elements or bytes end.
func (c *Column) end() int {
	if c.n == 0 {
		return 0
	}
	return int(c.ends[c.n])
}

// Finish returns what was appended as an array, which the caller must release, and makes the column empty again.
func (c *Column) Finish() arrow.Array {
	if c.blank != nil {
		n := c.n
		c.n = 0
		return c.blank.Array(n)
	}
	data := c.finish()
	defer data.Release()
	return array.MakeFromData(data)
}

func (c *Column) finish() *array.Data {
	buffers := make([]*memory.Buffer, 1, 3)
	if c.nulls > 0 && c.layout != layoutNull {
		buffers[0] = c.hand(&c.valid, (c.n+7)/8)
	}
	var kids []arrow.ArrayData
	rows, bytes := c.n, 0
	switch c.layout {
	case layoutBits:
		buffers = append(buffers, c.hand(&c.fixed, (c.n+7)/8))
	case layoutFixed:
		buffers = append(buffers, c.hand(&c.fixed, c.n*c.width))
	case layoutBytes, layoutList:
		if c.n == 0 {
			c.reserveRows(0)
		}
		bytes = int(c.ends[c.n])
		buffers = append(buffers, c.hand(&c.offs, (c.n+1)*4))
		if c.layout == layoutBytes {
			buffers = append(buffers, c.hand(&c.data, bytes))
		}
	}
	for _, k := range c.kids {
		kids = append(kids, k.finish())
	}
	d := array.NewData(c.dtype, c.n, buffers, kids, c.nulls, 0)
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	for _, k := range kids {
		k.Release()
	}
	// A burst is not forgotten at once, but a quiet stream soon has small buffers again.
	c.hintRows, c.hintBytes = max(rows, c.hintRows/2), max(bytes, c.hintBytes/2)
	c.drop()
	return d
}

// hand gives a buffer away.
func (c *Column) hand(buf *[]byte, length int) *memory.Buffer {
	if *buf == nil {
		// Readers take a buffer that is not there for one of a wrong type.
		*buf = c.mem.Allocate(64)
	}
	b := memory.NewBufferWithAllocator(*buf, c.mem)
	b.ResizeNoShrink(length)
	*buf = nil
	return b
}

// drop frees what was not handed away and makes the column empty.
func (c *Column) drop() {
	for _, buf := range []*[]byte{&c.valid, &c.fixed, &c.offs, &c.data} {
		if *buf != nil {
			c.mem.Free(*buf)
			*buf = nil
		}
	}
	c.n, c.nulls, c.words, c.ends = 0, 0, nil, nil
}

// Release frees what was appended. The column is empty and may be used again.
func (c *Column) Release() {
	if c.blank != nil {
		c.blank.Release()
	}
	c.drop()
	for _, k := range c.kids {
		k.Release()
	}
}
