package plan

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
)

// keep lists the incoming columns without those that are dropped, and under their new names; ok is false after a mistake.
func (b *binder) keep(n *Node, o *Project, e *expr.Env) (fields []arrow.Field, cols []ProjectColumn, ok bool) {
	dropped, drops := b.dropped(n, o, e)
	renamed, renames := b.renamed(n, o, e)
	for i, f := range e.Schema.Fields() {
		if dropped[f.Name] {
			continue
		}
		if name, ok := renamed[f.Name]; ok {
			f.Name = name
		}
		fields = append(fields, f)
		cols = append(cols, ProjectColumn{Name: f.Name, Source: i})
	}
	if drops && len(fields) == 0 && len(o.Drop) > 0 && len(o.Items) == 0 {
		b.report(CodeColumns, n.ConfigAt, "keep one of them, or count rows with aggregate: {take: {n: count()}}",
			"%s leaves no column: %s has only %s", n.Kind, e.Of, names(e.Schema))
		return nil, nil, false
	}
	return fields, cols, drops && renames
}

// dropped checks the columns that are to go.
func (b *binder) dropped(n *Node, o *Project, e *expr.Env) (dropped map[string]bool, ok bool) {
	dropped, ok = map[string]bool{}, true
	for _, d := range o.Drop {
		switch {
		case len(e.Schema.FieldIndices(d.Value)) == 0:
			b.unknownColumn(d, e)
			ok = false
		case dropped[d.Value]:
			b.report(CodeDuplicateColumn, d.At, "name it once", "%s names the column %q twice", n.Kind, d.Value)
			ok = false
		}
		dropped[d.Value] = true
	}
	return dropped, ok
}

// renamed checks the new names, and gives them by the old ones. Columns may swap their names.
func (b *binder) renamed(n *Node, o *Project, e *expr.Env) (names map[string]string, ok bool) {
	names, ok = make(map[string]string, len(o.Rename)), true
	for _, r := range o.Rename {
		switch {
		case len(e.Schema.FieldIndices(r.Old.Value)) == 0:
			b.notRenamed(n, r, e)
			ok = false
		case r.Old.Value == r.New.Value:
			b.report(CodeColumns, r.New.At, "write another name, or remove it", "%q already has this name", r.Old.Value)
			ok = false
		default:
			names[r.Old.Value] = r.New.Value
		}
	}
	taken := map[string]string{} // by its name in the result: what has it
	for _, f := range e.Schema.Fields() {
		if _, gone := names[f.Name]; !gone && !slices.ContainsFunc(o.Drop, func(d diag.Text) bool { return d.Value == f.Name }) {
			taken[f.Name] = f.Name
		}
	}
	for _, r := range o.Rename {
		if _, known := names[r.Old.Value]; !known {
			continue
		}
		has, clash := taken[r.New.Value]
		switch {
		case clash && has == r.New.Value:
			b.report(CodeDuplicateColumn, r.New.At, fmt.Sprintf("drop %q before, or write another name", has), "%s already has a column %q", e.Of, has)
			ok = false
		case clash:
			b.report(CodeDuplicateColumn, r.New.At, "write another name", "%q gets this name as well", has)
			ok = false
		}
		taken[r.New.Value] = r.Old.Value
	}
	return names, ok
}

// notRenamed reports a column that is not there; perhaps the old name and the new one were written the other way round.
func (b *binder) notRenamed(n *Node, r Renamed, e *expr.Env) {
	if len(e.Schema.FieldIndices(r.New.Value)) == 0 {
		b.unknownColumn(r.Old, e)
		return
	}
	b.report(expr.CodeUnknownColumn, r.Old.At, fmt.Sprintf("the old name stands first: %s: {%s: %s}", n.Kind, r.New.Value, r.Old.Value),
		"unknown column %q", r.Old.Value)
}
