package codec

import (
	"fmt"
	"unicode/utf8"

	"flowrun/dag/batch"
)

// textDecoder makes a row of one string column of each record, be it empty.
type textDecoder struct {
	pending
	column *batch.Column
}

func newTextDecoder(o DecoderOptions) *textDecoder {
	if o.Schema == nil {
		o.Schema = TextSchema
	}
	d := &textDecoder{pending: newPending(o)}
	d.column = d.rows.Column(0)
	return d
}

func (d *textDecoder) Decode(record []byte) {
	if !utf8.Valid(record) {
		d.Reject(InvalidUTF8, fmt.Sprintf("at byte %d", firstInvalid(record)), record)
		return
	}
	d.column.AppendBytes(record)
}

// firstInvalid is the place of the first byte that is no part of a character; -1 if there is none.
func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}
