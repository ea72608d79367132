package codec

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
)

// object is a set of declared fields, and the keys that were met so far.
type object struct {
	fields []*reader
	keys   keys
}

func newObject(prefix string, fields []arrow.Field, columns []*batch.Column) *object {
	o := &object{}
	names := make([]string, len(fields))
	for i, f := range fields {
		o.fields = append(o.fields, newReader(prefix+f.Name, f, columns[i]))
		names[i] = f.Name
	}
	o.keys = newKeys(o.fields, names)
	return o
}

// object reads the members of an object whose brace is at i, as a row of the object's columns.
func (d *jsonDecoder) object(o *object, b []byte, i, depth int) int {
	d.objects++
	this, found := d.objects, 0
	if i++; b[i] <= ' ' {
		i = d.space(b, i)
	}
	if b[i] == '}' {
		return d.complete(o, this, found, i)
	}
	k := &o.keys.start
	for {
		if b[i] != '"' {
			return d.syntax(b, i, "a key")
		}
		start := i
		if next := k.next; next.at(b, i) {
			k = next
			i += k.size
		} else if k, i = d.key(o, k, b, i); i < 0 {
			return -1
		}
		if b[i] <= ' ' {
			i = d.space(b, i)
		}
		if r := k.field; r == nil {
			i = d.skip(b, i, depth)
		} else {
			if r.met == this {
				return d.fail(DuplicateKey, start, "a second "+r.name)
			}
			r.met = this
			found++
			i = d.value(r, b, i, depth)
		}
		if i < 0 {
			return -1
		}
		if b[i] <= ' ' {
			i = d.space(b, i)
		}
		switch b[i] {
		case ',':
			if i++; b[i] <= ' ' {
				i = d.space(b, i)
			}
		case '}':
			return d.complete(o, this, found, i)
		default:
			return d.syntax(b, i, `"," or "}"`)
		}
	}
}

// maxLeftOut is how many keys that are not there are gone over to find the one that is.
const maxLeftOut = 4

// key reads a key, and its colon, that is not the one that was guessed to follow last.
func (d *jsonDecoder) key(o *object, last *key, b []byte, i int) (*key, int) {
	// Where members are left out, the guesses stay as they are.
	k := last.next
	for range maxLeftOut {
		if k = k.next; k.at(b, i) {
			return k, i + k.size
		}
	}
	text, end, _ := d.text(b, i+1)
	if end < 0 {
		return nil, -1
	}
	if k = o.keys.find(text); k == nil {
		k = &d.unknown
		k.next = noKey
	} else if k.size > 0 {
		last.next = k
	}
	return k, d.colon(b, end)
}

// colon reads what stands between a key and its value.
func (d *jsonDecoder) colon(b []byte, i int) int {
	if b[i] <= ' ' {
		i = d.space(b, i)
	}
	if b[i] != ':' {
		return d.syntax(b, i, `":"`)
	}
	return d.space(b, i+1)
}

// complete gives every field that was not met in this object a null, at the brace that ends it.
func (d *jsonDecoder) complete(o *object, this uint64, found, i int) int {
	if found == len(o.fields) {
		return i + 1
	}
	for _, r := range o.fields {
		if r.met == this {
			continue
		}
		if !r.nullable {
			return d.fail(MissingField, i, "no "+r.name+" before the end of the object")
		}
		r.column.AppendNull()
	}
	return i + 1
}
