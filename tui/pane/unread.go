package pane

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/live"
)

// hideUnread takes those columns out of a preview that nobody reads and that never had a value: most likely they are not
// built, and drawn as nulls they would be taken for data. It gives their names. seen keeps, by name, which had one.
func hideUnread(v live.Preview, seen map[string]bool) (live.Preview, []string) {
	var hidden []string
	var left []int
	for i, c := range v.Columns {
		if c.Unread && !seen[c.Name] && !hasValue(v, i) {
			hidden = append(hidden, c.Name)
			continue
		}
		seen[c.Name] = true
		left = append(left, i)
	}
	if len(hidden) == 0 {
		return v, nil
	}
	v.Columns = pick(v.Columns, left)
	v.Batches = slices.Clone(v.Batches)
	for i := range v.Batches {
		b := &v.Batches[i]
		b.Rows = slices.Clone(b.Rows)
		for r := range b.Rows {
			b.Rows[r] = pick(b.Rows[r], left)
		}
	}
	return v, hidden
}

func hasValue(v live.Preview, column int) bool {
	for _, b := range v.Batches {
		for _, r := range b.Rows {
			if column < len(r) && !r[column].Null {
				return true
			}
		}
	}
	return false
}

func pick[T any](list []T, places []int) []T {
	some := make([]T, 0, len(places))
	for _, i := range places {
		if i < len(list) {
			some = append(some, list[i])
		}
	}
	return some
}

// unreadAll says why there is no column to show.
func unreadAll(hidden []string) string {
	return fmt.Sprintf("nothing reads %s here, so the rows are only counted", strings.Join(hidden, ", "))
}

// unreadMark stands in the schema behind a column that nobody reads.
const unreadMark = "  not read"

// unreadLines are the lines of a schema's tree at which a column stands that nobody reads.
func unreadLines(s live.Schema) map[int]bool {
	var at map[int]bool
	column := -1
	for i, line := range s.Tree {
		if !strings.HasPrefix(line, " |-- ") {
			continue
		}
		if column++; column < len(s.Columns) && s.Columns[column].Unread {
			if at == nil {
				at = map[int]bool{}
			}
			at[i] = true
		}
	}
	return at
}
