package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/sqltable"
)

// SourceConfig is the settings of a table that is read.
type SourceConfig struct {
	Path   string        `yaml:"path" doc:"the file of the database" required:"true"`
	Table  string        `yaml:"table" doc:"the table, or the query"`
	Query  string        `yaml:"query" doc:"a SELECT whose rows are read, in place of a table; it has to give the column"`
	Column string        `yaml:"column" doc:"a column that is unique and grows from row to row: rows come in its order, and a run goes on above the last; unless said, the rowid of the table"`
	Follow bool          `yaml:"follow" doc:"go on with rows that come later" default:"false"`
	Poll   spec.Duration `yaml:"poll" doc:"how often to look for them" default:"1s" min:"1ms"`
}

const rowid = "rowid"

func init() {
	nodes.Register(nodes.Kind[SourceConfig]{
		Name: "sqlite", Role: nodes.Source, Doc: sourceDoc,
		Scan:   scan,
		Source: func(c SourceConfig, s *plan.Scan) (op.Source, error) { return newSource(c, s.Schema), nil },
	})
}

func scan(ctx context.Context, b *nodes.Builder, c SourceConfig) *plan.Scan {
	declared, ok := b.OwnSchema()
	switch {
	case !ok:
		return nil
	case (c.Table == "") == (c.Query == ""):
		b.Wrong("table", "sqlite reads a table or a query: one of the two", "sqlite: {path: shop.db, table: orders}")
		return nil
	case c.Query != "" && c.Column == "":
		b.Wrong("query", "a query needs a column that is unique and grows from row to row", "column: id")
		return nil
	}
	s := &plan.Scan{Schema: declared, Bounded: !c.Follow, Replays: true, UntilNow: true, Detail: c.Path + ", table " + c.Table}
	if c.Query != "" {
		s.Detail = c.Path + ", a query"
	}
	unreadable := func(key string, err error) *plan.Scan {
		b.Report(diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting(key), Message: "cannot read " + c.Path + ": " + said(err),
			Hint: hintOf(err, "a relative path starts where flowrun is run")})
		return nil
	}
	db, conn, err := connect(ctx, filepath.Clean(c.Path), true)
	if err != nil {
		return unreadable("path", err)
	}
	defer func() { _ = conn.Close(); _ = db.Close() }()
	if c.Table != "" {
		table, err := describe(ctx, conn, c.Table)
		if err != nil {
			return unreadable("path", err)
		}
		if len(table.Columns) == 0 {
			b.Wrong("table", fmt.Sprintf("%s has no table %s", c.Path, c.Table), "table: one that is there")
			return nil
		}
		if c.Column != "" && !strings.EqualFold(c.Column, rowid) && !table.Unique([]string{c.Column}) {
			b.Wrong("column", fmt.Sprintf("column %s of %s has no unique index: of rows with the same value some could be left out", c.Column, c.Table),
				"name the primary key, or leave `column` out to go by the rowid")
			return nil
		}
	}
	types, err := columnTypes(ctx, conn, "SELECT * FROM "+c.from()+" LIMIT 0")
	if err == nil { // the column of the order may be none of them
		_, err = columnTypes(ctx, conn, "SELECT +"+c.by()+" FROM "+c.from()+" LIMIT 0")
	}
	if err != nil {
		return unreadable("table", err)
	}
	if declared != nil {
		for _, f := range declared.Fields() {
			if _, ok := types.declared[f.Name]; !ok {
				b.Report(diag.Diagnostic{Code: nodes.CodeSchema, At: b.Column(f.Name), Message: fmt.Sprintf("%s has no column %q", c.Path, f.Name),
					Hint: "it has " + strings.Join(types.names, ", ")})
				ok = false
			} else if sqltable.IsNested(f.Type) {
				b.Report(diag.Diagnostic{Code: nodes.CodeSchema, At: b.Column(f.Name), Message: fmt.Sprintf("column %q is a text to SQLite", f.Name),
					Hint: "read it as string, and parse: {column: " + f.Name + ", as: json}"})
				ok = false
			}
		}
		if !ok {
			return nil
		}
		return s
	}
	var fields []arrow.Field
	for _, name := range types.names {
		t := typeOf(types.declared[name])
		if t == nil {
			b.Report(diag.Diagnostic{Code: nodes.CodeSchema, At: b.Config(), Message: fmt.Sprintf("the declared type %q of column %s does not say what it is", types.declared[name], name),
				Hint: "write the columns beside it: schema: {" + name + ": float}"})
			return nil
		}
		fields = append(fields, arrow.Field{Name: name, Type: t, Nullable: true})
	}
	s.Schema = arrow.NewSchema(fields, nil)
	return s
}

// from is what is read, as it stands behind FROM; its columns are those of t.
func (c SourceConfig) from() string {
	if c.Query != "" {
		return "(" + strings.TrimRight(strings.TrimSpace(c.Query), "; \n") + "\n) AS t"
	}
	return sqltable.Quote(c.Table) + " AS t"
}

// columnsOf lists columns of t. Without the t one that is not there would be a text to SQLite.
func columnsOf(s *arrow.Schema) string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, "t."+sqltable.Quote(f.Name))
	}
	return strings.Join(names, ", ")
}

// by is the column of the order.
func (c SourceConfig) by() string {
	if c.Column == "" {
		return "t." + rowid
	}
	return "t." + sqltable.Quote(c.Column)
}

// declaredTypes are the columns of what is read and their declared types.
type declaredTypes struct {
	names    []string
	declared map[string]string
}

// columnTypes gives the columns of a query.
func columnTypes(ctx context.Context, conn *sql.Conn, query string) (*declaredTypes, error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	d := &declaredTypes{declared: map[string]string{}}
	for _, t := range list {
		d.names = append(d.names, t.Name())
		d.declared[t.Name()] = t.DatabaseTypeName()
	}
	return d, rows.Err()
}
