package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op"
	"flowrun/nodes/sqltable"
)

// table reads a table or a query whole, and asks SQLite whether the database has changed since.
type table struct {
	cfg  TableConfig
	rt   op.Runtime
	cols *arrow.Schema
	db   *sql.DB // nil: none is open
	conn *sql.Conn

	seen    os.FileInfo // the file that is open
	version int64       // of the database, as the connection saw it before the last read
	read    bool        // on this connection
}

var _ op.Table = (*table)(nil)

// NewTable makes the connector of a table that a lookup holds.
func NewTable(c TableConfig) op.Table { return &table{cfg: c} }

func (t *table) Open(rt op.Runtime, columns *arrow.Schema) error {
	t.rt, t.cols = rt, columns
	return nil
}

func (t *table) path() string { return filepath.Clean(t.cfg.Path) }

func (t *table) Passes(err error) (string, bool) { return passesReading(err) }

func (t *table) Patience() time.Duration { return patience }

// Changed implements op.Table: it is another file, or another connection has written.
func (t *table) Changed(ctx context.Context) (bool, error) {
	info, err := stat(t.path())
	if err != nil {
		return false, err
	}
	if !t.read || !os.SameFile(info, t.seen) {
		return true, nil
	}
	version, err := t.dataVersion(ctx)
	if err != nil {
		return false, t.dropped(err)
	}
	return version != t.version, nil
}

func stat(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no file %s", path)
	}
	return info, err
}

func (t *table) dataVersion(ctx context.Context) (n int64, err error) {
	err = t.conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&n)
	return n, err
}

// connect opens the file that is there now.
func (t *table) connect(ctx context.Context) error {
	info, err := stat(t.path())
	if err != nil {
		return err
	}
	if t.db != nil && os.SameFile(info, t.seen) {
		return nil
	}
	if err := t.Close(); err != nil {
		return err
	}
	t.seen = info
	if t.db, t.conn, err = connect(ctx, t.path(), true); err != nil {
		return worded{err}
	}
	return nil
}

// dropped closes the connection, which may be of no use after an error, and gives the error.
func (t *table) dropped(err error) error {
	_ = t.Close()
	return worded{err}
}

// Read implements op.Table. One statement sees one state of the database.
func (t *table) Read(ctx context.Context, each func(arrow.RecordBatch) error) error {
	if err := t.connect(ctx); err != nil {
		return err
	}
	version, err := t.dataVersion(ctx) // before the rows: what is written meanwhile is seen as a change
	if err == nil {
		err = t.rows(ctx, each)
	}
	if err != nil {
		return t.dropped(err)
	}
	t.version, t.read = version, true
	return nil
}

func (t *table) rows(ctx context.Context, each func(arrow.RecordBatch) error) error {
	rows, err := t.conn.QueryContext(ctx, "SELECT "+columnsOf(t.cols)+" FROM "+t.cfg.from())
	if err != nil {
		return err
	}
	defer rows.Close()
	records := sqltable.NewRecords(t.cols, t.rt.Allocator(), each)
	defer records.Release()
	values := make([]any, t.cols.NumFields())
	into := make([]any, t.cols.NumFields())
	for i := range into {
		into[i] = &values[i]
	}
	for n := 1; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, f := range t.cols.Fields() {
			if v := values[i]; !appendValue(records.Column(i), f, v) {
				return fmt.Errorf("row %d: column %s is read as %s, and holds %.100v", n, f.Name, typeName(f), shown(v))
			}
		}
		if err := records.Row(); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return records.End()
}

// Close implements op.Table; after it, reading connects anew.
func (t *table) Close() error {
	t.read = false
	if t.db == nil {
		return nil
	}
	err := errors.Join(t.conn.Close(), t.db.Close())
	t.db, t.conn = nil, nil
	return err
}
