package batch

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Compact returns a batch of b's origin that holds the rows of b that count and no others. A batch of which all rows count
// is not copied. The caller owns the result, and b keeps its references. It is the same stretch of the stream, so it has
// skipped as many rows; rejects stay with b.
func Compact(b *Batch, mem memory.Allocator) *Batch {
	if b.Sel == nil && len(b.Rejects) == 0 {
		return b.Retain()
	}
	var c *Batch
	if b.Sel == nil || len(b.Sel) == int(b.Record.NumRows()) {
		c = b.WithSelection(nil)
	} else {
		c = b.derive(Take(b.Record, b.Sel, mem), nil)
	}
	c.Skipped = b.Skipped
	return c
}

// Take returns a record of the given rows of rec, in that order and with repetitions where rows has some. The caller must
// release it.
func Take(rec arrow.RecordBatch, rows []int32, mem memory.Allocator) arrow.RecordBatch {
	arrays := make([]arrow.Array, rec.NumCols())
	for i := range arrays {
		arrays[i] = TakeArray(rec.Column(i), rows, mem)
	}
	out := array.NewRecordBatch(rec.Schema(), arrays, int64(len(rows)))
	for _, a := range arrays {
		a.Release()
	}
	return out
}

// TakeArray returns an array of the given rows of arr, in that order. The caller must release it.
func TakeArray(arr arrow.Array, rows []int32, mem memory.Allocator) arrow.Array {
	c := NewColumn(arr.DataType(), mem)
	defer c.Release()
	c.AppendRows(arr, rows)
	return c.Finish()
}

// Slice returns a batch over the rows [from, to) of those of b that count, without copying. The caller owns it, and b keeps
// its references. Rejects and Skipped stay with b.
func Slice(b *Batch, from, to int) *Batch {
	if b.Sel != nil {
		return b.WithSelection(b.Sel[from:to:to])
	}
	return b.derive(b.Record.NewSlice(int64(from), int64(to)), nil)
}

// Concat returns one batch of the rows that count of all given ones, in order. All have the schema s, and there is at least
// one; the result has the origin of the first, and is [Mixed] where their partitions differ. It has skipped what they have.
// The caller owns it. Rejects stay where they are.
func Concat(s *arrow.Schema, batches []*Batch, mem memory.Allocator) *Batch {
	builder := NewBuilder(s, mem)
	defer builder.Release()
	rows, skipped, part := 0, 0, batches[0].Part
	for _, b := range batches {
		rows += b.Rows()
		skipped += b.Skipped
		if b.Part != part {
			part = Mixed
		}
	}
	for i, c := range builder.columns {
		c.Reserve(rows, 0)
		for _, b := range batches {
			if b.Sel != nil {
				c.AppendRows(b.Record.Column(i), b.Sel)
			} else {
				c.AppendRange(b.Record.Column(i), 0, int(b.Record.NumRows()))
			}
		}
	}
	out := batches[0].derive(builder.Record(), nil)
	out.Part, out.Skipped = part, skipped
	return out
}
