package lookup

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/nodes"
	"flowrun/nodes/postgres"
	"flowrun/nodes/sqlite"
	"flowrun/nodes/sqltable"
)

// table makes the connector of a lookup's table.
func table(o plan.Op) (op.Table, error) {
	switch c := o.(*plan.Lookup).Table.Config.(type) {
	case sqlite.TableConfig:
		return sqlite.NewTable(c), nil
	case postgres.TableConfig:
		return postgres.NewTable(c)
	default:
		return nil, fmt.Errorf("lookup: no connector for %T", c)
	}
}

// lookAtTable asks the database which columns the table has, and reports what is wrong.
func lookAtTable(b *nodes.Builder, c config, o *plan.Lookup) bool {
	if b.Node.Config.Get("format") != nil {
		b.Wrong("format", "format is for files, and a table says itself what it is", "remove `format`")
		return false
	}
	var declared *arrow.Schema
	if c.declares() {
		if declared = written(b, c); declared == nil {
			return false
		}
		declared = schema.Plain(declared)
	}
	at := func(column string) diag.Span {
		for _, e := range c.Schema.Entries {
			if e.Key == column || e.Key == column+"!" {
				return e.KeyAt
			}
		}
		return c.Schema.At
	}
	var found *sqltable.Look
	o.Table = &plan.LookupTable{}
	if c.SQLite != nil {
		o.Table.Config = *c.SQLite
		found = c.SQLite.Look(b.Within("sqlite"), declared, at)
	} else {
		o.Table.Config = *c.Postgres
		found = c.Postgres.Look(b.Within("postgres"), declared, at)
	}
	if found == nil {
		return false
	}
	o.Table.Detail, o.Table.Tells = found.Detail, found.Tells
	used, ok := usedIn(o), true
	var fields []arrow.Field
	for _, col := range found.Columns {
		text, uses := used[col.Name]
		switch {
		case col.Type != nil:
			fields = append(fields, arrow.Field{Name: col.Name, Type: col.Type, Nullable: !col.NotNull})
		case uses:
			b.Report(diag.Diagnostic{Code: nodes.CodeInput, At: text.At, Message: fmt.Sprintf("column %s of %s cannot be read: %s", col.Name, found.Detail, col.Why), Hint: col.Hint})
			ok = false
		}
	}
	o.Schema = arrow.NewSchema(fields, nil)
	return ok
}
