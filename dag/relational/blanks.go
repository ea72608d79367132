package relational

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// blanks are the columns that an operator does not make, by their place; nil for those that it makes.
type blanks []*batch.Blank

func newBlanks(s *arrow.Schema, mem memory.Allocator, blank func(column int) bool) blanks {
	b := make(blanks, s.NumFields())
	for i, f := range s.Fields() {
		if blank(i) {
			b[i] = batch.NewBlank(f.Type, mem)
		}
	}
	return b
}

func (b blanks) close() {
	for _, one := range b {
		if one != nil {
			one.Release()
		}
	}
}
