package codec

import (
	"fmt"
	"unicode/utf8"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// maxDepth is how deep arrays and objects may stand in each other, the record's own object included.
const maxDepth = 128

// jsonDecoder makes a row of each record that is one JSON object, straight into the columns: it walks the bytes once, by
// the grammar of RFC 8259, and holds no tree. What is not declared is checked and skipped.
//
// The methods that walk take the place where to go on and return the place behind what they read, or -1 once they have
// called fail.
type jsonDecoder struct {
	pending
	top     *object
	scratch []byte // text with its escapes undone
	decoded []byte // bytes out of base64

	// Of the record that failed:
	reason string
	at     int
	detail string
}

func newJSONDecoder(o DecoderOptions) *jsonDecoder {
	d := &jsonDecoder{pending: newPending(o)}
	columns := make([]*batch.Column, o.Schema.NumFields())
	for i := range columns {
		columns[i] = d.rows.Column(i)
	}
	d.top = newObject("", o.Schema.Fields(), columns)
	return d
}

func (d *jsonDecoder) Decode(record []byte) {
	i := space(record, 0)
	if i == len(record) {
		return
	}
	row := d.rows.Rows()
	if i = d.record(record, i, row); i < 0 {
		d.rows.Truncate(row)
		d.Reject(d.reason, fmt.Sprintf("%s at byte %d", d.detail, d.at), record)
	}
}

func (d *jsonDecoder) record(b []byte, i, row int) int {
	if b[i] != '{' {
		return d.noObject(b, i)
	}
	if i = d.object(d.top, row, b, i+1, 1); i < 0 {
		return -1
	}
	if i = space(b, i); i < len(b) {
		return d.fail(InvalidJSON, i, "found "+excerpt(b, i)+" behind the object")
	}
	return i
}

// noObject rejects a record that does not begin an object: a value of another type if it is one, else no JSON.
func (d *jsonDecoder) noObject(b []byte, i int) int {
	end := d.skip(b, i, 0)
	if end < 0 {
		return -1
	}
	if end = space(b, end); end < len(b) {
		return d.fail(InvalidJSON, end, "found "+excerpt(b, end)+" behind the value")
	}
	return d.fail(WrongType, i, "the record is "+excerpt(b, i)+", not an object,")
}

// fail notes why a record is rejected. The detail is a sentence that "at byte N" ends.
func (d *jsonDecoder) fail(reason string, at int, detail string) int {
	d.reason, d.at, d.detail = reason, at, detail
	return -1
}

// syntax fails for what the grammar does not allow.
func (d *jsonDecoder) syntax(b []byte, i int, want string) int {
	if i >= len(b) {
		return d.fail(InvalidJSON, len(b), "the record ends where "+want+" should be,")
	}
	return d.fail(InvalidJSON, i, "found "+excerpt(b, i)+" where "+want+" should be,")
}

// excerpt shows the value, or whatever it is, that stands at a place, cut to a few characters.
func excerpt(b []byte, i int) string {
	const most = 24
	rest := b[i:]
	quoted := rest[0] == '"'
	end := 0
	for end < len(rest) {
		r, size := utf8.DecodeRune(rest[end:])
		switch {
		case end == 0 && r == utf8.RuneError && size == 1:
			return fmt.Sprintf("byte 0x%02x", rest[0])
		case end > 0 && quoted && r == '"' && rest[end-1] != '\\':
			return schema.Escape(string(rest[:end+1]))
		case end > 0 && !quoted && (r == ',' || r == '}' || r == ']' || r <= ' '):
			return schema.Escape(string(rest[:end]))
		case end >= most:
			return schema.Escape(string(rest[:end])) + "…"
		}
		end += size
	}
	return schema.Escape(string(rest))
}

// space skips white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}
