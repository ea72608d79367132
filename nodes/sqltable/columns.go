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

// Misfit is something about a table by which rows cannot go into it, and what to do.
type Misfit struct{ Message, Hint string }

// MisfitError is an error of a table that does not fit.
type MisfitError []Misfit

// Error gives all of it.
func (e MisfitError) Error() string {
	all := make([]string, len(e))
	for i, m := range e {
		all[i] = m.Message + " (" + m.Hint + ")"
	}
	return strings.Join(all, "; ")
}

// Misfits finds what is wrong with writing the target's rows into a table of these columns. fits says what to do where a type of rows cannot
// be written into a column, "" where it can.
func (t Target) Misfits(table []Column, fits func(i int, c Column) string) (list []Misfit) {
	add := func(hint, format string, args ...any) {
		list = append(list, Misfit{Message: fmt.Sprintf(format, args...), Hint: hint})
	}
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
			hint := "it has " + strings.Join(names, ", ")
			if near := diag.Suggest(f.Name, names); near != "" {
				hint = fmt.Sprintf("did you mean %q? %s", near, hint)
			}
			add(hint+"; rename or drop a column before the sink, or ALTER TABLE", "table %s has no column %q, which the rows have", t.Table, f.Name)
		case c.Computed:
			add("drop it before the sink", "column %q of table %s is computed by the database and cannot be written", f.Name, t.Table)
		default:
			if hint := fits(i, c); hint != "" {
				add(hint, "column %q of table %s is %s, and %s of the rows is %s", f.Name, t.Table, strings.ToLower(c.Type), f.Name, schema.Name(f.Type))
			}
		}
	}
	for _, c := range table {
		if c.NotNull && !c.Default && !c.Computed && len(t.Schema.FieldIndices(c.Name)) == 0 {
			add("make it before the sink, by a derive, or ALTER TABLE to give it a default", "column %q of table %s is never null and has no default, and the rows have no such column", c.Name, t.Table)
		}
	}
	return list
}

// NoUniqueIndex is the misfit of a table in which a key has no row once; create is the statement that mends it.
func (t Target) NoUniqueIndex(create string) Misfit {
	return Misfit{Message: fmt.Sprintf("table %s has no primary key or unique index of just %s, by which rows are replaced", t.Table, strings.Join(t.Key, ", ")), Hint: create}
}

// NoTable is the misfit of a table that is not there and is not to be made.
func (t Target) NoTable() Misfit {
	return Misfit{Message: "there is no table " + t.Table, Hint: "create: true makes it"}
}

// NotATable is the misfit of something else that has the name.
func (t Target) NotATable(kind string) Misfit {
	return Misfit{Message: fmt.Sprintf("%s is a %s, and not a table", t.Table, kind), Hint: "name the table that its rows come from"}
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
