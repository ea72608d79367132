package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5"

	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/schema"
	"flowrun/nodes/sqltable"
)

// table reads a table or a query whole, with a connection of its own each time: between, nothing is asked of the server.
type table struct {
	cfg    TableConfig
	config *pgx.ConnConfig
	rt     op.Runtime
	cols   *arrow.Schema
}

var _ op.Table = (*table)(nil)

// NewTable makes the connector of a table that a lookup holds.
func NewTable(c TableConfig) (op.Table, error) {
	config, err := pgx.ParseConfig(c.URL)
	return &table{cfg: c, config: config}, err
}

func (t *table) Open(rt op.Runtime, columns *arrow.Schema) error {
	t.rt, t.cols = rt, columns
	return nil
}

// Changed implements op.Table: PostgreSQL does not tell.
func (t *table) Changed(context.Context) (bool, error) { return true, nil }

func (t *table) Passes(err error) (string, bool) { return passes(err) }

func (t *table) Patience() time.Duration { return time.Duration(t.cfg.Retry) }

func (t *table) Close() error { return nil }

// Read implements op.Table. One statement sees one state of the database.
func (t *table) Read(ctx context.Context, each func(arrow.RecordBatch) error) error {
	conn, err := pgx.ConnectConfig(ctx, t.config)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	checked := func(err error) error {
		if err != nil && conn.IsClosed() {
			return lost{err}
		}
		return err
	}
	text, err := t.statement(ctx, conn)
	if err != nil {
		return checked(err)
	}
	ctx, giveUp := context.WithCancel(ctx) // what is left of the rows is not waited for
	defer giveUp()
	const binaryForm = 1
	rows := conn.PgConn().ExecParams(ctx, text, nil, nil, nil, []int16{binaryForm})
	err = t.rows(func() [][]byte {
		if !rows.NextRow() {
			return nil
		}
		return rows.Values()
	}, each)
	if err != nil {
		giveUp()
		_, _ = rows.Close()
		return err
	}
	_, err = rows.Close()
	return checked(err)
}

// statement reads the columns that are wanted, as the types that they are wanted as.
func (t *table) statement(ctx context.Context, conn *pgx.Conn) (string, error) {
	has, err := t.cfg.columns(ctx, conn)
	if err != nil {
		return "", err
	}
	byName := map[string]column{}
	var names []string
	for _, c := range has {
		byName[c.name] = c
		names = append(names, c.name)
	}
	var list []string
	for _, f := range t.cols.Fields() {
		c, ok := byName[f.Name]
		if !ok {
			hint := "it has " + strings.Join(names, ", ")
			if near := diag.Suggest(f.Name, names); near != "" {
				hint = fmt.Sprintf("did you mean %q? %s", near, hint)
			}
			return "", fmt.Errorf("it has no column %q (%s)", f.Name, hint)
		}
		expr := reads(c, f.Type)
		if expr == "" {
			return "", fmt.Errorf("column %q is %s, which cannot be read as %s", f.Name, c.base, schema.Name(f.Type))
		}
		list = append(list, expr)
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM " + t.cfg.from(), nil
}

// rows hands the rows over that next gives; nil: there are no more.
func (t *table) rows(next func() [][]byte, each func(arrow.RecordBatch) error) error {
	records := sqltable.NewRecords(t.cols, t.rt.Allocator(), each)
	defer records.Release()
	for n := 1; ; n++ {
		values := next()
		if values == nil {
			return records.End()
		}
		for i, f := range t.cols.Fields() {
			if why := appendValue(records.Column(i), f, values[i]); why != "" {
				return fmt.Errorf("row %d: column %s %s", n, f.Name, why)
			}
		}
		if err := records.Row(); err != nil {
			return err
		}
	}
}
