package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// recordOf makes a record of a schema, which is the caller's. The columns stay the caller's too.
func recordOf(s *arrow.Schema, columns []arrow.Array, rows int) arrow.RecordBatch {
	for i, c := range columns {
		if want := s.Field(i).Type; !arrow.TypeEqual(c.DataType(), want) {
			data := retype(c.Data(), want)
			columns[i] = array.MakeFromData(data)
			data.Release()
			defer columns[i].Release()
			defer func() { columns[i] = c }()
		}
	}
	return array.NewRecordBatch(s, columns, int64(rows))
}

// retype gives a column the schema's own form of its type. The two are the same to flowrun; Arrow also tells apart whether
// the elements of a list and the fields of a struct are declared nullable.
func retype(d arrow.ArrayData, dt arrow.DataType) *array.Data {
	children := make([]arrow.ArrayData, len(d.Children()))
	if nested, ok := dt.(arrow.NestedType); ok {
		for i, f := range nested.Fields() {
			children[i] = retype(d.Children()[i], f.Type)
			defer children[i].Release()
		}
	}
	return array.NewData(dt, d.Len(), d.Buffers(), children, d.NullN(), d.Offset())
}
