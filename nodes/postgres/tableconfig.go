package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
	"flowrun/nodes"
	"flowrun/nodes/peer"
	"flowrun/nodes/sqltable"
)

// TableConfig is the settings of a table that a lookup holds.
type TableConfig struct {
	URL   string        `yaml:"url" doc:"where the database is: postgres://user:password@host:5432/database, with the parameters of libpq" required:"true" secret:"true"`
	Table string        `yaml:"table" doc:"the table or view, in a schema as schema.table, or the query"`
	Query string        `yaml:"query" doc:"a SELECT whose rows are held, in place of a table"`
	Retry spec.Duration `yaml:"retry_for" doc:"how long to try at the start when the server is not there or the connection is lost, before the run ends" default:"5m" min:"0s"`
}

// from is what is read, as it stands behind FROM; its columns are those of t.
func (c TableConfig) from() string {
	if c.Query != "" {
		return "(" + strings.TrimRight(strings.TrimSpace(c.Query), "; \n") + "\n) AS t"
	}
	return quoted(c.Table) + " AS t"
}

// detail is the table as it may be shown.
func (c TableConfig) detail(config *pgx.ConnConfig) string {
	if c.Query != "" {
		return "a query of " + place(config)
	}
	return "table " + c.Table + " of " + place(config)
}

// lookPatience is how long a server may take to say which columns there are.
const lookPatience = 10 * time.Second

// Look asks the server for the columns of a table that a lookup is to hold; where declared says their types it is not asked before the run.
// at is where it does. What is wrong is reported, and the result is nil.
func (c TableConfig) Look(b *nodes.Builder, declared *arrow.Schema, at func(column string) diag.Span) *sqltable.Look {
	config := locate(b, c.URL)
	if (c.Table == "") == (c.Query == "") {
		b.Wrong("table", "a lookup reads a table or a query: one of the two", "postgres: {url: "+sampleURL+", table: users}")
		return nil
	}
	if c.Query == "" && !isName(c.Table) {
		b.Wrong("table", fmt.Sprintf("%q is no name of a table", c.Table), "table: users, or in a schema table: crm.users")
		return nil
	}
	if config == nil {
		return nil
	}
	look := &sqltable.Look{Detail: c.detail(config)}
	if declared != nil {
		ok := true
		for _, f := range declared.Fields() {
			if sqltable.IsNested(f.Type) {
				b.Report(diag.Diagnostic{Code: nodes.CodeSchema, At: at(f.Name), Message: fmt.Sprintf("column %q cannot be read as %s", f.Name, schema.Name(f.Type)),
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
	ctx, cancel := context.WithTimeout(b.Context(), lookPatience)
	defer cancel()
	key := "url"
	var columns []column
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		defer conn.Close(context.WithoutCancel(ctx))
		if key = "query"; c.Query == "" {
			key = "table"
		}
		columns, err = c.columns(ctx, conn)
	}
	if err != nil {
		c.unreadable(ctx, b, key, config, conn, err)
		return nil
	}
	for _, col := range columns {
		one := sqltable.LookColumn{Name: col.name, Type: typeOf(col)}
		if one.Type == nil {
			one.Why = fmt.Sprintf("its type %s is none here", col.base)
			one.Hint = "say what it is read as, with all columns that are used: schema: {" + col.name + ": string}, or cast it in a query"
			if col.base == "numeric" {
				one.Hint = "say what it is read as, with all columns that are used: schema: {" + col.name + ": float}, or string"
			}
		}
		look.Columns = append(look.Columns, one)
	}
	return look
}

// unreadable reports that the columns could not be asked for.
func (c TableConfig) unreadable(ctx context.Context, b *nodes.Builder, key string, config *pgx.ConnConfig, conn *pgx.Conn, err error) {
	d := diag.Diagnostic{Code: nodes.CodeInput, At: b.Setting(key), Message: "cannot read " + c.detail(config) + ": " + said(err)}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Code == "42P01" && c.Query == "":
		d.Message = fmt.Sprintf("%s has no table %s", place(config), c.Table)
		d.Hint = "it is in none of the schemas that the role looks in: table: schema.table"
		if names := tableNames(ctx, conn); len(names) > 0 {
			const few = 20
			d.Hint = "it has " + strings.Join(names[:min(few, len(names))], ", ")
			if len(names) > few {
				d.Hint += "..."
			}
			if near := diag.Suggest(c.Table, names); near != "" {
				d.Hint = fmt.Sprintf("did you mean %q? %s", near, d.Hint)
			}
		}
	case errors.As(err, &refused) && key == "url":
		d.Hint = "user, password and database stand in url: " + sampleURL
	case errors.As(err, &refused):
		d.Hint = "it is read by SELECT * FROM it; psql says more"
	default:
		d.Message = "cannot read " + c.detail(config) + ": " + peer.Reason(err)
		d.Hint = "it is asked for its columns; where the lookup says them it need not be there yet: schema: {id: string, name: string}"
	}
	b.Report(d)
}

// tableNames lists what the role can read, as `table` names it.
func tableNames(ctx context.Context, conn *pgx.Conn) []string {
	rows, err := conn.Query(ctx, `SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname::text ELSE n.nspname || '.' || c.relname END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
AND n.nspname NOT LIKE 'pg\_%' AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1 LIMIT 1000`)
	if err != nil {
		return nil
	}
	names, _ := pgx.CollectRows(rows, pgx.RowTo[string])
	return names
}

// column is a column of a table or a query, as PostgreSQL describes it.
type column struct {
	name           string
	base, category string // of its type, as of tableInfo
}

// columns asks what is read for its columns.
func (c TableConfig) columns(ctx context.Context, conn *pgx.Conn) ([]column, error) {
	r := conn.PgConn().ExecParams(ctx, "SELECT t.* FROM "+c.from()+" LIMIT 0", nil, nil, nil, nil)
	for r.NextRow() {
	}
	described := slices.Clone(r.FieldDescriptions())
	if _, err := r.Close(); err != nil {
		return nil, err
	}
	var oids []uint32
	for _, f := range described {
		oids = append(oids, f.DataTypeOID)
	}
	rows, err := conn.Query(ctx, `SELECT oid, format_type(oid, NULL), typcategory::text FROM pg_type WHERE oid = ANY ($1)`, pgx.QueryExecModeExec, oids)
	if err != nil {
		return nil, err
	}
	types := map[uint32]column{}
	var oid uint32
	var one column
	_, err = pgx.ForEachRow(rows, []any{&oid, &one.base, &one.category}, func() error {
		types[oid] = one
		return nil
	})
	var list []column
	for _, f := range described {
		col := types[f.DataTypeOID]
		col.name = f.Name
		list = append(list, col)
	}
	return list, err
}

// isName reports whether a setting can be the name of a table.
func isName(table string) bool {
	parts := strings.Split(table, ".")
	return len(parts) <= 2 && !slices.Contains(parts, "")
}
