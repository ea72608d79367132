package codec

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// textEncoder writes one string column as it is. A null is an empty line, as Spark writes it.
type textEncoder struct{}

func (textEncoder) Append(dst []byte, b *batch.Batch) ([]byte, []batch.Failure) {
	column := b.Record.Column(0).(*array.String)
	if b.Rows() == 0 {
		return dst, nil
	}
	ends, data := column.ValueOffsets(), column.ValueBytes()
	first, nulls := ends[0], column.NullN() > 0
	if b.Sel != nil {
		for _, row := range b.Sel {
			if !nulls || column.IsValid(int(row)) {
				dst = append(dst, data[ends[row]-first:ends[row+1]-first]...)
			}
			dst = append(dst, '\n')
		}
		return dst, nil
	}
	// A null may have bytes, which are not written: there is room for all the same.
	dst = slices.Grow(dst, len(data)+len(ends)-1)
	at, out := len(dst), dst[:cap(dst)]
	for row, end := range ends[1:] {
		if !nulls || column.IsValid(row) {
			at += copy(out[at:], data[ends[row]-first:end-first])
		}
		out[at] = '\n'
		at++
	}
	return out[:at], nil
}
