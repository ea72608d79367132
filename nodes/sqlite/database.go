package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/nodes/sqltable"
)

// database is the sink's side of a SQLite file.
type database struct {
	path string
	rt   op.Runtime
	db   *sql.DB
	conn *sql.Conn
	st   *statements // of the last target
}

var _ sqltable.Database = (*database)(nil)

func (d *database) Place() string { return d.path }

func (d *database) Passes(err error) (string, bool) { return passes(err) }

func (d *database) Check(*batch.Batch) ([]batch.Failure, bool) { return nil, false }

func (d *database) Close() error {
	if d.db == nil {
		return nil
	}
	d.forget()
	err := errors.Join(d.conn.Close(), d.db.Close())
	d.db, d.conn = nil, nil
	return err
}

func (d *database) exec(ctx context.Context, text string, args ...any) error {
	_, err := d.conn.ExecContext(ctx, text, args...)
	return err
}

func (d *database) Open(ctx context.Context, rt op.Runtime, t sqltable.Target, noted bool) (bool, error) {
	if d.db == nil {
		db, conn, err := connect(ctx, d.path, false)
		if err != nil {
			return false, err
		}
		d.db, d.conn = db, conn
	}
	d.rt = rt
	table, err := describe(ctx, d.conn, t.Table)
	if err != nil {
		return false, err
	}
	if len(table.Columns) == 0 && t.Create {
		if err := d.exec(ctx, t.CreateTable(sqltable.Quote(t.Table), declared)); err != nil {
			return false, err
		}
		if table, err = describe(ctx, d.conn, t.Table); err != nil {
			return false, err
		}
	}
	if list := table.misfits(t); len(list) > 0 {
		return false, sqltable.MisfitError(list)
	}
	if noted {
		err := d.exec(ctx, `CREATE TABLE IF NOT EXISTS `+sqltable.Commits+` (writer TEXT PRIMARY KEY, number INTEGER NOT NULL, pipeline TEXT NOT NULL, node TEXT NOT NULL, at TIMESTAMP NOT NULL)`)
		if err != nil {
			return false, err
		}
	}
	if _, err := d.statements(ctx, t); err != nil {
		return false, err
	}
	return table.plain(t), nil
}

// misfits finds what is wrong with writing the target's rows into the table.
func (t *tableInfo) misfits(to sqltable.Target) []sqltable.Misfit {
	return t.Misfits(to, func(f arrow.Field, c sqltable.Column) string { return fits(f.Type, c.Type) },
		fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s)", sqltable.Quote(to.Table+"_key"), sqltable.Quote(to.Table), sqltable.QuoteAll(to.Key)))
}

// Apply implements sqltable.Database.
func (d *database) Apply(ctx context.Context, c sqltable.Commit) ([]sqltable.Refusal, error) {
	return sqltable.Carry(ctx, d.rt, d.path, transaction{d}, c)
}

// transaction is one of the connection.
type transaction struct{ d *database }

func (t transaction) Begin(ctx context.Context) error  { return t.d.exec(ctx, "BEGIN IMMEDIATE") }
func (t transaction) Commit(ctx context.Context) error { return t.d.exec(ctx, "COMMIT") }

// Rollback fails where SQLite did so already.
func (t transaction) Rollback(ctx context.Context) { _ = t.d.exec(ctx, "ROLLBACK") }

func (t transaction) Last(ctx context.Context, writer string) (n int64, err error) {
	err = t.d.conn.QueryRowContext(ctx, "SELECT number FROM "+sqltable.Commits+" WHERE writer = ?", writer).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

func (t transaction) Note(ctx context.Context, id *sqltable.ID) error {
	return t.d.exec(ctx, `INSERT INTO `+sqltable.Commits+` (writer, number, pipeline, node, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (writer) DO UPDATE SET number = excluded.number, pipeline = excluded.pipeline, node = excluded.node, at = excluded.at`,
		id.Writer, int64(id.Number), id.Pipeline, id.Node, t.d.rt.Now().UTC().Format(timestampLayout))
}

func (t transaction) Write(ctx context.Context, c sqltable.Commit) (refused []sqltable.Refusal, err error) {
	w, err := t.d.statements(ctx, c.Target)
	if err != nil {
		return nil, err
	}
	if c.Target.Mode == sqltable.Replace {
		if err := t.d.exec(ctx, "DELETE FROM "+sqltable.Quote(c.Target.Table)); err != nil {
			return nil, err
		}
	}
	var at int64
	err = c.Rows(func(b *batch.Batch) error {
		list, err := w.write(ctx, b)
		for _, r := range list {
			refused = append(refused, sqltable.Refusal{Row: at + r.Row, Detail: r.Detail})
		}
		at += int64(b.Rows())
		return err
	})
	return refused, err
}
