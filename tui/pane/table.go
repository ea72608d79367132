package pane

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"flowrun/dag/live"
	"flowrun/tui/widget"
)

// table is the rows of one batch, or of several that are stacked.
type table struct {
	columns []live.Column
	rows    []tableRow
	epochs  bool // rows of several batches: each is shown with its epoch
	total   int  // rows that the batches had before they were sampled
}

type tableRow struct {
	epoch uint64
	cells []live.Cell
	late  bool
}

// text is a row as find sees it.
func (r tableRow) text() string {
	var b strings.Builder
	for _, c := range r.cells {
		if c.Null {
			b.WriteString("null")
		}
		b.WriteString(c.Text)
		b.WriteByte(' ')
	}
	return b.String()
}

// newTable makes the table of the walk-th batch (-1: the newest, with older ones below it until the lines are full).
func newTable(v live.Preview, walk, lines int) table {
	t := table{columns: v.Columns}
	if len(v.Batches) == 0 {
		return t
	}
	if walk >= 0 || len(v.Batches[0].Rows) >= lines {
		b := v.Batches[min(max(walk, 0), len(v.Batches)-1)]
		t.total = b.Total
		for _, r := range b.Rows {
			t.rows = append(t.rows, newRow(b.Epoch, r))
		}
		return t
	}
	t.epochs = true
	for _, b := range v.Batches {
		t.total += b.Total
		for i := len(b.Rows) - 1; i >= 0; i-- {
			t.rows = append(t.rows, newRow(b.Epoch, b.Rows[i]))
		}
	}
	return t
}

func newRow(epoch uint64, cells []live.Cell) tableRow {
	late := slices.ContainsFunc(cells, func(c live.Cell) bool { return c.Late })
	return tableRow{epoch, cells, late}
}

// measured is how many rows are looked at for the width of a column.
const measured = 100

func (t *table) width(c int) int {
	w := widget.Width(t.columns[c].Name)
	for _, r := range t.rows[:min(len(t.rows), measured)] {
		if c < len(r.cells) {
			w = max(w, widget.Width(r.cells[c].Text))
		}
	}
	return w
}

// sort orders the rows by a column, nulls last.
func (t *table) sort(c, order int) {
	if c >= len(t.columns) {
		return
	}
	number := t.columns[c].Number
	slices.SortStableFunc(t.rows, func(a, b tableRow) int {
		if c >= len(a.cells) || c >= len(b.cells) {
			return 0
		}
		x, y := a.cells[c], b.cells[c]
		switch {
		case x.Null || y.Null:
			return cmp.Compare(boolInt(x.Null), boolInt(y.Null))
		case number:
			return order * cmp.Compare(parse(x.Text), parse(y.Text))
		}
		return order * strings.Compare(x.Text, y.Text)
	})
}

// facts says what is in a column.
func (t *table) facts(c int) []string {
	nulls := 0
	type number struct {
		value float64
		text  string
	}
	var numbers []number
	distinct := map[string]bool{}
	for _, r := range t.rows {
		if c >= len(r.cells) {
			continue
		}
		if r.cells[c].Null {
			nulls++
			continue
		}
		distinct[r.cells[c].Text] = true
		if t.columns[c].Number {
			numbers = append(numbers, number{parse(r.cells[c].Text), r.cells[c].Text})
		}
	}
	share := fmt.Sprintf("nulls %s%%", widget.Percent(float64(nulls)/float64(max(len(t.rows), 1))))
	if len(numbers) > 0 {
		slices.SortFunc(numbers, func(a, b number) int { return cmp.Compare(a.value, b.value) })
		at := func(q float64) string { return numbers[int(q*float64(len(numbers)-1)+0.5)].text }
		return []string{"min " + at(0), "p50 " + at(0.5), "p99 " + at(0.99), "max " + at(1), share}
	}
	return []string{t.columns[c].Type, fmt.Sprintf("distinct %d of %s", len(distinct), plural(len(t.rows), "row")), share}
}

func parse(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return v
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
