package codec

import "flowrun/dag/batch"

// kvEncoder writes a row as a line of key=value pairs, in the order of the schema; a null is a key without a value. What it
// writes its decoder reads back.
type kvEncoder struct {
	plainEncoder
	kvSigns
	keys    [][]byte  // of the columns, with the sign behind
	special [256]bool // makes a text need quotes
}

func newKVEncoder(o EncoderOptions) *kvEncoder {
	e := &kvEncoder{plainEncoder: newPlainEncoder(o.Schema), kvSigns: kvOf(o.Config)}
	for _, b := range []byte{' ', '"', '\\', e.between, e.assign} {
		e.special[b] = true
	}
	for b := range byte(' ') {
		e.special[b] = true
	}
	for _, f := range o.Schema.Fields() {
		key := e.quote([]byte(f.Name), 0)
		e.keys = append(e.keys, append(key, e.assign))
	}
	return e
}

func (e *kvEncoder) Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure) {
	return e.rows(dst, b, e.row)
}

func (e *kvEncoder) row(dst []byte, row int) (out []byte, bad string) {
	for i := range e.columns {
		w := &e.columns[i]
		if i > 0 {
			dst = append(dst, e.between)
		}
		dst = append(dst, e.keys[i]...)
		if w.nulls && w.array.IsNull(row) {
			continue
		}
		start := len(dst)
		var ok bool
		if dst, ok = w.plain(dst, row); !ok {
			return dst, w.name
		}
		if w.kind != intKind {
			dst = e.quote(dst, start)
		}
	}
	return append(dst, '\n'), ""
}

// quote puts the text that begins at start in quotes if it needs them.
func (e *kvEncoder) quote(dst []byte, start int) []byte {
	need, escapes := len(dst) == start, 0
	for _, c := range dst[start:] {
		if e.special[c] {
			need = true
			if escaped(c) != 0 {
				escapes++
			}
		}
	}
	if !need {
		return dst
	}
	from := len(dst)
	for range 2 + escapes {
		dst = append(dst, '"')
	}
	at := len(dst) - 1
	for i := from - 1; i >= start; i-- {
		at--
		if c := escaped(dst[i]); c != 0 {
			dst[at] = c
			at--
			dst[at] = '\\'
		} else {
			dst[at] = dst[i]
		}
	}
	dst[start], dst[len(dst)-1] = '"', '"'
	return dst
}

// escaped is the character that stands behind a backslash for c; 0: c stands for itself.
func escaped(c byte) byte {
	switch c {
	case '\n':
		return 'n'
	case '\r':
		return 'r'
	case '\t':
		return 't'
	case '"', '\\':
		return c
	}
	return 0
}
