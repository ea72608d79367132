package sqltable

import (
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Table is what a database knows of a table.
type Table struct {
	Kind    string // "table", "view"...
	Columns []Column
	Uniques [][]string // the columns of each unique index that holds for all rows, and of the primary key
}

// Column is one of a table, as the database describes it.
type Column struct {
	Name     string
	Type     string // as declared
	NotNull  bool
	Default  bool // the database gives it a value where none is written
	Computed bool // the database computes it
}

// Unique reports whether the table has a row for each key once.
func (t *Table) Unique(key []string) bool {
	return slices.ContainsFunc(t.Uniques, func(u []string) bool { return sameSet(u, key) })
}

// Plain reports whether no row of the target can be refused, as far as its columns say. refuses reports whether a column may refuse values of
// a field of the rows, but for nulls, which Plain looks for itself.
func (t *Table) Plain(to Target, refuses func(c Column, f arrow.Field) bool) bool {
	if to.Mode == Replace && !to.Create {
		return false
	}
	for _, u := range t.Uniques {
		if to.Mode != Upsert || !sameSet(u, to.Key) {
			return false
		}
	}
	for _, c := range t.Columns {
		at := to.Schema.FieldIndices(c.Name)
		if len(at) == 0 {
			continue
		}
		if f := to.Schema.Field(at[0]); c.NotNull && f.Nullable || refuses(c, f) {
			return false
		}
	}
	return true
}

// sameSet reports whether two lists have the same names, in any order.
func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// CreateTable is the statement that makes the target's table. quoted is its name; declared is the type of a column for values of a type.
func (t Target) CreateTable(quoted string, declared func(arrow.DataType) string) string {
	var parts []string
	null := false
	for _, f := range t.Schema.Fields() {
		part := Quote(f.Name) + " " + declared(f.Type)
		if !f.Nullable {
			part += " NOT NULL"
		} else if slices.Contains(t.Key, f.Name) {
			null = true
		}
		parts = append(parts, part)
	}
	switch {
	case t.Mode == Upsert && null:
		parts = append(parts, "UNIQUE ("+QuoteAll(t.Key)+")")
	case t.Mode == Upsert:
		parts = append(parts, "PRIMARY KEY ("+QuoteAll(t.Key)+")")
	}
	return "CREATE TABLE " + quoted + " (" + strings.Join(parts, ", ") + ")"
}
