package codec

import (
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// maxDepth is how deep arrays and objects may stand in each other, the record's own object included.
const maxDepth = 128

// jsonDecoder makes a row of each record that is one JSON object, straight into the columns: it walks the bytes once, by
// the grammar of RFC 8259, and holds no tree. What is not declared is checked and skipped.
//
// The methods that walk take a buffer as json_word.go says, and the place where to go on; they return the place behind what
// they read, or -1 once they have called fail.
type jsonDecoder struct {
	pending
	top     *object
	objects uint64 // how many objects were begun, so that each has a number
	unknown key    // stands for a key that is not remembered
	record  []byte // a record that was copied to have an LF and a margin behind it
	// stop is where the LF is that ends the record; an LF before it is white space. 0: the first LF ends it.
	stop    int
	scratch []byte // text with its escapes undone
	decoded []byte // bytes out of base64

	// Of the record that failed:
	reason string
	at     int
	detail string
}

func newJSONDecoder(o DecoderOptions) *jsonDecoder {
	d := &jsonDecoder{pending: newPending(o)}
	d.top = newRecord(o.Schema, d.rows)
	return d
}

func newRecord(s *arrow.Schema, rows *batch.Builder) *object {
	columns := make([]*batch.Column, s.NumFields())
	for i := range columns {
		columns[i] = rows.Column(i)
	}
	o := newObject("", s.Fields(), columns)
	if len(o.built) == 0 { // somebody has to count the rows
		o.built = o.fields[:min(len(o.fields), 1)]
	}
	return o
}

func (d *jsonDecoder) Decode(record []byte) {
	row := d.rows.Rows()
	if b := d.alone(record); d.row(b, 0) < 0 {
		d.rows.Truncate(row)
		d.Reject(d.reason, fmt.Sprintf("%s at byte %d", d.detail, d.at), record)
	}
}

// alone gives a buffer that holds a record, which may have LFs in it, and nothing else.
func (d *jsonDecoder) alone(record []byte) []byte {
	d.stop = len(record)
	d.record = append(append(append(d.record[:0], record...), '\n'), make([]byte, margin)...)
	return d.record
}

// row reads the record that begins at i, or the white space that is none, and returns the place of the LF that ends it, or -1.
func (d *jsonDecoder) row(b []byte, i int) int {
	if b[i] != '{' {
		if i = d.space(b, i); b[i] == '\n' {
			return i
		}
		if b[i] != '{' {
			return d.noObject(b, i)
		}
	}
	if i = d.object(d.top, b, i, 1); i < 0 {
		return -1
	}
	if b[i] == '\n' && i >= d.stop {
		return i
	}
	if i = d.space(b, i); b[i] != '\n' {
		return d.fail(InvalidJSON, i, "found "+d.excerpt(b, i)+" behind the object")
	}
	return i
}

// noObject rejects a record that does not begin an object: a value of another type if it is one, else no JSON.
func (d *jsonDecoder) noObject(b []byte, i int) int {
	end := d.skip(b, i, 0)
	if end < 0 {
		return -1
	}
	if end = d.space(b, end); b[end] != '\n' {
		return d.fail(InvalidJSON, end, "found "+d.excerpt(b, end)+" behind the value")
	}
	return d.fail(WrongType, i, "the record is "+d.excerpt(b, i)+", not an object,")
}

// fail notes why a record is rejected. The detail is a sentence that "at byte N" ends.
func (d *jsonDecoder) fail(reason string, at int, detail string) int {
	d.reason, d.at, d.detail = reason, at, detail
	return -1
}

// syntax fails for what the grammar does not allow.
func (d *jsonDecoder) syntax(b []byte, i int, want string) int {
	if d.ended(b, i) {
		return d.fail(InvalidJSON, i, "the record ends where "+want+" should be,")
	}
	return d.fail(InvalidJSON, i, "found "+d.excerpt(b, i)+" where "+want+" should be,")
}

// excerpt shows the value, or whatever it is, that stands at a place, cut to a few characters.
func (d *jsonDecoder) excerpt(b []byte, i int) string {
	const most = 24
	rest := b[i:max(d.stop, i+1)]
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
func (d *jsonDecoder) space(b []byte, i int) int {
	for {
		switch b[i] {
		case ' ', '\t', '\r':
		case '\n':
			if i >= d.stop {
				return i
			}
		default:
			return i
		}
		i++
	}
}

// ended reports whether the record ends at i.
func (d *jsonDecoder) ended(b []byte, i int) bool { return b[i] == '\n' && i >= d.stop }
