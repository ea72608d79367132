package codec

import (
	"bytes"
	"encoding/base64"
)

// value reads a value of a declared type into its column.
func (d *jsonDecoder) value(r *reader, b []byte, i, depth int) int {
	if r.kind == stringKind && b[i] == '"' {
		if end := plain(b, i+1); b[end] == '"' {
			r.column.AppendShort(b, i+1, end-i-1)
			return end + 1
		}
	}
	switch c := b[i]; {
	case c == '"':
		return d.stringValue(r, b, i)
	case c == '-' || c-'0' <= 9:
		return d.numberValue(r, b, i)
	case c == 'n':
		end := d.literal(b, i, "null")
		if end < 0 {
			return -1
		}
		if !r.nullable {
			return d.fail(UnwantedNull, i, r.name+" is null")
		}
		r.column.AppendNull()
		return end
	case c == 't' || c == 'f':
		return d.boolValue(r, b, i)
	case c == '{':
		return d.objectValue(r, b, i, depth)
	case c == '[':
		return d.listValue(r, b, i, depth)
	}
	return d.syntax(b, i, "a value")
}

// wrong fails for a value at i of another type than the declared one.
func (d *jsonDecoder) wrong(r *reader, b []byte, i int) int {
	return d.fail(WrongType, i, r.name+" is "+d.excerpt(b, i)+", not "+r.wanted()+",")
}

func (d *jsonDecoder) literal(b []byte, i int, text string) int {
	if string(b[i:i+len(text)]) != text {
		return d.syntax(b, i, "a value")
	}
	return i + len(text)
}

func (d *jsonDecoder) boolValue(r *reader, b []byte, i int) int {
	text := "false"
	if b[i] == 't' {
		text = "true"
	}
	end := d.literal(b, i, text)
	if end < 0 {
		return -1
	}
	if r.kind != boolKind {
		return d.wrong(r, b, i)
	}
	r.column.AppendBool(b[i] == 't')
	return end
}

func (d *jsonDecoder) numberValue(r *reader, b []byte, i int) int {
	n, end := d.number(b, i)
	if end < 0 {
		return -1
	}
	switch r.kind {
	case floatKind:
		v, ok := n.float(b[i:end])
		if !ok {
			return d.fail(OutOfRange, i, r.name+" is "+d.excerpt(b, i)+", more than a float holds,")
		}
		r.column.AppendFloat(v)
	case intKind:
		if n.is&whole == 0 {
			return d.wrong(r, b, i)
		}
		v, ok := n.int()
		if !ok {
			return d.fail(OutOfRange, i, r.name+" is "+d.excerpt(b, i)+", more than 64 bits hold,")
		}
		r.column.AppendInt(v)
	case epochKind:
		v, ok := n.micros(r.unit, b[i:end])
		if !ok {
			return d.fail(OutOfRange, i, r.name+" is "+d.excerpt(b, i)+", no moment that can be held,")
		}
		r.column.AppendInt(v)
	default:
		return d.wrong(r, b, i)
	}
	return end
}

func (d *jsonDecoder) stringValue(r *reader, b []byte, i int) int {
	text, end, escaped := d.text(b, i+1)
	if end < 0 {
		return -1
	}
	var v int64
	ok := true
	switch r.kind {
	case stringKind:
		r.column.AppendBytes(text)
		return end
	case timestampKind:
		v, ok = parseTimestamp(text)
	case dateKind:
		v, ok = parseDate(text)
	case durationKind:
		v, ok = parseDuration(text)
	case bytesKind:
		if !d.bytesValue(r, text, escaped) {
			return d.wrong(r, b, i)
		}
		return end
	default:
		ok = false
	}
	if !ok {
		return d.wrong(r, b, i)
	}
	r.column.AppendInt(v)
	return end
}

func (d *jsonDecoder) bytesValue(r *reader, text []byte, escaped bool) bool {
	if escaped && bytes.ContainsAny(text, "\r\n") { // the library would pass over them
		return false
	}
	var err error
	if d.decoded, err = base64.StdEncoding.AppendDecode(d.decoded[:0], text); err != nil {
		return false
	}
	r.column.AppendBytes(d.decoded)
	return true
}

func (d *jsonDecoder) listValue(r *reader, b []byte, i, depth int) int {
	if r.kind != listKind {
		return d.wrong(r, b, i)
	}
	if depth >= maxDepth {
		return d.tooDeep(i)
	}
	i = d.space(b, i+1)
	if b[i] == ']' {
		r.column.Append()
		return i + 1
	}
	for {
		if i = d.value(r.elem, b, i, depth+1); i < 0 {
			return -1
		}
		i = d.space(b, i)
		switch {
		case b[i] == ',':
			i = d.space(b, i+1)
		case b[i] == ']':
			r.column.Append()
			return i + 1
		default:
			return d.syntax(b, i, `"," or "]"`)
		}
	}
}

func (d *jsonDecoder) objectValue(r *reader, b []byte, i, depth int) int {
	switch {
	case r.kind != structKind && r.kind != mapKind:
		return d.wrong(r, b, i)
	case depth >= maxDepth:
		return d.tooDeep(i)
	case r.kind == mapKind:
		return d.mapValue(r, b, i, depth)
	}
	if i = d.object(r.object, b, i, depth+1); i < 0 {
		return -1
	}
	r.column.Append()
	return i
}

func (d *jsonDecoder) tooDeep(i int) int {
	return d.fail(NestedTooDeep, i, "lists and objects stand in each other more than 128 deep")
}
