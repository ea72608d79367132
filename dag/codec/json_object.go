package codec

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
)

// object is a set of declared fields, and the keys that were met so far.
type object struct {
	fields []*reader
	built  []*reader // the fields whose columns are built
	keys   keys
}

func newObject(prefix string, fields []arrow.Field, columns []*batch.Column) *object {
	o := &object{}
	names := make([]string, len(fields))
	for i, f := range fields {
		r := newReader(prefix+f.Name, f, columns[i])
		o.fields = append(o.fields, r)
		names[i] = f.Name
		if !columns[i].Blank() {
			o.built = append(o.built, r)
		}
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
		return d.complete(o, this, found, b, i)
	}
	k, members := &o.keys.start, 0
	o.keys.missed = 0
	for {
		if b[i] != '"' {
			return d.syntax(b, i, "a key")
		}
		start := i
		members++
		if next := k.next; !o.keys.shuffled && next.at(b, i) {
			k = next
			i += k.size
		} else if k, i = d.key(o, k, b, i); i < 0 {
			return -1
		}
		if b[i] <= ' ' {
			i = d.space(b, i)
		}
		r := k.field
		if r != &o.keys.other {
			if r.met == this {
				return d.fail(DuplicateKey, start, "a second "+r.name)
			}
			r.met = this
			found++
		}
		// What is told apart here is what there is most of, by its first byte, which is known before the field is. Everything
		// else is for value, which appends at once.
		switch c := b[i]; {
		case c == '"' && r.kind <= stringKind: // or undeclared
			r.from = i + 1
			if r.to = plain(b, i+1); b[r.to] == '"' {
				r.form = asText
				i = r.to + 1
				break
			}
			r.form = inColumn
			var text []byte
			if text, i, _ = d.hardText(b, r.from, r.to); i >= 0 && r.kind == stringKind {
				r.column.AppendBytes(text)
			}
		case c-'0' <= 9 || c == '-':
			n, end := d.number(b, i)
			if n.is&r.look == r.like && n.mantissa <= r.most && uint(-n.exponent) <= 22 {
				r.form, r.number = asNumber, n
				i = end
			} else {
				i = d.slow(r, b, i, depth)
			}
		case c == 't' && r.kind == boolKind && load(b, i)<<32 == trueWord<<32:
			r.form = asTrue
			i += len("true")
		default:
			i = d.slow(r, b, i, depth)
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
			o.keys.shuffled = 2*o.keys.missed > members
			return d.complete(o, this, found, b, i)
		default:
			return d.syntax(b, i, `"," or "}"`)
		}
	}
}

// maxLeftOut is how many keys that are not there are gone over to find the one that is.
const maxLeftOut = 4

// key reads a key and its colon where last.next was not tried, or is not there.
func (d *jsonDecoder) key(o *object, last *key, b []byte, i int) (*key, int) {
	if !o.keys.shuffled {
		// Where members are left out, the guesses stay as they are.
		k := last.next
		for range maxLeftOut {
			if k = k.next; k.at(b, i) {
				return k, i + k.size
			}
		}
	}
	k, end := o.keys.short(b, i)
	if k == nil {
		var text []byte
		if text, end, _ = d.text(b, i+1); end < 0 {
			return nil, -1
		}
		if end = d.colon(b, end); end < 0 {
			return nil, -1
		}
		if k = o.keys.find(text); k == nil {
			k = &d.unknown
			k.next, k.field = noKey, &o.keys.other
		}
	}
	if k != last.next {
		o.keys.missed++
		if k.size > 0 {
			last.next = k
		}
	}
	return k, end
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

// slow reads the value of a field as value does, or of a member that is not declared.
func (d *jsonDecoder) slow(r *reader, b []byte, i, depth int) int {
	r.form = inColumn
	if r.kind == noKind {
		return d.skip(b, i, depth)
	}
	return d.value(r, b, i, depth)
}

// complete appends what waits, and a null to every field that was not met in this object, at the brace that ends it.
func (d *jsonDecoder) complete(o *object, this uint64, found int, b []byte, i int) int {
	if found == len(o.fields) {
		for _, r := range o.built {
			r.append(b)
		}
		return i + 1
	}
	for _, r := range o.fields {
		if r.met != this && !r.nullable {
			return d.fail(MissingField, i, "no "+r.name+" before the end of the object")
		}
	}
	for _, r := range o.built {
		if r.met == this {
			r.append(b)
		} else {
			r.column.AppendNull()
		}
	}
	return i + 1
}
