package codec

import (
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/array"

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

// textEncoder writes one string column as it is. A null is an empty line, as Spark writes it.
type textEncoder struct{}

func (textEncoder) Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure) {
	column := b.Record.Column(0).(*array.String)
	for i := range b.Rows() {
		row := b.Row(i)
		if !column.IsNull(row) {
			dst = append(dst, column.Value(row)...)
		}
		dst = append(dst, '\n')
	}
	return dst, nil
}
