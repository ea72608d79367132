package codec

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// reader is a value of a declared type: what to expect, and the column that takes it.
type reader struct {
	kind     kind
	nullable bool
	column   *batch.Column
	met      uint64 // the object that the field was last met in; see jsonDecoder.objects
	name     string // with its place, for messages: pos.lat, tags[]
	unit     epoch  // of epochKind
	elem     *reader
	object   *object
	keys     keySet // of mapKind: those of the map in hand
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
