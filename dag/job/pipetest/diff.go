package pipetest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"flowrun/dag/diag"
)

// maxShown is how many rows of a kind a difference shows.
const maxShown = 20

// Of is the node or output.
func (d Difference) Of() string { return d.of }

// At is the place of the expectation.
func (d Difference) At() diag.Span { return d.at }

// Diagnostic is the difference in one line, at its place in the file.
func (d Difference) Diagnostic() diag.Diagnostic {
	where := d.Of()
	if d.Step > 0 {
		where = fmt.Sprintf("%s in step %d", d.Of(), d.Step)
	}
	if d.Watermark != "" {
		return diag.Diagnostic{Code: CodeDiffers, At: d.At(), Message: "the watermark of " + where + " " + d.Watermark}
	}
	var what []string
	if n := len(d.Missing); n > 0 {
		what = append(what, fmt.Sprintf("%d missing", n))
	}
	instead := 0
	for _, m := range d.Missing {
		if m.Nearest != nil {
			instead++
		}
	}
	if n := instead + len(d.Unexpected); n > 0 {
		what = append(what, fmt.Sprintf("%d unexpected", n))
	}
	if d.Order != "" {
		what = append(what, "another order")
	}
	return diag.Diagnostic{Code: CodeDiffers, At: d.At(),
		Message: fmt.Sprintf("%s: %s (%d expected, %d came)", where, strings.Join(what, ", "), d.Expected, d.Came)}
}

// Lines draw the rows that differ: `-` one that is missing, with its place, below it `+` the nearest that came, with
// carets under what differs; then what else came.
func (d Difference) Lines() []string {
	var lines []string
	if d.Order != "" {
		lines = append(lines, "  "+d.Order)
	}
	for i, m := range d.Missing {
		if i == maxShown {
			lines = append(lines, fmt.Sprintf("  ... and %d more missing", len(d.Missing)-i))
			break
		}
		lines = append(lines, "  - "+text(m.Row)+"    "+m.At.String())
		if m.Nearest != nil {
			row, marks := marked(m.Row, m.Nearest)
			lines = append(lines, "  + "+row, strings.TrimRight("    "+marks, " "))
		}
	}
	for i, r := range d.Unexpected {
		if i == maxShown {
			lines = append(lines, fmt.Sprintf("  ... and %d more unexpected", len(d.Unexpected)-i))
			break
		}
		lines = append(lines, "  + "+text(r))
	}
	return lines
}

// marked writes a row, and carets under the columns in which it differs from what was expected.
func marked(want, got object) (row, marks string) {
	var r, m strings.Builder
	r.WriteByte('{')
	m.WriteByte(' ')
	for i, c := range got {
		if i > 0 {
			r.WriteString(", ")
			m.WriteString("  ")
		}
		cell := text(c.name) + ": " + text(c.value)
		sign := " "
		if w, _ := want.get(c.name); !equal(w, c.value) {
			sign = "^"
		}
		r.WriteString(cell)
		m.WriteString(strings.Repeat(sign, utf8.RuneCountInString(cell)))
	}
	return r.String() + "}", m.String()
}

// Diagnostics are what failed, each at its place.
func (r Result) Diagnostics() diag.List {
	var list diag.List
	if r.Err != nil {
		list.Add(diag.Diagnostic{Code: CodeFailed, At: r.Test.At, Message: "the run failed: " + r.Err.Error()})
	}
	for _, d := range r.Differs {
		list.Add(d.Diagnostic())
	}
	return list
}
