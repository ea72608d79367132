package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/nodes/sqltable"
)

// database is the sink's connection to a server.
type database struct {
	config *pgx.ConnConfig
	place  string
	rt     op.Runtime
	conn   *pgx.Conn // nil: none
	key    []int     // of the target
	rows   rows
}

var _ sqltable.Database = (*database)(nil)

func (d *database) Place() string { return d.place }

func (d *database) Passes(err error) (string, bool) { return passes(err) }

func (d *database) Check(b *batch.Batch) ([]batch.Failure, bool) { return check(b, d.key) }

func (d *database) Close() error {
	if d.conn != nil {
		_ = d.conn.Close(context.Background())
		d.conn = nil
	}
	return nil
}

func (d *database) exec(ctx context.Context, text string) error {
	return d.conn.PgConn().Exec(ctx, text).Close()
}

// connect connects, if there is no connection.
func (d *database) connect(ctx context.Context) (err error) {
	if d.conn == nil {
		d.conn, err = pgx.ConnectConfig(ctx, d.config)
	}
	return err
}

// check drops a connection that is gone.
func (d *database) checked(err error) error {
	if err != nil && d.conn != nil && d.conn.IsClosed() {
		d.conn = nil
		return lost{err}
	}
	return err
}

// quoted is the name of a table, with its schema.
func quoted(table string) string {
	parts := strings.Split(table, ".")
	for i, p := range parts {
		parts[i] = sqltable.Quote(p)
	}
	return strings.Join(parts, ".")
}

func (d *database) Open(ctx context.Context, rt op.Runtime, t sqltable.Target, noted bool) (plain bool, err error) {
	d.rt, d.key = rt, t.KeyIndices()
	if err := d.connect(ctx); err != nil {
		return false, err
	}
	defer func() { err = d.checked(err) }()
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
		err := d.exec(ctx, `SET client_min_messages = warning; CREATE TABLE IF NOT EXISTS `+sqltable.Commits+` (writer text PRIMARY KEY, number bigint NOT NULL, pipeline text NOT NULL, node text NOT NULL, at timestamptz NOT NULL)`)
		if err != nil {
			return false, err
		}
	}
	return table.plain(t), nil
}

// misfits finds what is wrong with writing the target's rows into the table.
func (t *tableInfo) misfits(to sqltable.Target) []sqltable.Misfit {
	switch {
	case len(t.columns) == 0:
		return []sqltable.Misfit{to.NoTable()}
	case t.kind != "r" && t.kind != "p":
		return []sqltable.Misfit{to.NotATable(map[string]string{"v": "view", "m": "materialized view", "f": "foreign table"}[t.kind])}
	}
	list := to.Misfits(t.columns, func(i int, c sqltable.Column) string {
		return fits(to.Schema.Field(i).Type, t.base[c.Name], t.category[c.Name])
	})
	if len(list) == 0 && to.Mode == sqltable.Upsert && !t.unique(to.Key) {
		list = append(list, to.NoUniqueIndex(fmt.Sprintf("CREATE UNIQUE INDEX ON %s (%s)", quoted(to.Table), sqltable.QuoteAll(to.Key))))
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
		}
		parts = append(parts, part)
	}
	for _, k := range t.KeyIndices() {
		null = null || t.Schema.Field(k).Nullable
	}
	switch {
	case t.Mode == sqltable.Upsert && null:
		parts = append(parts, "UNIQUE ("+sqltable.QuoteAll(t.Key)+")")
	case t.Mode == sqltable.Upsert:
		parts = append(parts, "PRIMARY KEY ("+sqltable.QuoteAll(t.Key)+")")
	}
	return "CREATE TABLE " + quoted(t.Table) + " (" + strings.Join(parts, ", ") + ")"
}

// begin begins a transaction whose end is durable, and whose constraints are looked at with each statement.
const begin = `BEGIN; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'; SET CONSTRAINTS ALL IMMEDIATE`

// Apply implements sqltable.Database.
func (d *database) Apply(ctx context.Context, c sqltable.Commit) (refused []sqltable.Refusal, err error) {
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	defer func() { err = d.checked(err) }()
	if err := d.exec(ctx, begin); err != nil {
		return nil, err
	}
	open := true
	defer func() {
		if open && !d.conn.IsClosed() {
			if d.exec(context.WithoutCancel(ctx), "ROLLBACK") != nil {
				_ = d.conn.Close(context.WithoutCancel(ctx))
			}
		}
	}()
	if c.ID != nil {
		if done, err := d.done(ctx, c.ID); done || err != nil {
			return nil, err
		}
	}
	w := &writer{d: d, t: c.Target}
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	d.rows.reset()
	err = c.Rows(func(b *batch.Batch) error {
		d.rows.add(b, c.Target.Mode == sqltable.Upsert)
		if len(d.rows.text) < chunkBytes {
			return nil
		}
		return w.flush(ctx)
	})
	if err == nil {
		err = w.flush(ctx)
	}
	if err != nil || c.Trial || c.Whole && len(w.refused) > 0 {
		return w.refused, err
	}
	if c.ID != nil {
		_, err := d.conn.Exec(ctx, `INSERT INTO `+sqltable.Commits+` (writer, number, pipeline, node, at) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (writer) DO UPDATE SET number = excluded.number, pipeline = excluded.pipeline, node = excluded.node, at = excluded.at`,
			c.ID.Writer, int64(c.ID.Number), c.ID.Pipeline, c.ID.Node)
		if err != nil {
			return nil, err
		}
	}
	if err := d.exec(ctx, "COMMIT"); err != nil {
		return nil, err
	}
	open = false
	return w.refused, nil
}

// done reports whether a commit has been carried out. A transaction of a lost connection that still runs is waited for.
func (d *database) done(ctx context.Context, id *sqltable.ID) (bool, error) {
	if _, err := d.conn.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "flowrun "+id.Writer); err != nil {
		return false, err
	}
	var last int64
	err := d.conn.QueryRow(ctx, "SELECT number FROM "+sqltable.Commits+" WHERE writer = $1", id.Writer).Scan(&last)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	if uint64(last) < id.Before {
		d.rt.WarnEvery("behind", "the database does not know the commit before this one: it is another one, or an older copy, and lacks rows", "database", d.place, "has", last, "before", id.Before)
	}
	return uint64(last) >= id.Number, nil
}
