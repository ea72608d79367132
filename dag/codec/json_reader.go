package codec

import (
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// reader is a value of a declared type: what to expect, and the column that takes it.
type reader struct {
	kind     kind
	nullable bool
	column   *batch.Column

	// Of a field of an object in hand: which object it was last met in, see jsonDecoder.objects, and what is to be appended
	// when that is complete: bits, or the text from a place in the buffer to another.
	met      uint64
	form     form
	bits     int64
	from, to int

	name   string // with its place, for messages: pos.lat, tags[]
	unit   epoch  // of epochKind
	elem   *reader
	object *object
	keys   keySet // of mapKind: those of the map in hand
}

// form is how the value of a field waits for its object to be complete. Scanning goes on without waiting for what the
// columns do.
type form uint8

const (
	inColumn form = iota // it does not wait
	asText
	asInt
	asFloat
	asBool
)

// append appends what waits.
func (r *reader) append(b []byte) {
	switch r.form {
	case asText:
		r.column.AppendShort(b, r.from, r.to-r.from)
	case asInt:
		r.column.AppendInt(r.bits)
	case asFloat:
		r.column.AppendFloat(math.Float64frombits(uint64(r.bits)))
	case asBool:
		r.column.AppendBool(r.bits != 0)
	}
}

func newReader(name string, f arrow.Field, c *batch.Column) *reader {
	r := &reader{kind: kindOf(f.Type), column: c, nullable: f.Nullable, name: name}
	switch t := f.Type.(type) {
	case *arrow.TimestampType:
		if unit, ok := f.Metadata.GetValue(schema.UnitKey); ok {
			r.kind, r.unit = epochKind, epochs[unit]
		}
	case *arrow.ListType:
		r.elem = newReader(name+"[]", t.ElemField(), c.Elem())
	case *arrow.MapType:
		r.elem = newReader(name+"{}", t.ItemField(), c.Value())
	case *arrow.StructType:
		columns := make([]*batch.Column, t.NumFields())
		for i := range columns {
			columns[i] = c.Field(i)
		}
		r.object = newObject(name+".", t.Fields(), columns)
	}
	return r
}

// wanted says what a reader reads.
func (r *reader) wanted() string {
	switch r.kind {
	case boolKind:
		return "a bool"
	case intKind:
		return "an int"
	case floatKind:
		return "a float"
	case stringKind:
		return "a string"
	case bytesKind:
		return "bytes in base64"
	case timestampKind:
		return "a timestamp in RFC 3339"
	case epochKind:
		return "a timestamp in " + r.unit.name
	case dateKind:
		return "a date like 2006-01-02"
	case durationKind:
		return "a duration like 1h30m"
	case listKind:
		return "a list"
	case mapKind:
		return "a map"
	}
	return "an object"
}
