package diag

import "strings"

// window lays a source line out in at most width cells, around the characters [column, column+length) (column counts
// from 1), and gives the line of carets that fits under it. Tabs become spaces, wide characters are paid for, and what is
// cut off is marked with an ellipsis.
func window(line string, column, length, width int) (shown, carets string) {
	text := []rune(strings.TrimRight(line, " \t"))
	from := min(max(column-1, 0), len([]rune(line)))
	to := min(from+max(length, 1), max(len(text), from+1))

	// Lay the whole line out: the picture of each character and where it begins.
	pictures := make([]string, len(text))
	starts := make([]int, len(text)+1)
	at := 0
	for i, r := range text {
		starts[i] = at
		if r == '\t' {
			n := tabWidth - at%tabWidth
			pictures[i] = strings.Repeat(" ", n)
			at += n
			continue
		}
		v := visible(r)
		pictures[i] = string(v)
		at += cells(v)
	}
	starts[len(text)] = at
	place := func(i int) int { // also behind the end of the line
		if i < len(text) {
			return starts[i]
		}
		return starts[len(text)] + i - len(text)
	}

	first, last := 0, len(text)
	if end := max(at, place(to)); end > width {
		// Keep a third of the room before the caret, more when the line ends soon behind it.
		room := width - 2 // the two ellipses
		left := max(min(place(from)-room/3, end-room), 0)
		for first < last && starts[first] < left {
			first++
		}
		for last > first && starts[last]-place(first) > room {
			last--
		}
		to = max(min(to, last), from+1)
	}
	var b strings.Builder
	base := place(first)
	if first > 0 {
		b.WriteString("…")
		base--
	}
	for _, s := range pictures[first:last] {
		b.WriteString(s)
	}
	if last < len(text) {
		b.WriteString("…")
	}
	carets = strings.Repeat(" ", max(place(from)-base, 0)) + strings.Repeat("^", max(place(to)-place(from), 1))
	return b.String(), carets
}
