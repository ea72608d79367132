package sqltable

import (
	"slices"
	"strings"
)

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
