package codec

import (
	"bytes"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
)

// csvEncoder writes a row as a record that ends in LF. A null is an empty field, the empty string is "". What it writes its
// decoder reads back.
type csvEncoder struct {
	plainEncoder
	header    []byte // the first line of a stream; nil: none
	started   bool
	delimiter byte
	special   [256]bool // makes a field need quotes
	bare      bool      // no number holds the delimiter
}

func newCSVEncoder(o EncoderOptions) *csvEncoder {
	c := csvOf(o.Config)
	e := &csvEncoder{plainEncoder: newPlainEncoder(o.Schema), delimiter: c.byte()}
	for _, b := range []byte{'"', '\n', '\r', e.delimiter} {
		e.special[b] = true
	}
	e.bare = strings.IndexByte("+-.0123456789eINaNfinity", e.delimiter) < 0
	if c.Header {
		for i, f := range o.Schema.Fields() {
			if i > 0 {
				e.header = append(e.header, e.delimiter)
			}
			e.header = e.quote(append(e.header, f.Name...), len(e.header))
		}
		e.header = append(e.header, '\n')
	}
	return e
}

// Restart implements [Starter].
func (e *csvEncoder) Restart() { e.started = false }

// Resume implements [Starter].
func (e *csvEncoder) Resume() { e.started = true }

func (e *csvEncoder) Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure) {
	if !e.started && b.Rows() > 0 {
		e.started = true
		dst = append(dst, e.header...)
	}
	return e.rows(dst, b, e.row)
}

func (e *csvEncoder) row(dst []byte, row int) (out []byte, bad string) {
	for i := range e.columns {
		w := &e.columns[i]
		if i > 0 {
			dst = append(dst, e.delimiter)
		}
		if w.nulls && w.array.IsNull(row) {
			continue
		}
		if w.kind == stringKind {
			from := w.ends[0]
			text := w.data[w.ends[row]-from : w.ends[row+1]-from]
			start := len(dst)
			if dst = append(dst, text...); len(text) == 0 || len(text) >= 3 && text[0] == 0xef || e.quoted(text) {
				dst = e.quote(dst, start)
			}
			continue
		}
		start := len(dst)
		var ok bool
		if dst, ok = w.plain(dst, row); !ok {
			return dst, w.name
		}
		if w.kind != intKind && (w.kind != floatKind || !e.bare) {
			dst = e.quote(dst, start)
		}
	}
	return append(dst, '\n'), ""
}

// quoted reports whether a text holds a character that makes it need quotes. Long texts are searched for each of the four.
func (e *csvEncoder) quoted(text []byte) bool {
	if len(text) < 32 {
		for _, c := range text {
			if e.special[c] {
				return true
			}
		}
		return false
	}
	return bytes.IndexByte(text, e.delimiter) >= 0 || bytes.IndexByte(text, '"') >= 0 ||
		bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0
}

// quote puts the field that begins at start in quotes if it needs them.
func (e *csvEncoder) quote(dst []byte, start int) []byte {
	field := dst[start:]
	need := len(field) == 0 || start == 0 && len(field) >= 3 && string(field[:3]) == "\ufeff"
	quotes := 0
	for _, c := range field {
		if e.special[c] {
			need = true
			if c == '"' {
				quotes++
			}
		}
	}
	if !need {
		return dst
	}
	// From behind, since the field grows in its place.
	from := len(dst)
	for range 2 + quotes {
		dst = append(dst, '"')
	}
	at := len(dst) - 1
	for i := from - 1; i >= start; i-- {
		c := dst[i]
		at--
		dst[at] = c
		if c == '"' {
			at--
			dst[at] = '"'
		}
	}
	dst[start], dst[len(dst)-1] = '"', '"'
	return dst
}

// plainEncoder is what the encoders of formats whose values are texts have in common.
type plainEncoder struct{ columns []writer }

func newPlainEncoder(s *arrow.Schema) plainEncoder {
	e := plainEncoder{columns: make([]writer, s.NumFields())}
	for i, f := range s.Fields() {
		e.columns[i] = writer{kind: writtenKind(f), name: f.Name}
	}
	return e
}

// rows appends every row that counts by one; bad names the column that has no form, "" when all have.
func (e *plainEncoder) rows(dst []byte, b *batch.Batch, one func([]byte, int) (out []byte, bad string)) ([]byte, []batch.Failure) {
	if b.Rows() == 0 {
		return dst, nil
	}
	for i := range e.columns {
		e.columns[i].load(b.Record.Column(i))
	}
	var failed []batch.Failure
	for i := range b.Rows() {
		row, start := b.Row(i), len(dst)
		var bad string
		if dst, bad = one(dst, row); bad != "" {
			dst = dst[:start]
			failed = append(failed, batch.Failure{
				Row: int32(row), Reason: NoForm, Detail: bad + " holds a moment outside the years 0 to 9999",
			})
		}
	}
	for i := range e.columns { // the encoder keeps no batch alive
		w := &e.columns[i]
		w.array, w.ints, w.floats, w.ends, w.data = nil, nil, nil, nil, nil
	}
	return dst, failed
}
