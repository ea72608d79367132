package codec

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// NoForm is the reason for which an encoder leaves a row out.
const NoForm = "no form in this format"

// jsonEncoder writes a row as an object on a line, keys in the order of the schema, nulls as null. What it writes its
// decoder reads back, but for floats that are not finite: those are null.
type jsonEncoder struct {
	columns []writer
}

// writer is a column of the batch in hand.
type writer struct {
	kind kind
	name string
	key  string // `{"name":` or `,"name":`

	array  arrow.Array
	nulls  bool
	ints   []int64
	floats []float64
	ends   []int32 // of stringKind
	data   []byte
}

func newJSONEncoder(s *arrow.Schema) *jsonEncoder {
	e := &jsonEncoder{}
	for i, f := range s.Fields() {
		e.columns = append(e.columns, writer{kind: writtenKind(f), name: f.Name, key: memberKey(i, f.Name)})
	}
	return e
}

func writtenKind(f arrow.Field) kind {
	if schema.IsRaw(f) {
		return rawKind
	}
	return kindOf(f.Type)
}

// memberKey is the text before the i-th member's value.
func memberKey(i int, name string) string {
	key := []byte{','}
	if i == 0 {
		key[0] = '{'
	}
	key = append(appendQuoted(key, []byte(name)), ':')
	return string(key)
}

func (e *jsonEncoder) Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure) {
	for i := range e.columns {
		e.columns[i].load(b.Record.Column(i))
	}
	var failed []batch.Failure
	if b.Sel == nil {
		for row := range int(b.Record.NumRows()) {
			dst, failed = e.row(dst, row, failed)
		}
	} else {
		for _, row := range b.Sel {
			dst, failed = e.row(dst, int(row), failed)
		}
	}
	for i := range e.columns { // the encoder keeps no batch alive
		w := &e.columns[i]
		w.array, w.ints, w.floats, w.ends, w.data = nil, nil, nil, nil, nil
	}
	return dst, failed
}

func (w *writer) load(arr arrow.Array) {
	w.array, w.nulls = arr, arr.NullN() > 0
	switch a := arr.(type) {
	case *array.Int64:
		w.ints = a.Int64Values()
	case *array.Float64:
		w.floats = a.Float64Values()
	case *array.String:
		w.ends, w.data = nil, nil
		if a.Len() > 0 {
			w.ends, w.data = a.ValueOffsets(), a.ValueBytes()
		}
	}
}

func (e *jsonEncoder) row(dst []byte, row int, failed []batch.Failure) ([]byte, []batch.Failure) {
	start := len(dst)
	for i := range e.columns {
		w := &e.columns[i]
		dst = append(dst, w.key...)
		if w.nulls && w.array.IsNull(row) {
			dst = append(dst, "null"...)
			continue
		}
		switch w.kind {
		case intKind:
			dst = appendInt(dst, w.ints[row])
		case floatKind:
			dst = appendFloat(dst, w.floats[row])
		case stringKind:
			from := w.ends[0]
			dst = appendQuoted(dst, w.data[w.ends[row]-from:w.ends[row+1]-from])
		default:
			var ok bool
			if dst, ok = appendValue(dst, w.array, row, w.kind); !ok {
				return dst[:start], append(failed, batch.Failure{
					Row: int32(row), Reason: NoForm, Detail: w.name + " holds a moment outside the years 0 to 9999",
				})
			}
		}
	}
	if len(e.columns) == 0 {
		dst = append(dst, '{')
	}
	return append(dst, "}\n"...), failed
}

// AppendRow appends the row of b with the given index into b.Record as a JSON object, for the raw form of a reject. Unlike
// an [Encoder] it writes every row; moments beyond the year 9999 get a sign and more digits.
func AppendRow(dst []byte, b *batch.Batch, row int) []byte {
	dst = append(dst, '{')
	for i, f := range b.Schema().Fields() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, asBytes(f.Name))
		dst = append(dst, ':')
		dst, _ = appendValue(dst, b.Record.Column(i), row, writtenKind(f))
	}
	return append(dst, '}')
}
