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

	// Which numbers are surely good for it: those whose marks are like these where they are looked at, up to most.
	look, like numberMarks
	most       uint64

	// Of a field of an object in hand: which object it was last met in, see jsonDecoder.objects, and what is to be appended
	// when that is complete: a number, or the text from a place in the buffer to another.
	met      uint64
	form     form
	number   number
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
	asNumber
	asTrue
)

// append appends what waits.
func (r *reader) append(b []byte) {
	switch r.form {
	case asText:
		r.column.AppendShort(b, r.from, r.to-r.from)
	case asNumber:
		r.appendNumber()
	case asTrue:
		r.column.AppendBool(true)
	}
}

// appendNumber appends the number that waits, which is good for the column.
func (r *reader) appendNumber() {
	n := &r.number
	if r.kind == floatKind {
		v := float64(int64(n.mantissa)) / powersOfTen[-n.exponent]
		if n.is&negative != 0 {
			v = -v
		}
		r.column.AppendFloat(v)
		return
	}
	v := int64(n.mantissa)
	if r.kind == epochKind {
		v *= int64(r.unit.num)
	}
	if n.is&negative != 0 {
		v = -v
	}
	r.column.AppendInt(v)
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
	switch r.kind {
	case intKind:
		r.look, r.like, r.most = whole|cut, whole, math.MaxInt64
	case floatKind:
		r.look, r.most = cut, 1<<53-1
	case epochKind:
		r.look, r.like, r.most = whole|cut, whole, r.unit.most
	default:
		r.like = whole // none
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
