package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Blank stands for a column that nobody reads: an array of the right type and length in which every value is null, made
// without work for each batch. It remembers the longest it has made and hands out pieces of it. It is used by one
// goroutine; the zero Blank is not ready.
type Blank struct {
	dtype arrow.DataType
	mem   memory.Allocator
	whole arrow.Array
}

// NewBlank makes the blank column of a type. The caller must Release it.
func NewBlank(t arrow.DataType, mem memory.Allocator) *Blank { return &Blank{dtype: t, mem: mem} }

// Array gives n nulls; the caller must release it.
func (b *Blank) Array(n int) arrow.Array {
	if b.whole == nil || b.whole.Len() < n {
		size := n
		if b.whole != nil {
			size = max(n, 2*b.whole.Len())
			b.whole.Release()
		}
		b.whole = array.MakeArrayOfNull(b.mem, b.dtype, size)
	}
	if b.whole.Len() == n {
		b.whole.Retain()
		return b.whole
	}
	return array.NewSlice(b.whole, 0, int64(n))
}

// Release gives back what is remembered.
func (b *Blank) Release() {
	if b.whole != nil {
		b.whole.Release()
		b.whole = nil
	}
}
