package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/nodes/sqltable"
)

// tableInfo is what SQLite knows of a table.
type tableInfo struct {
	sqltable.Table
	text     string // the statement that made it
	partial  bool   // there are unique indices for some rows, or over expressions
	rowid    bool   // a column of the primary key is the rowid
	triggers int
	foreign  bool
}

// describe asks SQLite for a table; without columns there is none.
func describe(ctx context.Context, conn *sql.Conn, table string) (*tableInfo, error) {
	var t tableInfo
	var primary []string
	err := each(ctx, conn, func(rows *sql.Rows) error {
		var c sqltable.Column
		var notNull, hidden, pk int
		var dflt sql.NullString
		if err := rows.Scan(&c.Name, &c.Type, &notNull, &dflt, &pk, &hidden); err != nil {
			return err
		}
		c.NotNull, c.Default, c.Computed = notNull != 0, dflt.Valid, hidden == 2 || hidden == 3
		if pk > 0 {
			primary = append(primary, c.Name)
			if strings.EqualFold(c.Type, "INTEGER") {
				c.Default, t.rowid = true, true // a rowid counts by itself; where it is none, SQLite says so
			}
		}
		t.Columns = append(t.Columns, c)
		return nil
	}, `SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)`, table)
	if err != nil || len(t.Columns) == 0 {
		return &t, err
	}
	if len(primary) > 0 {
		t.Uniques = append(t.Uniques, primary)
	}
	if err := conn.QueryRowContext(ctx, `SELECT type, coalesce(sql, '') FROM sqlite_master WHERE lower(name) = lower(?) AND type IN ('table', 'view')`, table).Scan(&t.Kind, &t.text); err != nil {
		return nil, err
	}
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND lower(tbl_name) = lower(?)`, table).Scan(&t.triggers); err != nil {
		return nil, err
	}
	if err := conn.QueryRowContext(ctx, `SELECT count(*) > 0 FROM pragma_foreign_key_list(?)`, table).Scan(&t.foreign); err != nil {
		return nil, err
	}
	var indices []string
	err = each(ctx, conn, func(rows *sql.Rows) error {
		var name string
		var partial bool
		if err := rows.Scan(&name, &partial); err != nil {
			return err
		}
		if partial {
			t.partial = true
		} else {
			indices = append(indices, name)
		}
		return nil
	}, `SELECT name, partial FROM pragma_index_list(?) WHERE "unique"`, table)
	for _, name := range indices {
		var columns []string
		err := each(ctx, conn, func(rows *sql.Rows) error {
			var c sql.NullString
			if err := rows.Scan(&c); err != nil {
				return err
			}
			columns = append(columns, c.String)
			t.partial = t.partial || !c.Valid
			return nil
		}, `SELECT name FROM pragma_index_info(?)`, name)
		if err != nil {
			return nil, err
		}
		t.Uniques = append(t.Uniques, columns)
	}
	return &t, err
}

// tableNames lists the tables and views of a database.
func tableNames(ctx context.Context, conn *sql.Conn) (names []string, err error) {
	err = each(ctx, conn, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
	return names, err
}

func each(ctx context.Context, conn *sql.Conn, row func(*sql.Rows) error, query string, args ...any) error {
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// plain reports whether no row of the target can be refused.
func (t *tableInfo) plain(to sqltable.Target) bool {
	text := strings.ToUpper(t.text)
	if t.partial || t.triggers > 0 || t.foreign || strings.Contains(text, "CHECK") || strings.Contains(text, "STRICT") {
		return false
	}
	return t.Plain(to, func(c sqltable.Column, f arrow.Field) bool {
		nan := f.Type.ID() == arrow.FLOAT64 // which SQLite takes for null
		return c.NotNull && (nan || sqltable.IsNested(f.Type)) || t.rowid && c.Default && f.Type.ID() != arrow.INT64
	})
}
