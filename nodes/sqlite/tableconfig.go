package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
	"flowrun/nodes"
	"flowrun/nodes/sqltable"
)

// TableConfig is the settings of a table that a lookup holds.
type TableConfig struct {
	Path  string `yaml:"path" doc:"the file of the database" required:"true"`
	Table string `yaml:"table" doc:"the table or view, or the query"`
	Query string `yaml:"query" doc:"a SELECT whose rows are held, in place of a table"`
}

func (c TableConfig) from() string { return SourceConfig{Table: c.Table, Query: c.Query}.from() }

// detail is the table as it may be shown.
func (c TableConfig) detail() string {
	if c.Query != "" {
		return "a query of " + c.Path
	}
	return "table " + c.Table + " of " + c.Path
}

// Look asks the database for the columns of a table that a lookup is to hold. declared are types that the lookup says, nil: it says none;
// at is where it does. What is wrong is reported, and the result is nil.
func (c TableConfig) Look(b *nodes.Builder, declared *arrow.Schema, at func(column string) diag.Span) *sqltable.Look {
	switch {
	case c.Path == "":
		b.Wrong("path", "path is empty", "sqlite: {path: app.db, table: users}")
		return nil
	case (c.Table == "") == (c.Query == ""):
		b.Wrong("table", "a lookup reads a table or a query: one of the two", "sqlite: {path: app.db, table: users}")
		return nil
	}
	unreadable := func(key, what, hint string, err error) *sqltable.Look {
		b.Report(diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting(key), Message: "cannot read " + what + ": " + said(err), Hint: hintOf(err, hint)})
		return nil
	}
	const relative = "a relative path starts where flowrun is run"
	ctx := b.Context()
	db, conn, err := connect(ctx, filepath.Clean(c.Path), true)
	if err != nil {
		return unreadable("path", c.Path, relative, err)
	}
	defer func() { _ = conn.Close(); _ = db.Close() }()
	names, err := tableNames(ctx, conn)
	if err != nil {
		return unreadable("path", c.Path, relative, err)
	}
	if c.Table != "" && !hasFold(names, c.Table) {
		hint := "it has no table at all"
		if len(names) > 0 {
			hint = "it has " + strings.Join(names, ", ")
		}
		if near := diag.Suggest(c.Table, names); near != "" {
			hint = fmt.Sprintf("did you mean %q? %s", near, hint)
		}
		b.Report(diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting("table"), Message: fmt.Sprintf("%s has no table %s", c.Path, c.Table), Hint: hint})
		return nil
	}
	types, err := columnTypes(ctx, conn, "SELECT * FROM "+c.from()+" LIMIT 0")
	if err != nil {
		key := "table"
		if c.Query != "" {
			key = "query"
		}
		return unreadable(key, c.detail(), "it is read by SELECT * FROM it; sqlite3 says more", err)
	}
	look := &sqltable.Look{Detail: c.detail(), Tells: true}
	if declared != nil {
		return c.declared(b, look, types, declared, at)
	}
	for _, name := range types.names {
		col := sqltable.LookColumn{Name: name, Type: typeOf(types.declared[name])}
		if col.Type == nil {
			col.Why = fmt.Sprintf("the type %q that it is declared with does not say what it is", types.declared[name])
			col.Hint = "say the columns that are used: schema: {" + name + ": float}"
		}
		look.Columns = append(look.Columns, col)
	}
	return look
}

// declared takes the types that the lookup says.
func (c TableConfig) declared(b *nodes.Builder, look *sqltable.Look, types *declaredTypes, declared *arrow.Schema, at func(string) diag.Span) *sqltable.Look {
	ok := true
	for _, f := range declared.Fields() {
		if _, is := types.declared[f.Name]; !is {
			hint := "it has " + strings.Join(types.names, ", ")
			if near := diag.Suggest(f.Name, types.names); near != "" {
				hint = fmt.Sprintf("did you mean %q? %s", near, hint)
			}
			b.Report(diag.Diagnostic{Code: nodes.CodeSchema, At: at(f.Name), Message: fmt.Sprintf("%s has no column %q", look.Detail, f.Name), Hint: hint})
			ok = false
		} else if sqltable.IsNested(f.Type) {
			b.Report(diag.Diagnostic{Code: nodes.CodeSchema, At: at(f.Name), Message: fmt.Sprintf("column %q is a text to SQLite", f.Name),
				Hint: "read it as string, and parse what is taken: parse: {column: " + f.Name + ", as: json}"})
			ok = false
		}
		look.Columns = append(look.Columns, sqltable.LookColumn{Name: f.Name, Type: f.Type, NotNull: !f.Nullable})
	}
	if !ok {
		return nil
	}
	return look
}

func hasFold(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// typeName is a column's type as pipelines write it.
func typeName(f arrow.Field) string { return schema.Name(f.Type) }
