package postgres

import (
	"bytes"
	"context"
	"strings"

	"flowrun/nodes/sqltable"
)

// chunkBytes is how much is sent with one statement, about.
const chunkBytes = 4 << 20

// waiting is the table through which upserts go.
const waiting = "flowrun_rows"

// writer writes the rows of one transaction.
type writer struct {
	d       *database
	t       sqltable.Target
	copy    string // the statement that takes rows
	merge   string // and those behind it, for upserts
	at      int64  // the row with which the chunk begins
	refused []sqltable.Refusal
}

func (w *writer) begin(ctx context.Context) error {
	names, table := sqltable.QuoteAll(w.t.Names()), quoted(w.t.Table)
	switch w.t.Mode {
	case sqltable.Insert:
		w.copy = "COPY " + table + " (" + names + ") FROM STDIN"
		return nil
	case sqltable.Replace:
		w.copy = "COPY " + table + " (" + names + ") FROM STDIN"
		return w.d.exec(ctx, "DELETE FROM "+table)
	}
	w.copy = "COPY pg_temp." + waiting + " FROM STDIN"
	key := sqltable.QuoteAll(w.t.Key)
	var same, null, sets []string
	for i, k := range w.t.Key {
		if w.t.Schema.Field(w.t.KeyIndices()[i]).Nullable {
			null = append(null, "r."+sqltable.Quote(k)+" IS NULL")
		}
		same = append(same, "t."+sqltable.Quote(k)+" IS NOT DISTINCT FROM r."+sqltable.Quote(k))
	}
	for _, n := range w.t.Others() {
		sets = append(sets, sqltable.Quote(n)+" = excluded."+sqltable.Quote(n))
	}
	if len(null) > 0 { // a null conflicts with nothing: what such a row replaces is removed
		w.merge = "DELETE FROM " + table + " t USING pg_temp." + waiting + " r WHERE (" + strings.Join(null, " OR ") + ") AND " + strings.Join(same, " AND ") + "; "
	}
	w.merge += "INSERT INTO " + table + " (" + names + ") SELECT DISTINCT ON (" + key + ") " + names + " FROM pg_temp." + waiting +
		" ORDER BY " + key + ", flowrun_n DESC ON CONFLICT (" + key + ") DO "
	if len(sets) == 0 {
		w.merge += "NOTHING"
	} else {
		w.merge += "UPDATE SET " + strings.Join(sets, ", ")
	}
	w.merge += "; TRUNCATE pg_temp." + waiting
	return w.d.exec(ctx, "CREATE TEMP TABLE "+waiting+" ON COMMIT DROP AS SELECT 0::bigint AS flowrun_n, "+names+" FROM "+table+" WITH NO DATA")
}

// flush writes the rows of the chunk.
func (w *writer) flush(ctx context.Context) error {
	n := len(w.d.rows.ends)
	if n == 0 {
		return nil
	}
	err := w.put(ctx, 0, n)
	w.at += int64(n)
	w.d.rows.reset()
	return err
}

// put writes the rows [from, to) of the chunk. Where one is refused it is found: by the line that the error blames, or by halves.
func (w *writer) put(ctx context.Context, from, to int) error {
	for from < to {
		if err := w.d.exec(ctx, "SAVEPOINT rows"); err != nil {
			return err
		}
		err := w.attempt(ctx, from, to)
		if err == nil {
			return w.d.exec(ctx, "RELEASE SAVEPOINT rows")
		}
		if !refuses(err) {
			return err
		}
		if err := w.d.exec(ctx, "ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows"); err != nil {
			return err
		}
		line := lineOf(err)
		switch {
		case to-from == 1:
			w.refuse(from, err)
			return nil
		case line >= 1 && line <= to-from:
			bad := from + line - 1
			if err := w.put(ctx, from, bad); err != nil {
				return err
			}
			w.refuse(bad, err)
			from = bad + 1
		default:
			middle := from + (to-from)/2
			if err := w.put(ctx, from, middle); err != nil {
				return err
			}
			from = middle
		}
	}
	return nil
}

func (w *writer) refuse(row int, err error) {
	w.refused = append(w.refused, sqltable.Refusal{Row: w.at + int64(row), Detail: said(err)})
}

func (w *writer) attempt(ctx context.Context, from, to int) error {
	if _, err := w.d.conn.PgConn().CopyFrom(ctx, bytes.NewReader(w.d.rows.lines(from, to)), w.copy); err != nil {
		return err
	}
	if w.merge == "" {
		return nil
	}
	return w.d.exec(ctx, w.merge)
}
