package lines

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// TimestampColumn is the column that Options.Timestamp adds.
const TimestampColumn = "timestamp"

// WithTimestamp adds [TimestampColumn] behind the columns of s, as Spark's socket source has it. False: s has a column of
// that name.
func WithTimestamp(s *arrow.Schema) (*arrow.Schema, bool) {
	if s.HasField(TimestampColumn) {
		return nil, false
	}
	at := arrow.Field{Name: TimestampColumn, Type: schema.Timestamp, Nullable: true}
	return arrow.NewSchema(append(s.Fields(), at), nil), true
}

// stamp adds the time at which b arrived as its last column, and takes b over.
func (r *Reader) stamp(b *batch.Batch) *batch.Batch {
	times := array.NewTimestampBuilder(r.alloc, schema.Timestamp.(*arrow.TimestampType))
	defer times.Release()
	n := int(b.Record.NumRows())
	times.Reserve(n)
	at := arrow.Timestamp(b.Arrived.UnixMicro())
	for range n {
		times.UnsafeAppend(at)
	}
	col := times.NewArray()
	defer col.Release()
	rec := array.NewRecordBatch(r.plain, append(slices.Clone(b.Record.Columns()), col), int64(n))
	stamped := b.WithRecord(rec, b.Sel)
	stamped.Rejects = b.Rejects
	b.Release()
	return stamped
}
