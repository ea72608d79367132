package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Builder builds batches of one schema, a [Column] per field. Each row appends one value to every column. It is used by
// one goroutine, and can be used again after each batch.
type Builder struct {
	schema  *arrow.Schema
	columns []*Column
	first   *Column // of those that are built, or of all if none is; nil: there are no columns
}

// NewBuilder returns an empty builder. The caller must Release it.
func NewBuilder(s *arrow.Schema, mem memory.Allocator) *Builder { return NewBuilderOf(s, nil, mem) }

// NewBuilderOf is [NewBuilder] where want says which columns anybody reads; nil: all. The others are [Blank] in the batches.
// They may be appended to as if they were built; but where any column is built, nobody has to.
func NewBuilderOf(s *arrow.Schema, want []bool, mem memory.Allocator) *Builder {
	b := &Builder{schema: s, columns: make([]*Column, s.NumFields())}
	for i, f := range s.Fields() {
		if want == nil || want[i] {
			b.columns[i] = NewColumn(f.Type, mem)
			if b.first == nil {
				b.first = b.columns[i]
			}
		} else {
			b.columns[i] = NewBlankColumn(f.Type, mem)
		}
	}
	if b.first == nil && len(b.columns) > 0 {
		b.first = b.columns[0]
	}
	return b
}

// Schema is the schema of the batches.
func (b *Builder) Schema() *arrow.Schema { return b.schema }

// Column is the i-th column.
func (b *Builder) Column(i int) *Column { return b.columns[i] }

// Rows is the number of rows appended since the last batch, as the first column that is built has it.
func (b *Builder) Rows() int {
	if b.first == nil {
		return 0
	}
	return b.first.n
}

// Reserve makes room for rows more rows in every column.
func (b *Builder) Reserve(rows int) {
	for _, c := range b.columns {
		c.Reserve(rows, 0)
	}
}

// Truncate forgets all rows but the first n, and with them a row that was begun and is missing in some columns.
func (b *Builder) Truncate(n int) {
	for _, c := range b.columns {
		c.Truncate(n)
	}
}

// Record returns the rows appended since the last one; the caller must release it. Every column must have as many rows.
func (b *Builder) Record() arrow.RecordBatch {
	rows := b.Rows()
	arrays := make([]arrow.Array, len(b.columns))
	for i, c := range b.columns {
		if c.blank != nil {
			c.n = rows
		} else if c.n != rows {
			panic("batch: column " + b.schema.Field(i).Name + " has another number of rows than the first")
		}
		arrays[i] = c.Finish()
	}
	rec := array.NewRecordBatch(b.schema, arrays, int64(rows))
	for _, a := range arrays {
		a.Release()
	}
	return rec
}

// Batch returns the rows appended since the last one as a batch; the caller owns it.
func (b *Builder) Batch() *Batch { return New(b.Record()) }

// Release frees what was appended and not taken.
func (b *Builder) Release() {
	for _, c := range b.columns {
		c.Release()
	}
}
