package diff

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/zeebo/xxh3"

	"flowrun/dag/batch"
)

// hash stands for a row, or the key of one.
type hash = xxh3.Uint128

// rower writes rows so that equal ones are the same bytes.
type rower struct {
	near   map[string]bool // columns whose numbers are put aside, to be compared with a tolerance
	loose  bool            // the one in hand is one of them
	buf    []byte
	aside  []float64
	order  []int // the columns by name
	schema *arrow.Schema
}

// of writes a row; the hash is of all but the numbers put aside, which are valid until the next call.
func (r *rower) of(b *batch.Batch, row int) (hash, []float64) {
	if b.Schema() != r.schema {
		r.schema, r.order = b.Schema(), byName(b.Schema().Fields())
	}
	r.buf, r.aside = r.buf[:0], r.aside[:0]
	for _, c := range r.order {
		name := b.Schema().Field(c).Name
		r.loose = r.near[name]
		r.member(name, b.Record.Column(c), row)
	}
	return xxh3.Hash128(r.buf), r.aside
}

// key is the hash of some columns of a row.
func (r *rower) key(b *batch.Batch, columns []int, row int) hash {
	r.buf = r.buf[:0]
	r.loose = false
	for _, c := range columns {
		if c < 0 {
			r.buf = append(r.buf, 0)
		} else {
			r.value(b.Record.Column(c), row)
		}
	}
	return xxh3.Hash128(r.buf)
}

func byName(fields []arrow.Field) []int {
	order := make([]int, len(fields))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(fields[a].Name, fields[b].Name) })
	return order
}

// member writes a named value; a null is not there.
func (r *rower) member(name string, arr arrow.Array, i int) {
	if arr.IsNull(i) {
		return
	}
	r.buf = append(r.buf, 'm')
	r.text([]byte(name))
	r.value(arr, i)
}

func (r *rower) text(b []byte) {
	r.buf = append(binary.AppendUvarint(r.buf, uint64(len(b))), b...)
}

func (r *rower) value(arr arrow.Array, i int) {
	if arr.IsNull(i) {
		r.buf = append(r.buf, 0)
		return
	}
	switch a := arr.(type) {
	case *array.Boolean:
		r.buf = append(r.buf, 'b', strconv.FormatBool(a.Value(i))[0])
	case *array.Int64:
		if r.loose {
			r.number(float64(a.Value(i)))
			return
		}
		r.buf = strconv.AppendInt(append(r.buf, 'n'), a.Value(i), 10)
		r.buf = append(r.buf, ';')
	case *array.Float64:
		r.number(a.Value(i))
	case *array.String:
		r.buf = append(r.buf, 's')
		r.text([]byte(a.Value(i)))
	case *array.List:
		from, to := a.ValueOffsets(i)
		r.buf = binary.AppendUvarint(append(r.buf, 'l'), uint64(to-from))
		for j := from; j < to; j++ {
			r.value(a.ListValues(), int(j))
		}
	case *array.Struct:
		r.buf = append(r.buf, 'o')
		fields := a.DataType().(*arrow.StructType).Fields()
		for _, f := range byName(fields) {
			r.member(fields[f].Name, a.Field(f), i)
		}
		r.buf = append(r.buf, 'e')
	case *array.Map:
		from, to := a.ValueOffsets(i)
		names := a.Keys().(*array.String)
		at := make([]int, 0, to-from)
		for j := from; j < to; j++ {
			at = append(at, int(j))
		}
		slices.SortFunc(at, func(x, y int) int { return cmp.Compare(names.Value(x), names.Value(y)) })
		r.buf = append(r.buf, 'o')
		for _, j := range at {
			r.member(names.Value(j), a.Items(), j)
		}
		r.buf = append(r.buf, 'e')
	default: // times and bytes, as they are written
		r.buf = append(r.buf, 's')
		r.text(text(arr, i))
	}
}

// text is what has no form of its own in JSON, as a text there.
func text(arr arrow.Array, i int) []byte {
	switch a := arr.(type) {
	case *array.Binary:
		return batch.AppendRaw(nil, a.Value(i))
	case *array.Timestamp:
		return append(batch.AppendTimestamp(nil, int64(a.Value(i)), 'T'), 'Z')
	}
	return batch.AppendText(nil, arr, i)
}

// number writes a number so that a whole one is as an int of its value.
func (r *rower) number(v float64) {
	switch {
	case r.loose:
		r.buf = append(r.buf, 'f')
		r.aside = append(r.aside, v)
	case v == math.Trunc(v) && v >= -1<<63 && v < 1<<63:
		r.buf = strconv.AppendInt(append(r.buf, 'n'), int64(v), 10)
		r.buf = append(r.buf, ';')
	default:
		if math.IsNaN(v) {
			v = math.NaN()
		}
		r.buf = binary.BigEndian.AppendUint64(append(r.buf, 'f'), math.Float64bits(v))
	}
}

// fractional reports whether there are numbers with a fraction in values of a type.
func fractional(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.Float64Type:
		return true
	case *arrow.ListType:
		return fractional(t.Elem())
	case *arrow.MapType:
		return fractional(t.ItemType())
	case *arrow.StructType:
		return slices.ContainsFunc(t.Fields(), func(f arrow.Field) bool { return fractional(f.Type) })
	}
	return false
}

func names(fields []arrow.Field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Name)
	}
	return all
}
