package pipetest

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
)

// Difference is where what came is not what was expected.
type Difference struct {
	Step       int // counted from 1; 0 where there is one only
	Missing    []Missing
	Unexpected []object // as far as its columns are named by any expected row
	Order      string   // of rows that are all there: where the order begins to differ
	Watermark  string   // of a watermark that is expected, and not of rows: how it differs
	Expected   int      // rows
	Came       int

	expectation          // what Update goes by
	came        []object // all rows
	columns     []string // that the expected rows name
}

// Missing is an expected row that did not come, and the one that came which is nearest to it.
type Missing struct {
	At      diag.Span
	Row     object
	Nearest object // the same columns; nil: none is near
}

// compare holds what came to what is expected; nil: it is the same.
func compare(e expectation, got []object) *Difference {
	m := matching{rejected: strings.HasSuffix(e.of, "."+plan.RejectedOutput), want: e.rows, got: got}
	m.match()
	d := &Difference{expectation: e, came: got, columns: m.columns(), Expected: len(e.rows), Came: len(got)}
	for i := range e.rows {
		if m.of[i] < 0 {
			d.Missing = append(d.Missing, Missing{At: e.rows[i].at, Row: e.rows[i].values, Nearest: m.nearest(i)})
		}
	}
	for i, row := range got {
		if !m.used[i] {
			d.Unexpected = append(d.Unexpected, pick(row, d.columns))
		}
	}
	if len(d.Missing)+len(d.Unexpected) > 0 {
		return d
	}
	if e.ordered {
		d.Order = m.order()
	}
	if d.Order == "" && !e.missing {
		return nil
	}
	return d
}

// matching pairs expected rows with rows that came.
type matching struct {
	rejected bool
	want     []row
	got      []object
	of       []int  // by expected row: the row that came; -1: none
	used     []bool // by row that came
}

// matches reports whether a row that came is as expected in all columns that are named.
func (m *matching) matches(want, got object) bool {
	return !slices.ContainsFunc(want, func(c member) bool { return !m.same(c, got) })
}

// same compares one column. A reject's reason may be said without what belongs to one row only.
func (m *matching) same(want member, got object) bool {
	v, _ := got.get(want.name)
	if equal(want.value, v) {
		return true
	}
	reason, ok := want.value.(string)
	if !ok || !m.rejected || want.name != "reason" {
		return false
	}
	full, _ := v.(string)
	return strings.HasPrefix(full, reason+": ")
}

// match finds the most pairs that there are. Rows come in the expected order most often, so that is tried first.
func (m *matching) match() {
	m.of, m.used = make([]int, len(m.want)), make([]bool, len(m.got))
	by := make([]int, len(m.got)) // the expected row of each
	for i := range by {
		by[i] = -1
	}
	for i := range m.want {
		m.of[i] = -1
		if i < len(m.got) && m.matches(m.want[i].values, m.got[i]) {
			m.of[i], by[i] = i, i
		}
	}
	// Rows may name different columns, so a row that came can stand for several: one that is taken may have to move.
	var seen []bool
	var place func(i int) bool
	place = func(i int) bool {
		for j := range m.got {
			if seen[j] || !m.matches(m.want[i].values, m.got[j]) {
				continue
			}
			seen[j] = true
			if by[j] < 0 || place(by[j]) {
				m.of[i], by[j] = j, i
				return true
			}
		}
		return false
	}
	for i := range m.want {
		if m.of[i] < 0 {
			seen = make([]bool, len(m.got))
			place(i)
		}
	}
	for j, i := range by {
		m.used[j] = i >= 0
	}
}

// nearest is the row, of those that nobody expects, with the most columns as the i-th expected row has them.
func (m *matching) nearest(i int) object {
	want := m.want[i].values
	best, most := -1, 0
	for j, row := range m.got {
		if m.used[j] {
			continue
		}
		n := 0
		for _, c := range want {
			if m.same(c, row) {
				n++
			}
		}
		if n > most {
			best, most = j, n
		}
	}
	if best < 0 {
		return nil
	}
	m.used[best] = true
	names := make([]string, len(want))
	for i, c := range want {
		names[i] = c.name
	}
	return pick(m.got[best], names)
}

// columns are those that any expected row names; none: all.
func (m *matching) columns() []string {
	var names []string
	for _, r := range m.want {
		for _, c := range r.values {
			if !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
	}
	return names
}

// pick is the row with only those columns, in their order; all where none is named.
func pick(r object, names []string) object {
	if len(names) == 0 {
		return r
	}
	out := make(object, 0, len(names))
	for _, name := range names {
		v, _ := r.get(name)
		out = append(out, member{name, v})
	}
	return out
}

// order says where rows that are all there come in another order; "": nowhere.
func (m *matching) order() string {
	for i := range m.want {
		if !m.matches(m.want[i].values, m.got[i]) {
			names := make([]string, 0, len(m.want[i].values))
			for _, c := range m.want[i].values {
				names = append(names, c.name)
			}
			return fmt.Sprintf("row %d should be %s, and is %s", i+1, text(m.want[i].values), text(pick(m.got[i], names)))
		}
	}
	return ""
}
