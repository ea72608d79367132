package codec

import (
	"math"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// NoForm is the reason for which an encoder leaves a row out.
const NoForm = "no form in this format"

// jsonEncoder writes a row as an object on a line, keys in the order of the schema, nulls as null. What it writes its
// decoder reads back, but for floats that are not finite: those are null.
type jsonEncoder struct {
	columns []writer
	fixed   int // the room that a row takes at the most, but for its texts and what is nested
}

func newJSONEncoder(s *arrow.Schema) *jsonEncoder {
	e := &jsonEncoder{fixed: len("{}\n")}
	for i, f := range s.Fields() {
		key := memberKey(i, f.Name)
		e.columns = append(e.columns, writer{kind: writtenKind(f), name: f.Name, key: key, day: math.MinInt64})
		e.fixed += max(len(key), len(shortKey{})) + maxValue
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
func memberKey(i int, name string) []byte {
	key := make([]byte, 1, max(len(shortKey{}), len(name)+8))
	if key[0] = ','; i == 0 {
		key[0] = '{'
	}
	return append(appendQuoted(key, []byte(name)), ':')
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
		e.columns[i].unload()
	}
	return dst, failed
}

func (e *jsonEncoder) row(dst []byte, row int, failed []batch.Failure) ([]byte, []batch.Failure) {
	start := len(dst)
	dst = slices.Grow(dst, e.fixed)
	for i := range e.columns {
		w := &e.columns[i]
		dst = w.appendKey(dst)
		if w.nulls && w.isNull(row) {
			dst = append(dst, "null"...)
			continue
		}
		ok := true
		switch w.kind {
		case stringKind:
			from := w.ends[0]
			dst = appendText(dst, w.data, int(w.ends[row]-from), int(w.ends[row+1]-from), e.fixed)
		case intKind:
			dst = appendInt(dst, w.ints[row])
		case floatKind:
			dst = appendFloatLike(dst, w.floats[row], &w.decimals)
		case timestampKind:
			dst, ok = w.appendMoment(dst, w.ints[row])
		case boolKind:
			dst = strconv.AppendBool(dst, w.bools.Value(row))
		default:
			dst, ok = appendValue(dst, w.array, row, w.kind)
			dst = slices.Grow(dst, e.fixed)
		}
		if !ok {
			return dst[:start], append(failed, batch.Failure{
				Row: int32(row), Reason: NoForm, Detail: w.name + " holds a moment outside the years 0 to 9999",
			})
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
