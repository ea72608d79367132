package sqltable

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
)

// recordRows is how many rows a record has at the most.
const recordRows = 4096

// Records puts the rows that an op.Table reads into records, and hands those on, each for the call. Release it when done.
type Records struct {
	*batch.Builder
	each func(arrow.RecordBatch) error
}

// NewRecords makes records of the columns of s.
func NewRecords(s *arrow.Schema, mem memory.Allocator, each func(arrow.RecordBatch) error) *Records {
	return &Records{batch.NewBuilder(s, mem), each}
}

// Row says that a row has been appended to the columns.
func (r *Records) Row() error {
	if r.Rows() < recordRows {
		return nil
	}
	return r.End()
}

// End says that there are no more rows, or none that the last ones are to wait for.
func (r *Records) End() error {
	if r.Rows() == 0 {
		return nil
	}
	rec := r.Record()
	defer rec.Release()
	return r.each(rec)
}
