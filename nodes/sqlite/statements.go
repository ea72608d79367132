package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/nodes/sqltable"
)

const (
	// maxVariables is how many values one statement may have.
	maxVariables = 32766
	// chunkRows is how many rows one statement writes at the most: more are not faster, and a refused row costs as many.
	chunkRows = 64
)

// statements write rows of one target.
type statements struct {
	d        *database
	t        sqltable.Target
	key      []int
	rows     int // in a chunk
	one, all *sql.Stmt
	remove   *sql.Stmt // the row with a key that has a null; nil: there can be none
	args     []any
	odd      []int // rows with a null in their key
}

// statements prepares what a target needs.
func (d *database) statements(ctx context.Context, t sqltable.Target) (*statements, error) {
	t.Create = false
	if d.st != nil && reflect.DeepEqual(d.st.t, t) {
		return d.st, nil
	}
	d.forget()
	s := &statements{d: d, t: t, rows: max(1, min(chunkRows, maxVariables/max(1, t.Schema.NumFields())))}
	s.key = t.KeyIndices()
	var err error
	if s.one, err = d.conn.PrepareContext(ctx, s.insert(1)); err != nil {
		return nil, err
	}
	d.st = s
	if s.all, err = d.conn.PrepareContext(ctx, s.insert(s.rows)); err != nil {
		return nil, err
	}
	for _, k := range s.key {
		if t.Schema.Field(k).Nullable {
			var where []string
			for _, name := range t.Key {
				where = append(where, sqltable.Quote(name)+" IS ?")
			}
			if s.remove, err = d.conn.PrepareContext(ctx, "DELETE FROM "+sqltable.Quote(t.Table)+" WHERE "+strings.Join(where, " AND ")); err != nil {
				return nil, err
			}
			break
		}
	}
	return s, nil
}

// forget closes the statements.
func (d *database) forget() {
	if d.st == nil {
		return
	}
	for _, st := range []*sql.Stmt{d.st.one, d.st.all, d.st.remove} {
		if st != nil {
			_ = st.Close()
		}
	}
	d.st = nil
}

func (s *statements) insert(rows int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO %s (%s) VALUES ", sqltable.Quote(s.t.Table), sqltable.QuoteAll(s.t.Names()))
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", s.t.Schema.NumFields()), ",") + ")"
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(one)
	}
	if s.t.Mode == sqltable.Upsert {
		fmt.Fprintf(&b, " ON CONFLICT (%s) DO ", sqltable.QuoteAll(s.t.Key))
		var sets []string
		for _, name := range s.t.Others() {
			sets = append(sets, sqltable.Quote(name)+" = excluded."+sqltable.Quote(name))
		}
		if len(sets) == 0 {
			b.WriteString("NOTHING")
		} else {
			b.WriteString("UPDATE SET " + strings.Join(sets, ", "))
		}
	}
	return b.String()
}

// write writes the rows of b, and gives those that are refused.
func (s *statements) write(ctx context.Context, b *batch.Batch) (refused []sqltable.Refusal, err error) {
	columns := make([]func(int) any, b.Record.NumCols())
	for i := range columns {
		columns[i] = values(b.Record.Column(i))
	}
	s.odd = s.odd[:0]
	n := b.Rows()
	for from := 0; from < n; {
		to := min(from+s.rows, n)
		// A row whose key has a null conflicts with none: what it replaces is removed first. It has another key than those of the chunk.
		picked, args := 0, s.args[:0]
		s.odd = s.odd[:0]
		for i := from; i < to; i++ {
			row := b.Row(i)
			if s.remove != nil && nullKey(b.Record, s.key, row) {
				s.odd = append(s.odd, i)
				continue
			}
			for _, v := range columns {
				args = append(args, v(row))
			}
			picked++
		}
		s.args = args
		var list []sqltable.Refusal
		if picked == s.rows {
			list, err = s.chunk(ctx, b, columns, from, to)
		} else if picked > 0 {
			list, err = s.singly(ctx, b, columns, from, to)
		}
		refused = append(refused, list...)
		for _, i := range s.odd {
			if err == nil {
				refused, err = s.row(ctx, b, columns, i, refused)
			}
		}
		if err != nil {
			return refused, err
		}
		if len(s.odd) > 0 && len(list) > 0 {
			sqltable.SortRefusals(refused)
		}
		from = to
	}
	return refused, nil
}

func nullKey(rec arrow.RecordBatch, key []int, row int) bool {
	for _, k := range key {
		if rec.Column(k).IsNull(row) {
			return true
		}
	}
	return false
}

// chunk writes as many rows as a statement takes, or finds those of them that are refused.
func (s *statements) chunk(ctx context.Context, b *batch.Batch, columns []func(int) any, from, to int) ([]sqltable.Refusal, error) {
	if err := s.d.exec(ctx, "SAVEPOINT chunk"); err != nil {
		return nil, err
	}
	_, err := s.all.ExecContext(ctx, s.args...)
	switch {
	case err == nil:
		return nil, s.d.exec(ctx, "RELEASE chunk")
	case !refuses(err):
		return nil, err
	}
	if err := s.d.exec(ctx, "ROLLBACK TO chunk"); err != nil {
		return nil, gone(err)
	}
	if err := s.d.exec(ctx, "RELEASE chunk"); err != nil {
		return nil, err
	}
	return s.singly(ctx, b, columns, from, to)
}

// singly writes row by row.
func (s *statements) singly(ctx context.Context, b *batch.Batch, columns []func(int) any, from, to int) (refused []sqltable.Refusal, err error) {
	odd := s.odd
	for i := from; i < to && err == nil; i++ {
		if len(odd) > 0 && odd[0] == i {
			odd = odd[1:]
			continue
		}
		refused, err = s.row(ctx, b, columns, i, refused)
	}
	return refused, err
}

// row writes one row, and adds it to the refused ones if it is.
func (s *statements) row(ctx context.Context, b *batch.Batch, columns []func(int) any, i int, refused []sqltable.Refusal) ([]sqltable.Refusal, error) {
	if err := s.d.exec(ctx, "SAVEPOINT row"); err != nil {
		return refused, err
	}
	row, args := b.Row(i), s.args[:0]
	var err error
	if s.remove != nil && nullKey(b.Record, s.key, row) {
		for _, k := range s.key {
			args = append(args, columns[k](row))
		}
		_, err = s.remove.ExecContext(ctx, args...)
	}
	if err == nil {
		args = args[:0]
		for _, v := range columns {
			args = append(args, v(row))
		}
		_, err = s.one.ExecContext(ctx, args...)
	}
	s.args = args
	if err != nil {
		if !refuses(err) {
			return refused, err
		}
		refused = append(refused, sqltable.Refusal{Row: int64(i), Detail: said(err)})
		if err := s.d.exec(ctx, "ROLLBACK TO row"); err != nil {
			return refused, gone(err)
		}
	}
	return refused, s.d.exec(ctx, "RELEASE row")
}

// gone says what it means that a savepoint is not there any more.
func gone(err error) error {
	return errors.Join(errors.New("a trigger or ON CONFLICT ROLLBACK of the table undid the whole transaction, so that no row can be blamed alone: let it ABORT"), err)
}
