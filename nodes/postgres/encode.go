package postgres

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/nodes/sqltable"
)

// rows are rows as the text of COPY, a line each.
type rows struct {
	text []byte
	ends []int // of each row's line
}

func (r *rows) reset() { r.text, r.ends = r.text[:0], r.ends[:0] }

// lines is the text of the rows [from, to).
func (r *rows) lines(from, to int) []byte {
	begin := 0
	if from > 0 {
		begin = r.ends[from-1]
	}
	return r.text[begin:r.ends[to-1]]
}

// add appends the rows of b. With numbers each line begins with the number of its row.
func (r *rows) add(b *batch.Batch, numbers bool) {
	cells := make([]func(dst []byte, row int) []byte, b.Record.NumCols())
	for i := range cells {
		cells[i] = cell(b.Record.Column(i))
	}
	for i := range b.Rows() {
		row := b.Row(i)
		if numbers {
			r.text = strconv.AppendInt(r.text, int64(len(r.ends)), 10)
			r.text = append(r.text, '\t')
		}
		for j, c := range cells {
			if j > 0 {
				r.text = append(r.text, '\t')
			}
			if b.Record.Column(j).IsNull(row) {
				r.text = append(r.text, `\N`...)
			} else {
				r.text = c(r.text, row)
			}
		}
		r.text = append(r.text, '\n')
		r.ends = append(r.ends, len(r.text))
	}
}

// cell writes the values of a column.
func cell(col arrow.Array) func(dst []byte, row int) []byte {
	switch a := col.(type) {
	case *array.Boolean:
		return func(dst []byte, row int) []byte { return strconv.AppendBool(dst, a.Value(row)) }
	case *array.Int64:
		return func(dst []byte, row int) []byte { return strconv.AppendInt(dst, a.Value(row), 10) }
	case *array.Float64:
		return func(dst []byte, row int) []byte { return strconv.AppendFloat(dst, a.Value(row), 'g', -1, 64) }
	case *array.String:
		return func(dst []byte, row int) []byte { return appendEscaped(dst, a.Value(row)) }
	case *array.Binary:
		return func(dst []byte, row int) []byte { return hex.AppendEncode(append(dst, `\\x`...), a.Value(row)) }
	case *array.Timestamp:
		return func(dst []byte, row int) []byte { return appendTimestamp(dst, int64(a.Value(row))) }
	case *array.Date32:
		return func(dst []byte, row int) []byte { return appendDate(dst, int64(a.Value(row))) }
	case *array.Duration:
		return func(dst []byte, row int) []byte {
			return append(strconv.AppendInt(dst, int64(a.Value(row)), 10), " microseconds"...)
		}
	}
	texts := sqltable.JSON(col)
	return func(dst []byte, row int) []byte {
		if texts[row] == nil {
			return append(dst, `\N`...)
		}
		return appendEscaped(dst, string(texts[row]))
	}
}

// appendEscaped writes a text so that COPY reads it as it is.
func appendEscaped(dst []byte, text string) []byte {
	for {
		i := strings.IndexAny(text, "\\\t\n\r")
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), '\\')
		switch text[i] {
		case '\t':
			dst = append(dst, 't')
		case '\n':
			dst = append(dst, 'n')
		case '\r':
			dst = append(dst, 'r')
		default:
			dst = append(dst, '\\')
		}
		text = text[i+1:]
	}
}

const (
	// maxKey is how many bytes the texts of a key may have before rows are tried: an index refuses those that are too long for its page.
	maxKey = 1000
	// Times that PostgreSQL surely has, in microseconds and days since 1970: the years 1 to 9999.
	minMicros, maxMicros = -62135596800_000000, 253402300799_999999
	minDays, maxDays     = -719162, 2932896
)

const unstorable = "PostgreSQL cannot store the text"

// check finds texts that PostgreSQL has no place for. risky: there are values that it may refuse.
func check(b *batch.Batch, key []int) (failed []batch.Failure, risky bool) {
	n := b.Rows()
	for c, col := range b.Record.Columns() {
		switch a := col.(type) {
		case *array.String:
			for i := range n {
				row := b.Row(i)
				if a.IsNull(row) {
					continue
				}
				text := a.Value(row)
				bad := strings.IndexByte(text, 0) >= 0
				if !bad && utf8.ValidString(text) {
					continue
				}
				detail := "column " + b.Schema().Field(c).Name + " is not UTF-8"
				if bad {
					detail = "column " + b.Schema().Field(c).Name + " has a zero byte"
				}
				failed = addFailure(failed, batch.Failure{Row: int32(row), Reason: unstorable, Detail: detail})
			}
		case *array.Timestamp:
			for i := range n {
				if v := int64(a.Value(b.Row(i))); v < minMicros || v > maxMicros {
					risky = true
				}
			}
		case *array.Date32:
			for i := range n {
				if v := int64(a.Value(b.Row(i))); v < minDays || v > maxDays {
					risky = true
				}
			}
		}
	}
	for i := range n {
		size := 0
		for _, k := range key {
			switch a := b.Record.Column(k).(type) {
			case *array.String:
				size += a.ValueLen(b.Row(i))
			case *array.Binary:
				size += a.ValueLen(b.Row(i))
			}
		}
		if size > maxKey {
			risky = true
			break
		}
	}
	return failed, risky
}

// addFailure keeps the list in order of rows, and each row in it once.
func addFailure(list []batch.Failure, f batch.Failure) []batch.Failure {
	at := len(list)
	for at > 0 && list[at-1].Row >= f.Row {
		at--
	}
	if at < len(list) && list[at].Row == f.Row {
		return list
	}
	list = append(list, batch.Failure{})
	copy(list[at+1:], list[at:])
	list[at] = f
	return list
}
