package codec

import (
	"bytes"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

func benchEncode(b *testing.B, format string, in *batch.Batch) {
	defer in.Release()
	e := NewEncoder(format, in.Schema())
	var text []byte
	for b.Loop() {
		text, _ = e.Append(text[:0], in)
	}
	report(b, in.Rows(), len(text))
}

func decoded(format string, lines [][]byte) *batch.Batch {
	o := DecoderOptions{Format: format, Schema: eventSchema, Allocator: memory.DefaultAllocator, Now: time.Now}
	if format == textFormat {
		o.Schema = nil
	}
	d := NewDecoder(o)
	defer d.Close()
	for _, l := range lines {
		d.Decode(l)
	}
	return d.Batch(time.Time{})
}

func BenchmarkEncodeText(b *testing.B) {
	lines := make([][]byte, 4096)
	for i := range lines {
		lines[i] = bytes.Repeat([]byte("0123456789"), 10)
	}
	b.Run("all", func(b *testing.B) { benchEncode(b, "text", decoded("text", lines)) })
	b.Run("selected", func(b *testing.B) {
		all := decoded("text", lines)
		defer all.Release()
		var sel []int32
		for i := range int32(4096) {
			if i%4 != 0 {
				sel = append(sel, i)
			}
		}
		benchEncode(b, "text", all.WithSelection(sel))
	})
}

func BenchmarkEncodeCSV(b *testing.B) {
	benchEncode(b, "csv", decoded("json", events(4096, plainEvents)))
}
