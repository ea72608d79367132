package codec

import (
	"bytes"
	"unsafe"
)

// mapValue reads an object whose keys are the user's own.
func (d *jsonDecoder) mapValue(r *reader, b []byte, i, depth int) int {
	r.keys.reset()
	i = d.space(b, i+1)
	if b[i] == '}' {
		r.column.Append()
		return i + 1
	}
	for {
		if b[i] != '"' {
			return d.syntax(b, i, "a key")
		}
		start := i
		text, end, escaped := d.text(b, i+1)
		if end < 0 {
			return -1
		}
		if escaped {
			text = bytes.Clone(text)
		}
		if !r.keys.add(text) {
			return d.fail(DuplicateKey, start, r.name+" has a second "+d.excerpt(b, start))
		}
		r.column.Key().AppendBytes(text)
		if i = d.colon(b, end); i < 0 {
			return -1
		}
		if i = d.value(r.elem, b, i, depth+1); i < 0 {
			return -1
		}
		i = d.space(b, i)
		switch {
		case b[i] == ',':
			i = d.space(b, i+1)
		case b[i] == '}':
			r.column.Append()
			return i + 1
		default:
			return d.syntax(b, i, `"," or "}"`)
		}
	}
}

// manyKeys is where a keySet goes over from comparing with each key to a table.
const manyKeys = 16

// keySet holds the keys of one map while its record is read.
type keySet struct {
	few  [][]byte
	many map[string]struct{} // its keys are the bytes of the record, which outlive it
}

func (s *keySet) reset() {
	s.few = s.few[:0]
	if len(s.many) > 64*manyKeys {
		s.many = nil // one giant is not made the price of every later map
	}
	clear(s.many)
}

// add adds a key, or reports that it is there. It does not copy.
func (s *keySet) add(key []byte) bool {
	if len(s.few) < manyKeys {
		for _, k := range s.few {
			if bytes.Equal(k, key) {
				return false
			}
		}
		s.few = append(s.few, key)
		return true
	}
	if s.many == nil {
		s.many = make(map[string]struct{})
	}
	if len(s.many) == 0 {
		for _, k := range s.few {
			s.many[asString(k)] = struct{}{}
		}
	}
	before := len(s.many)
	s.many[asString(key)] = struct{}{}
	return len(s.many) > before
}

func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
