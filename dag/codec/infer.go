package codec

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// What [Infer] reads of a stream at the most.
const (
	InferRecords = 1000
	InferBytes   = 1 << 20
)

// ErrNoRecord says that [Infer] found nothing to go by.
var ErrNoRecord = errors.New("no record")

// Infer finds the columns of a stream by the records that it begins with, at most [InferRecords] of the first [InferBytes].
// In csv and kv a column whose values have no type in common is one of strings; a number with a leading zero or plus is a
// text, since it would not keep it. In json it is an error. A record that cannot be read counts as little as in a run, where
// it is a reject. Only Format and Config of o are used. The error is [ErrNoRecord], a *[Problem] or that of the reader.
func Infer(r io.Reader, o DecoderOptions) (*arrow.Schema, error) {
	lines, err := headLines(r, o)
	if err != nil {
		return nil, err
	}
	var s *Shape
	switch o.Format {
	case jsonFormat:
		s, err = inferJSON(lines)
	case csvFormat:
		s, err = inferCSV(lines, o)
	case kvFormat:
		s, err = inferKV(lines, o)
	default:
		panic("codec: nothing to infer in " + o.Format)
	}
	if err != nil {
		return nil, err
	}
	return columnsOf(s)
}

// columnsOf are the columns that a shape of records has.
func columnsOf(s *Shape) (*arrow.Schema, error) {
	if len(s.names) == 0 {
		return nil, ErrNoRecord
	}
	fields := s.Columns()
	for _, f := range fields {
		if deep(f.Type) {
			return nil, &Problem{Message: fmt.Sprintf("%s holds lists of lists of objects, for which a schema has no word", schema.Escape(f.Name)),
				Hint: "write the other columns: what is not declared is not read"}
		}
	}
	return arrow.NewSchema(fields, nil), nil
}

// deep reports whether a type is, or holds, a list of lists of structs.
func deep(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.ListType:
		inner, ok := t.Elem().(*arrow.ListType)
		return deep(t.Elem()) || ok && inner.Elem().ID() == arrow.STRUCT
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if deep(f.Type) {
				return true
			}
		}
	}
	return false
}

// headLines are the lines that a stream begins with, empty ones too. One that is cut off by the bound is left out.
func headLines(r io.Reader, o DecoderOptions) ([][]byte, error) {
	head, err := io.ReadAll(io.LimitReader(r, InferBytes+1))
	if err != nil {
		return nil, err
	}
	whole := len(head) <= InferBytes
	f := NewFramer(o.Format, o.Config, 0)
	f.Feed(head[:min(len(head), InferBytes)])
	var lines [][]byte
	for len(lines) <= InferRecords && f.Next() {
		lines = append(lines, f.Line())
	}
	if whole && len(lines) <= InferRecords && f.Flush() {
		lines = append(lines, f.Line())
	}
	return lines, nil
}
