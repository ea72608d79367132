package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
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
	if len(table.Columns) == 0 && t.Create {
		if err := d.exec(ctx, t.CreateTable(quoted(t.Table), declared)); err != nil {
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
	return t.Misfits(to, func(f arrow.Field, c sqltable.Column) string { return fits(f.Type, t.base[c.Name], t.category[c.Name]) },
		fmt.Sprintf("CREATE UNIQUE INDEX ON %s (%s)", quoted(to.Table), sqltable.QuoteAll(to.Key)))
}

// Apply implements sqltable.Database.
func (d *database) Apply(ctx context.Context, c sqltable.Commit) (refused []sqltable.Refusal, err error) {
	if err := d.connect(ctx); err != nil {
		return nil, err
	}
	defer func() { err = d.checked(err) }()
	return sqltable.Carry(ctx, d.rt, d.place, transaction{d}, c)
}

// transaction is one of the connection.
type transaction struct{ d *database }

// begin begins a transaction whose end is durable, and whose constraints are looked at with each statement.
const begin = `BEGIN; SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'; SET CONSTRAINTS ALL IMMEDIATE`

func (t transaction) Begin(ctx context.Context) error  { return t.d.exec(ctx, begin) }
func (t transaction) Commit(ctx context.Context) error { return t.d.exec(ctx, "COMMIT") }

// Rollback ends the connection where the transaction cannot be ended.
func (t transaction) Rollback(ctx context.Context) {
	if !t.d.conn.IsClosed() && t.d.exec(ctx, "ROLLBACK") != nil {
		_ = t.d.conn.Close(ctx)
	}
}

// Last waits for a transaction of a lost connection that still runs.
func (t transaction) Last(ctx context.Context, writer string) (n int64, err error) {
	if _, err := t.d.conn.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "flowrun "+writer); err != nil {
		return 0, err
	}
	err = t.d.conn.QueryRow(ctx, "SELECT number FROM "+sqltable.Commits+" WHERE writer = $1", writer).Scan(&n)
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return n, err
}

func (t transaction) Note(ctx context.Context, id *sqltable.ID) error {
	_, err := t.d.conn.Exec(ctx, `INSERT INTO `+sqltable.Commits+` (writer, number, pipeline, node, at) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (writer) DO UPDATE SET number = excluded.number, pipeline = excluded.pipeline, node = excluded.node, at = excluded.at`,
		id.Writer, int64(id.Number), id.Pipeline, id.Node)
	return err
}

func (t transaction) Write(ctx context.Context, c sqltable.Commit) ([]sqltable.Refusal, error) {
	d := t.d
	w := &writer{d: d, t: c.Target}
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	d.rows.reset()
	err := c.Rows(func(b *batch.Batch) error {
		d.rows.add(b, c.Target.Mode == sqltable.Upsert)
		if len(d.rows.text) < chunkBytes {
			return nil
		}
		return w.flush(ctx)
	})
	if err == nil {
		err = w.flush(ctx)
	}
	return w.refused, err
}
