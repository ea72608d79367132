package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	if len(table.columns) == 0 && t.Create {
		if err := d.exec(ctx, createTable(t)); err != nil {
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
	switch {
	case len(t.columns) == 0:
		return []sqltable.Misfit{to.NoTable()}
	case t.kind != "table":
		return []sqltable.Misfit{to.NotATable(t.kind)}
	}
	list := to.Misfits(t.columns, func(i int, c sqltable.Column) string { return fits(to.Schema.Field(i).Type, c.Type) })
	if len(list) == 0 && to.Mode == sqltable.Upsert && !t.unique(to.Key) {
		list = append(list, to.NoUniqueIndex(fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s)", sqltable.Quote(to.Table+"_key"), sqltable.Quote(to.Table), sqltable.QuoteAll(to.Key))))
	}
	return list
}

// createTable is the statement that makes the target's table.
func createTable(t sqltable.Target) string {
	var parts []string
	null := false
	for _, f := range t.Schema.Fields() {
		part := sqltable.Quote(f.Name) + " " + declared(f.Type)
		if !f.Nullable {
			part += " NOT NULL"
		} else if slices.Contains(t.Key, f.Name) {
			null = true
		}
		parts = append(parts, part)
	}
	switch {
	case t.Mode == sqltable.Upsert && null:
		parts = append(parts, "UNIQUE ("+sqltable.QuoteAll(t.Key)+")")
	case t.Mode == sqltable.Upsert:
		parts = append(parts, "PRIMARY KEY ("+sqltable.QuoteAll(t.Key)+")")
	}
	return "CREATE TABLE " + sqltable.Quote(t.Table) + " (" + strings.Join(parts, ", ") + ")"
}

// Apply implements sqltable.Database.
func (d *database) Apply(ctx context.Context, c sqltable.Commit) (refused []sqltable.Refusal, err error) {
	if err := d.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	open := true
	defer func() {
		if open {
			_ = d.exec(context.WithoutCancel(ctx), "ROLLBACK") // fails where SQLite did so already
		}
	}()
	if c.ID != nil {
		done, err := d.done(ctx, c.ID)
		if done || err != nil {
			return nil, err
		}
	}
	w, err := d.statements(ctx, c.Target)
	if err != nil {
		return nil, err
	}
	if c.Target.Mode == sqltable.Replace {
		if err := d.exec(ctx, "DELETE FROM "+sqltable.Quote(c.Target.Table)); err != nil {
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
	if err != nil || c.Trial || c.Whole && len(refused) > 0 {
		return refused, err
	}
	if c.ID != nil {
		err := d.exec(ctx, `INSERT INTO `+sqltable.Commits+` (writer, number, pipeline, node, at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (writer) DO UPDATE SET number = excluded.number, pipeline = excluded.pipeline, node = excluded.node, at = excluded.at`,
			c.ID.Writer, int64(c.ID.Number), c.ID.Pipeline, c.ID.Node, d.rt.Now().UTC().Format(timestampLayout))
		if err != nil {
			return nil, err
		}
	}
	if err := d.exec(ctx, "COMMIT"); err != nil {
		return nil, err
	}
	open = false
	return refused, nil
}

// done reports whether a commit has been carried out.
func (d *database) done(ctx context.Context, id *sqltable.ID) (bool, error) {
	var last int64
	err := d.conn.QueryRowContext(ctx, "SELECT number FROM "+sqltable.Commits+" WHERE writer = ?", id.Writer).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	if uint64(last) < id.Before {
		d.rt.WarnEvery("behind", "the database does not know the commit before this one: it is another one, or an older copy, and lacks rows", "database", d.path, "has", last, "before", id.Before)
	}
	return uint64(last) >= id.Number, nil
}
