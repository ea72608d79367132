package codec

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// reader is a value of a declared type: what to expect, and the column that takes it.
type reader struct {
	kind     kind
	column   *batch.Column
	nullable bool
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

// object is a set of declared fields, and the keys that were met so far: each key has a guess of the one that follows it,
// which is that of the last time. A guess that holds costs one comparison of bytes; one that does not, a look into a table.
type object struct {
	fields []*reader
	keys   []key
	table  []int16 // by hash: an index into keys, or -1
	first  int16   // the guess of the first key
}

// key is a key that an object was seen to have, or declares.
type key struct {
	text  string // with a quote behind it
	plain bool   // it is written without escapes, so that text is what stands in a record
	field int16  // its index into fields; -1: not declared
	next  int16  // the guess of the key behind it, a plain one; -1: none
}

const (
	// maxOtherKeys is how many keys that are not declared an object remembers, and maxKeyBytes how long they may be.
	maxOtherKeys = 256
	maxKeyBytes  = 64
)

func newObject(prefix string, fields []arrow.Field, columns []*batch.Column) *object {
	o := &object{first: -1}
	size := 1 << bits.Len(uint(2*(len(fields)+maxOtherKeys)))
	o.table = make([]int16, size)
	for i := range o.table {
		o.table[i] = -1
	}
	for i, f := range fields {
		o.fields = append(o.fields, newReader(prefix+f.Name, f, columns[i]))
		o.add([]byte(f.Name), int16(i))
	}
	// Until something was seen the guess is the declared order.
	last := int16(-1)
	for i := range o.keys {
		o.guess(last, int16(i))
		last = int16(i)
	}
	return o
}

// add remembers a key and returns its index.
func (o *object) add(name []byte, field int16) int16 {
	at := o.slot(name)
	end, _ := plainEnd(name, 0)
	o.keys = append(o.keys, key{text: string(name) + `"`, plain: end == len(name), field: field, next: -1})
	o.table[at] = int16(len(o.keys) - 1)
	return int16(len(o.keys) - 1)
}

// guess notes that the key k follows the key last, or, when that is -1, comes first.
func (o *object) guess(last, k int16) {
	switch {
	case k < 0 || !o.keys[k].plain:
	case last >= 0:
		o.keys[last].next = k
	default:
		o.first = k
	}
}

// find returns the index of a key among those remembered; a new one is remembered if there is room. -1: it is none of ours.
func (o *object) find(name []byte) int16 {
	if k := o.table[o.slot(name)]; k >= 0 {
		return k
	}
	if len(o.keys) >= len(o.fields)+maxOtherKeys || len(name) > maxKeyBytes {
		return -1
	}
	return o.add(name, -1)
}

// slot is where in the table a key is, or where it belongs. At most half of the table is used.
func (o *object) slot(name []byte) int {
	mask := len(o.table) - 1
	for at := int(hash(name)) & mask; ; at = (at + 1) & mask {
		k := o.table[at]
		if k < 0 {
			return at
		}
		if text := o.keys[k].text; text[:len(text)-1] == string(name) {
			return at
		}
	}
}

func hash(name []byte) uint32 {
	h := uint64(len(name))
	for len(name) >= 8 {
		h = mix(h ^ word(name))
		name = name[8:]
	}
	var rest uint64
	for i, c := range name {
		rest |= uint64(c) << (8 * i)
	}
	return uint32(mix(h^rest) >> 32)
}

func mix(h uint64) uint64 {
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// object reads the members of an object, of which the brace was read, as the row of the object's columns.
func (d *jsonDecoder) object(o *object, row int, b []byte, i, depth int) int {
	guess, last, found := o.first, int16(-1), 0
	i = space(b, i)
	if i < len(b) && b[i] == '}' {
		return d.complete(o, row, found, i)
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return d.syntax(b, i, "a key")
		}
		i++
		start, k := i, int16(-1)
		if guess >= 0 {
			if text := o.keys[guess].text; len(b)-i >= len(text) && string(b[i:i+len(text)]) == text {
				k = guess
				i += len(text)
			}
		}
		if k < 0 {
			if k, i = d.key(o, b, i); i < 0 {
				return -1
			}
			o.guess(last, k)
		}
		if i = d.colon(b, i); i < 0 {
			return -1
		}
		field := int16(-1)
		if last, guess = k, -1; k >= 0 {
			field, guess = o.keys[k].field, o.keys[k].next
		}
		if field < 0 {
			i = d.skip(b, i, depth)
		} else {
			r := o.fields[field]
			if r.column.Len() != row {
				return d.fail(DuplicateKey, start-1, "a second "+r.name)
			}
			found++
			i = d.value(r, b, i, depth)
		}
		if i < 0 {
			return -1
		}
		i = space(b, i)
		switch {
		case i < len(b) && b[i] == ',':
			i = space(b, i+1)
		case i < len(b) && b[i] == '}':
			return d.complete(o, row, found, i)
		default:
			return d.syntax(b, i, `"," or "}"`)
		}
	}
}

// colon reads what stands between a key and its value.
func (d *jsonDecoder) colon(b []byte, i int) int {
	if i < len(b) && b[i] == ':' {
		i++
		if i < len(b) && b[i] > ' ' {
			return i
		}
		return space(b, i)
	}
	if i = space(b, i); i >= len(b) || b[i] != ':' {
		return d.syntax(b, i, `":"`)
	}
	return space(b, i+1)
}

// key reads a key, of which the quote was read, and finds it among those of o.
func (d *jsonDecoder) key(o *object, b []byte, i int) (int16, int) {
	text, end, _ := d.text(b, i)
	if end < 0 {
		return -1, -1
	}
	return o.find(text), end
}

// complete gives every field that was not there a null, at the brace that ends the object.
func (d *jsonDecoder) complete(o *object, row, found, i int) int {
	if found == len(o.fields) {
		return i + 1
	}
	for _, r := range o.fields {
		if r.column.Len() != row {
			continue
		}
		if !r.nullable {
			return d.fail(MissingField, i, "no "+r.name+" before the end of the object")
		}
		r.column.AppendNull()
	}
	return i + 1
}
