package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/op"
)

// skips hands on the rows that a batch in hand has skipped, since a filter below was answered above, with the first batch
// that is made of it.
type skips struct{ left int }

// take counts the skipped rows of a batch as passed.
func (s *skips) take(in *batch.Batch, out op.Emitter) {
	s.left = in.Skipped
	out.Pass(in.Skipped)
}

// with gives b the skipped rows that were not handed on yet.
func (s *skips) with(b *batch.Batch) *batch.Batch {
	b.Skipped, s.left = s.left, 0
	return b
}

// rest hands them on in a batch without rows, where none was made.
func (s *skips) rest(schema *arrow.Schema, mem memory.Allocator, in *batch.Batch, out op.Emitter) error {
	if s.left == 0 {
		return nil
	}
	none := batch.NewBuilder(schema, mem)
	defer none.Release()
	return out.Emit("", s.with(in.WithRecord(none.Record(), nil)))
}
