package exec

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
)

// rowText writes a rejected row as JSON. It keeps the encoder of the last schema, since a node rejects rows of few.
type rowText struct {
	schema *arrow.Schema
	enc    codec.Encoder
}

// row is one row of b.Record as a JSON object, at most codec.MaxRejectBytes of it; nil if the row has no form as JSON.
func (t *rowText) row(b *batch.Batch, row int32) []byte {
	if t.schema != b.Schema() {
		t.schema = b.Schema()
		t.enc = codec.NewEncoder("json", t.schema)
	}
	one := b.WithSelection([]int32{row})
	defer one.Release()
	text, _ := t.enc.Append(nil, one)
	text = bytes.TrimSuffix(text, []byte("\n"))
	if len(text) == 0 {
		return nil
	}
	return text[:min(len(text), codec.MaxRejectBytes)]
}
