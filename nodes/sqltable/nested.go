package sqltable

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/codec"
)

// IsNested reports whether values of a type are written as JSON.
func IsNested(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.LIST, arrow.MAP, arrow.STRUCT:
		return true
	}
	return false
}

// JSON gives the values of a nested column as JSON, by row; nil is null.
func JSON(col arrow.Array) [][]byte {
	const name = "v"
	s := arrow.NewSchema([]arrow.Field{{Name: name, Type: col.DataType(), Nullable: true}}, nil)
	rec := array.NewRecordBatch(s, []arrow.Array{col}, int64(col.Len()))
	b := batch.New(rec)
	defer b.Release()
	text, failed := codec.NewEncoderFor(codec.EncoderOptions{Format: "json", Schema: s}).Append(nil, b)
	bad := map[int]bool{} // a value that JSON cannot say
	for _, f := range failed {
		bad[int(f.Row)] = true
	}
	all := make([][]byte, col.Len())
	for i := range all {
		if bad[i] {
			continue
		}
		line, rest, _ := bytes.Cut(text, []byte{'\n'})
		text = rest
		if !col.IsNull(i) {
			all[i] = line[len(`{"`+name+`":`) : len(line)-1]
		}
	}
	return all
}
