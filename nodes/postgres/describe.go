package postgres

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5"

	"flowrun/nodes/sqltable"
)

// tableInfo is what PostgreSQL knows of a table.
type tableInfo struct {
	sqltable.Table
	base, category map[string]string // of the types of columns
	special        bool              // triggers, foreign keys, checks, partitions, policies, other unique indices
}

// describe asks for a table; without columns there is none.
func describe(ctx context.Context, conn *pgx.Conn, table string) (*tableInfo, error) {
	t := tableInfo{base: map[string]string{}, category: map[string]string{}}
	name := quoted(table)
	rows, err := conn.Query(ctx, `SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), ty.typcategory::text,
a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a', ty.typtype <> 'b'
FROM pg_attribute a JOIN pg_type ty ON ty.oid = a.atttypid WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, name)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var c sqltable.Column
		var base, category string
		var special bool
		if err := rows.Scan(&c.Name, &c.Type, &base, &category, &c.NotNull, &c.Default, &c.Computed, &special); err != nil {
			rows.Close()
			return nil, err
		}
		t.Columns = append(t.Columns, c)
		t.base[c.Name], t.category[c.Name] = base, category
		t.special = t.special || special
	}
	if err := rows.Err(); err != nil || len(t.Columns) == 0 {
		return &t, err
	}
	var special bool
	err = conn.QueryRow(ctx, `SELECT CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
ELSE 'relation' END, c.relkind <> 'r' OR c.relhastriggers OR c.relrowsecurity OR c.relhasrules
OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('c', 'f', 'x'))
OR EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND (indpred IS NOT NULL OR indexprs IS NOT NULL))
FROM pg_class c WHERE c.oid = to_regclass($1)`, name).Scan(&t.Kind, &special)
	if err != nil {
		return nil, err
	}
	t.special = t.special || special
	rows, err = conn.Query(ctx, `SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY i.indexrelid`, name)
	if err != nil {
		return nil, err
	}
	t.Uniques, err = pgx.CollectRows(rows, pgx.RowTo[[]string])
	return &t, err
}

// plain reports whether no row of the target can be refused that check lets pass.
func (t *tableInfo) plain(to sqltable.Target) bool {
	return !t.special && t.Plain(to, func(c sqltable.Column, f arrow.Field) bool {
		return sqltable.IsNested(f.Type) || declared(f.Type) != c.Type
	})
}
