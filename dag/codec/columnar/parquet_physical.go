package columnar

import (
	"bytes"
	"encoding/base64"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// arrowSchemaKey is where a Parquet file keeps the Arrow schema that it was written from, for readers that know Arrow.
const arrowSchemaKey = "ARROW:schema"

// physical is the schema as Parquet has it, which knows no durations: they are numbers, and only the Arrow schema beside them
// tells what they count.
func physical(s *arrow.Schema) (*arrow.Schema, error) {
	var b bytes.Buffer
	w := ipc.NewWriter(&b, ipc.WithSchema(s))
	if err := w.Close(); err != nil {
		return nil, err
	}
	fields := make([]arrow.Field, s.NumFields())
	for i, f := range s.Fields() {
		f.Type = physicalType(f.Type)
		fields[i] = f
	}
	meta := arrow.NewMetadata([]string{arrowSchemaKey}, []string{base64.StdEncoding.EncodeToString(b.Bytes())})
	return arrow.NewSchema(fields, &meta), nil
}

func physicalType(t arrow.DataType) arrow.DataType {
	inner := func(f arrow.Field) arrow.Field {
		f.Type = physicalType(f.Type)
		return f
	}
	switch t := t.(type) {
	case *arrow.DurationType:
		return arrow.PrimitiveTypes.Int64
	case *arrow.ListType:
		return arrow.ListOfField(inner(t.ElemField()))
	case *arrow.LargeListType:
		return arrow.LargeListOfField(inner(t.ElemField()))
	case *arrow.FixedSizeListType:
		return arrow.FixedSizeListOfField(t.Len(), inner(t.ElemField()))
	case *arrow.MapType:
		return arrow.MapOfFields(inner(t.KeyField()), inner(t.ItemField()))
	case *arrow.StructType:
		fields := make([]arrow.Field, t.NumFields())
		for i, f := range t.Fields() {
			fields[i] = inner(f)
		}
		return arrow.StructOf(fields...)
	}
	return t
}

// physicalRecord is a record of the physical schema, over the same buffers.
func physicalRecord(rec arrow.RecordBatch, s *arrow.Schema) arrow.RecordBatch {
	columns := make([]arrow.Array, rec.NumCols())
	for i, c := range rec.Columns() {
		d := physicalData(c.Data(), s.Field(i).Type)
		columns[i] = array.MakeFromData(d)
		d.Release()
	}
	defer release(columns)
	return array.NewRecordBatch(s, columns, rec.NumRows())
}

func physicalData(d arrow.ArrayData, t arrow.DataType) arrow.ArrayData {
	var children []arrow.ArrayData
	for i, c := range d.Children() {
		var inner arrow.DataType
		switch t := t.(type) {
		case *arrow.StructType:
			inner = t.Field(i).Type
		case arrow.ListLikeType:
			inner = t.Elem()
		}
		child := physicalData(c, inner)
		defer child.Release()
		children = append(children, child)
	}
	return array.NewData(t, d.Len(), d.Buffers(), children, d.NullN(), d.Offset())
}

// readPhysical makes the library read durations as the numbers that they are: it finds their type in the Arrow schema, and then
// cannot read it.
func readPhysical(f *pqarrow.SchemaField) {
	if f.Field != nil {
		f.Field.Type = physicalType(f.Field.Type)
	}
	for i := range f.Children {
		readPhysical(&f.Children[i])
	}
}
