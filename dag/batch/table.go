package batch

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

const (
	rule           = "-------------------------------------------\n"
	minColumnWidth = 3
)

// Table collects the first rows of an epoch and draws them as Spark's console sink does. It keeps the text of at most
// numRows rows, whatever is added. It is used by one goroutine.
type Table struct {
	names    []string
	raw      []bool // columns of bytes that are shown as text
	numRows  int
	truncate int
	cells    []string // row by row
	rows     int      // kept
	more     bool     // there were more
	scratch  []byte
}

// NewTable returns an empty table for rows of s. It shows numRows rows; a cell longer than truncate characters is cut, and
// all cells are aligned right; with truncate 0 no cell is cut, and all are aligned left.
func NewTable(s *arrow.Schema, numRows, truncate int) *Table {
	t := &Table{numRows: max(numRows, 0), truncate: max(truncate, 0)}
	for _, f := range s.Fields() {
		t.names = append(t.names, schema.Escape(f.Name))
		t.raw = append(t.raw, schema.IsRaw(f))
	}
	return t
}

// Add adds the rows of b that count. b is lent.
func (t *Table) Add(b *Batch) {
	n := b.Rows()
	keep := min(n, t.numRows-t.rows)
	if keep < n {
		t.more = true
	}
	limit := noLimit
	if t.truncate > 0 {
		limit = (t.truncate + 1) * utf8.UTFMax
	}
	for i := range keep {
		row := b.Row(i)
		for j := range t.names {
			t.scratch = appendCell(t.scratch[:0], b.Record.Column(j), row, limit, t.raw[j])
			t.cells = append(t.cells, cut(schema.Escape(string(t.scratch)), t.truncate))
		}
	}
	t.rows += keep
}

// Reset empties the table for the next epoch.
func (t *Table) Reset() {
	clear(t.cells)
	t.cells, t.rows, t.more = t.cells[:0], 0, false
}

// Render appends what the console shows for the epoch: the header `Batch: epoch` (with two spaces and the node's name behind
// it, unless that is empty), the table, and an empty line. The table keeps its rows.
func (t *Table) Render(dst []byte, epoch uint64, node string) []byte {
	dst = append(dst, rule...)
	dst = append(dst, "Batch: "...)
	dst = strconv.AppendUint(dst, epoch, 10)
	if node != "" {
		dst = append(append(dst, "  "...), node...)
	}
	dst = append(dst, '\n')
	dst = append(dst, rule...)

	widths := make([]int, len(t.names))
	for i, name := range t.names {
		widths[i] = max(minColumnWidth, displayWidth(name))
	}
	for i, cell := range t.cells {
		j := i % len(t.names)
		widths[j] = max(widths[j], displayWidth(cell))
	}
	separator := t.separator(widths)
	dst = append(dst, separator...)
	dst = t.line(dst, t.names, widths)
	dst = append(dst, separator...)
	for r := range t.rows {
		dst = t.line(dst, t.cells[r*len(t.names):(r+1)*len(t.names)], widths)
	}
	dst = append(dst, separator...)
	if t.more {
		dst = append(dst, "only showing top "...)
		dst = strconv.AppendInt(dst, int64(t.numRows), 10)
		if t.numRows == 1 {
			dst = append(dst, " row\n"...)
		} else {
			dst = append(dst, " rows\n"...)
		}
	}
	return append(dst, '\n')
}

func (t *Table) separator(widths []int) []byte {
	var b bytes.Buffer
	b.WriteByte('+')
	for i, w := range widths {
		if i > 0 {
			b.WriteByte('+')
		}
		for range w {
			b.WriteByte('-')
		}
	}
	b.WriteString("+\n")
	return b.Bytes()
}

func (t *Table) line(dst []byte, cells []string, widths []int) []byte {
	dst = append(dst, '|')
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, '|')
		}
		pad := widths[i] - displayWidth(cell)
		if t.truncate == 0 {
			dst = append(dst, cell...)
		}
		for range pad {
			dst = append(dst, ' ')
		}
		if t.truncate > 0 {
			dst = append(dst, cell...)
		}
	}
	return append(dst, "|\n"...)
}

// cut shortens a cell to limit characters, the last three of them points if there is room for any others; 0 is no limit.
func cut(cell string, limit int) string {
	if limit == 0 || len(cell) <= limit || utf8.RuneCountInString(cell) <= limit {
		return cell
	}
	keep, tail := limit, ""
	if limit >= 4 {
		keep, tail = limit-3, "..."
	}
	for at := range cell {
		if keep == 0 {
			return cell[:at] + tail
		}
		keep--
	}
	return cell
}

// displayWidth is the number of terminal cells that Spark takes text to fill: full-width characters, and those beyond the
// basic plane, fill two.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 && wide(r) {
			n++
		}
	}
	return n
}

func wide(r rune) bool {
	return r <= 0x115f ||
		(r >= 0x2e80 && r <= 0xa4cf) ||
		(r >= 0xac00 && r <= 0xd7a3) ||
		(r >= 0xf900 && r <= 0xfaff) ||
		(r >= 0xfe30 && r <= 0xfe6f) ||
		(r >= 0xff00 && r <= 0xff60) ||
		(r >= 0xffe0 && r <= 0xffe6) ||
		r >= 0x10000
}
