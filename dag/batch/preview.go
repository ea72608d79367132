package batch

import (
	"encoding/base64"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/live"
	"flowrun/dag/schema"
)

// MaxCellBytes is about how much of a value a preview shows.
const MaxCellBytes = 4 << 10

// Columns describes the columns of a schema to a watcher.
func Columns(s *arrow.Schema) []live.Column {
	columns := make([]live.Column, s.NumFields())
	for i, f := range s.Fields() {
		columns[i] = live.Column{
			Name:     f.Name,
			Type:     schema.Name(f.Type),
			Nullable: f.Nullable,
			Number:   schema.IsNumber(f.Type),
		}
	}
	return columns
}

// Sample copies the first rows of b that count, at most the given number, as display text on one line each: control
// characters are escaped, and a long value is cut and ends in "…". b is lent.
func Sample(b *Batch, rows int) [][]live.Cell {
	n := max(min(rows, b.Rows()), 0)
	fields := b.Schema().Fields()
	cells := make([]live.Cell, n*len(fields))
	out := make([][]live.Cell, n)
	var scratch []byte
	for i := range n {
		row := b.Row(i)
		out[i] = cells[i*len(fields) : (i+1)*len(fields) : (i+1)*len(fields)]
		for j, f := range fields {
			column := b.Record.Column(j)
			if column.IsNull(row) {
				out[i][j].Null = true
				continue
			}
			scratch = appendCell(scratch[:0], column, row, MaxCellBytes, schema.IsRaw(f))
			out[i][j].Text = display(scratch)
		}
	}
	return out
}

func display(text []byte) string {
	if len(text) <= MaxCellBytes {
		return schema.Escape(string(text))
	}
	end := MaxCellBytes
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return schema.Escape(string(text[:end])) + "…"
}

// appendCell appends a value as text; raw: bytes are shown by [AppendRaw].
func appendCell(dst []byte, column arrow.Array, row, limit int, raw bool) []byte {
	if b, ok := column.(*array.Binary); ok && raw && !b.IsNull(row) {
		v := b.Value(row)
		if len(v) <= limit || utf8.Valid(v) {
			text := AppendRaw(dst, v)
			return text[:min(len(text), max(limit, len(dst))+1)]
		}
		return AppendRaw(dst, v[:limit])
	}
	return appendText(dst, column, row, limit)
}

// AppendRaw appends the bytes of a rejected input as text: as they are where they are valid UTF-8, else "base64:" and
// their base64 form.
func AppendRaw(dst, raw []byte) []byte {
	if utf8.Valid(raw) {
		return append(dst, raw...)
	}
	dst = append(dst, "base64:"...)
	return base64.StdEncoding.AppendEncode(dst, raw)
}
