package sqltable

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

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

// Misfits finds what is wrong with writing the target's rows into a table. fits says what to do where a type of rows cannot be written into
// a column, "" where it can; index is the statement that makes an index of the key.
func (t *Table) Misfits(to Target, fits func(f arrow.Field, c Column) string, index string) []Misfit {
	switch {
	case len(t.Columns) == 0:
		return []Misfit{{"there is no table " + to.Table, "create: true makes it"}}
	case t.Kind != "table":
		return []Misfit{{fmt.Sprintf("%s is a %s, and not a table", to.Table, t.Kind), "name the table that its rows come from"}}
	}
	list := to.misfits(t.Columns, fits)
	if len(list) == 0 && to.Mode == Upsert && !t.Unique(to.Key) {
		list = append(list, Misfit{fmt.Sprintf("table %s has no primary key or unique index of just %s, by which rows are replaced", to.Table, strings.Join(to.Key, ", ")), index})
	}
	return list
}

// misfits are those of columns.
func (t Target) misfits(table []Column, fits func(f arrow.Field, c Column) string) (list []Misfit) {
	add := func(hint, format string, args ...any) {
		list = append(list, Misfit{Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	byName := map[string]Column{}
	var names []string
	for _, c := range table {
		byName[c.Name] = c
		names = append(names, c.Name)
	}
	for _, f := range t.Schema.Fields() {
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
			if hint := fits(f, c); hint != "" {
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
