package codec

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// textDecoder makes a row of one string column of each record, be it empty.
type textDecoder struct {
	pending
	column *batch.Column // nil: nobody reads it, so that records are only checked and counted
	blank  *batch.Blank
	count  int // of the rows for blank
}

func newTextDecoder(o DecoderOptions) *textDecoder {
	if o.Schema == nil {
		o.Schema = TextSchema
	}
	d := &textDecoder{pending: newPending(o)}
	if len(o.Want) > 0 && !o.Want[0] {
		d.blank = batch.NewBlank(o.Schema.Field(0).Type, o.Allocator)
		return d
	}
	d.column = d.rows.Column(0)
	return d
}

func (d *textDecoder) Decode(record []byte) {
	switch {
	case !utf8.Valid(record):
		d.Reject(InvalidUTF8, fmt.Sprintf("at byte %d", firstInvalid(record)), record)
	case d.column == nil:
		d.count++
	default:
		d.column.AppendBytes(record)
	}
}

func (d *textDecoder) Pending() int { return d.count + d.pending.Pending() }

func (d *textDecoder) Batch(arrived time.Time) *batch.Batch {
	if d.column != nil {
		return d.pending.Batch(arrived)
	}
	if d.Pending() == 0 {
		return nil
	}
	column := d.blank.Array(d.count)
	b := batch.New(array.NewRecordBatch(d.rows.Schema(), []arrow.Array{column}, int64(d.count)))
	column.Release()
	b.Arrived = arrived
	b.Rejects, d.rejects, d.count = d.rejects, nil, 0
	return b
}

func (d *textDecoder) Close() {
	if d.blank != nil {
		d.blank.Release()
	}
	d.pending.Close()
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
