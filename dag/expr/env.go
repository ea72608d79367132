package expr

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/diag"
)

// listedColumns is how many columns a hint lists.
const listedColumns = 20

// columns are the names that the environment has, in the schema's order.
func (e *Env) columns() []string {
	names := make([]string, e.Schema.NumFields())
	for i, f := range e.Schema.Fields() {
		names[i] = f.Name
	}
	return names
}

// index is the place of a column in the schema.
func (e *Env) index(name string) (int, bool) {
	at := e.Schema.FieldIndices(name)
	if len(at) == 0 {
		return 0, false
	}
	return at[0], true
}

// columnHint says what may have been meant by an unknown column, and which columns there are.
func (e *Env) columnHint(name string) string {
	var hint string
	columns := e.columns()
	switch {
	case diag.Suggest(name, columns) != "":
		hint = fmt.Sprintf("did you mean %q?", diag.Suggest(name, columns))
	case slices.Contains([]string{"null", "none", "undefined", "na"}, strings.ToLower(name)):
		return "null is written nil"
	case slices.Contains([]string{"true", "false", "nil"}, strings.ToLower(name)):
		return "did you mean " + strings.ToLower(name) + "?"
	case functions[name] != nil || e.Functions[name].Call != nil:
		hint = fmt.Sprintf("%s is a function and wants brackets: %s(...).", name, name)
	}
	return strings.TrimSpace(hint + " " + e.listColumns(columns))
}

// listColumns says which columns there are: `readings has: ts, device`.
func (e *Env) listColumns(columns []string) string {
	who := e.Of
	if who == "" {
		who = "the input"
	}
	if len(columns) == 0 {
		return who + " has no columns"
	}
	if more := len(columns) - listedColumns; more > 0 {
		return fmt.Sprintf("%s has: %s and %d more", who, strings.Join(columns[:listedColumns], ", "), more)
	}
	return who + " has: " + strings.Join(columns, ", ")
}
