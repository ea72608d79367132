package sqltable

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// Column is one of a table, as the database describes it.
type Column struct {
	Name     string
	Type     string // as declared
	NotNull  bool
	Default  bool // the database gives it a value where none is written
	Computed bool // the database computes it
}

// CheckColumns finds what is wrong with writing the target's rows into a table of these columns. fits says why a type of rows cannot be
// written into a column, "" where it can.
func CheckColumns(t Target, table []Column, fits func(i int, c Column) string) error {
	byName := map[string]Column{}
	var names []string
	for _, c := range table {
		byName[c.Name] = c
		names = append(names, c.Name)
	}
	for i, f := range t.Schema.Fields() {
		c, ok := byName[f.Name]
		switch {
		case !ok:
			hint := fmt.Sprintf("it has %s", strings.Join(names, ", "))
			if near := diag.Suggest(f.Name, names); near != "" {
				hint = fmt.Sprintf("did you mean %q? %s", near, hint)
			}
			return fmt.Errorf("table %s has no column %q, which the rows have (%s)", t.Table, f.Name, hint)
		case c.Computed:
			return fmt.Errorf("column %q of table %s is computed by the database and cannot be written: drop it before the sink", f.Name, t.Table)
		}
		if why := fits(i, c); why != "" {
			return fmt.Errorf("column %q of table %s is %s, and %s of the rows is %s: %s", f.Name, t.Table, strings.ToLower(c.Type), f.Name, schema.Name(f.Type), why)
		}
	}
	for _, c := range table {
		if c.NotNull && !c.Default && !c.Computed && len(t.Schema.FieldIndices(c.Name)) == 0 {
			return fmt.Errorf("column %q of table %s is never null and has no default, and the rows have no such column", c.Name, t.Table)
		}
	}
	return nil
}

// SameSet reports whether two lists have the same names, in any order.
func SameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// Quote makes a name an identifier of SQL.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// QuoteAll quotes names and puts commas between them.
func QuoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = Quote(n)
	}
	return strings.Join(quoted, ", ")
}

// Names are the columns of the target's rows.
func (t Target) Names() []string {
	var names []string
	for _, f := range t.Schema.Fields() {
		names = append(names, f.Name)
	}
	return names
}

// Others are the columns that are not part of the key.
func (t Target) Others() []string {
	return slices.DeleteFunc(t.Names(), func(n string) bool { return slices.Contains(t.Key, n) })
}
