package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
	"flowrun/nodes/sqltable"
)

var things = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: schema.Int, Nullable: true}, {Name: "name", Type: schema.String, Nullable: true},
}, nil)

type thing struct {
	id   any // int64 or nil
	name string
}

func batchOf(rt op.Runtime, rows ...thing) *batch.Batch {
	b := batch.NewBuilder(things, rt.Allocator())
	defer b.Release()
	for _, r := range rows {
		if id, ok := r.id.(int); ok {
			b.Column(0).AppendInt(int64(id))
		} else {
			b.Column(0).AppendNull()
		}
		b.Column(1).AppendString(r.name)
	}
	return b.Batch()
}

func newSink(path string, t sqltable.Target) *sqltable.Sink {
	if t.Table == "" {
		t.Table = "things"
	}
	if t.Schema == nil {
		t.Schema = things
	}
	return sqltable.New(sqltable.Options{Database: &database{path: path}, Target: t, Pipeline: "test", Patience: time.Minute})
}

// query gives rows of a database as lines.
func query(t testing.TB, path, text string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	lines := []string{}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, v := range values {
			if text, ok := (*v.(*any)).([]byte); ok {
				*v.(*any) = string(text)
			}
			parts = append(parts, fmt.Sprint(*v.(*any)))
		}
		lines = append(lines, strings.Join(parts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func run(t testing.TB, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

func put(t testing.TB, s op.Sink, rt op.Runtime, rows ...thing) *optest.Emitter {
	t.Helper()
	b := batchOf(rt, rows...)
	defer b.Release()
	var out optest.Emitter
	if err := s.Write(context.Background(), b, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWithoutACheckpointRowsShowAsTheyCome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	rt := optest.New(t)
	s := newSink(path, sqltable.Target{Mode: sqltable.Insert, Create: true})
	must(t, s.Open(t.Context(), rt, nil))
	put(t, s, rt, thing{1, "a"}, thing{nil, "b"})
	same(t, query(t, path, "SELECT * FROM things"), "1|a", "<nil>|b")
	p, err := s.Prepare(t.Context(), &optest.Emitter{})
	if p != nil || err != nil {
		t.Error(p, err)
	}
	must(t, errors.Join(s.Commit(t.Context(), p), s.Close()))
	same(t, query(t, path, "SELECT name FROM sqlite_master"), "things")
}

func TestCompleteResultsReplaceTheTable(t *testing.T) {
	for _, saved := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a.db")
		rt := optest.New(t)
		if rt.Saved = saved; saved {
			rt.Stage = t.TempDir()
		}
		s := newSink(path, sqltable.Target{Mode: sqltable.Replace, Create: true})
		must(t, s.Open(t.Context(), rt, nil))
		epoch := func(commit bool, rows ...thing) {
			put(t, s, rt, rows...)
			must(t, s.Epoch(t.Context(), 0))
			if commit && saved {
				p, err := s.Prepare(t.Context(), &optest.Emitter{})
				must(t, errors.Join(err, s.Commit(t.Context(), p)))
			}
		}
		all := func() []string { return query(t, path, "SELECT * FROM things") }
		epoch(false, thing{1, "a"})
		epoch(true, thing{1, "b"}, thing{2, "c"})
		same(t, all(), "1|b", "2|c")
		epoch(true, thing{3, "d"})
		same(t, all(), "3|d")
		epoch(true)
		same(t, all())
		must(t, s.Close())
	}
}

// Rows that the table refuses are rejected by the commit that has the others.
func TestRefusedRowsAreRejected(t *testing.T) {
	for _, saved := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a.db")
		run(t, path, "CREATE TABLE things (id INTEGER NOT NULL UNIQUE, name TEXT CHECK (length(name) < 5))")
		rt := optest.New(t)
		if rt.Saved = saved; saved {
			rt.Stage = t.TempDir()
		}
		s := newSink(path, sqltable.Target{Mode: sqltable.Insert})
		must(t, s.Open(t.Context(), rt, nil))
		var list []thing
		var want []string
		for i := range 200 {
			list = append(list, thing{i, "ok"})
			if i != 7 && i != 100 {
				want = append(want, fmt.Sprint(i, "|ok"))
			}
		}
		list[7], list[100] = thing{7, "too long"}, thing{nil, "null"}
		out := put(t, s, rt, list...)
		again := put(t, s, rt, thing{3, "same"}, thing{500, "ok"})
		want = append(want, "500|ok")
		if saved {
			p, err := s.Prepare(t.Context(), out)
			must(t, errors.Join(err, s.Commit(t.Context(), p)))
		}
		must(t, s.Close())
		same(t, query(t, path, "SELECT * FROM things ORDER BY id"), want...)
		var reasons []string
		for _, f := range append(out.Failures, again.Failures...) {
			reasons = append(reasons, fmt.Sprint(f.Row, " ", f.Reason, ": ", f.Detail))
		}
		same(t, reasons, "7 refused by the database: CHECK constraint failed: length(name) < 5", "100 refused by the database: NOT NULL constraint failed: things.id",
			"0 refused by the database: UNIQUE constraint failed: things.id")
	}
}

func TestATableThatDoesNotFit(t *testing.T) {
	for _, c := range []struct{ table, want string }{
		{"CREATE TABLE things (id INTEGER, nam TEXT)", `table things has no column "name", which the rows have (did you mean "nam"?`},
		{"CREATE TABLE things (id TIMESTAMP, name TEXT)", `column "id" of table things is timestamp, and id of the rows is int`},
		{"CREATE TABLE things (id INTEGER, name TEXT, more TEXT NOT NULL)", `column "more" of table things is never null and has no default, and the rows have no such column`},
		{"CREATE TABLE things (id INTEGER, name TEXT AS (id))", `column "name" of table things is computed by the database`},
		{"CREATE VIEW things AS SELECT 1 AS id, 'x' AS name", "things is a view"},
		{"CREATE TABLE other (id INTEGER)", "there is no table things (create: true makes it)"},
	} {
		path := filepath.Join(t.TempDir(), "a.db")
		run(t, path, c.table)
		s := newSink(path, sqltable.Target{Mode: sqltable.Insert})
		err := s.Open(t.Context(), optest.New(t), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.table, err, c.want)
		}
		must(t, s.Close())
	}
}

func TestAnotherProcessHoldsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	rt := optest.New(t)
	s := newSink(path, sqltable.Target{Mode: sqltable.Insert, Create: true})
	must(t, s.Open(t.Context(), rt, nil))
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	must(t, err)
	defer db.Close()
	tx, err := db.Begin()
	must(t, err)
	done := make(chan bool)
	go func() { put(t, s, rt, thing{1, "a"}); close(done) }()
	rt.AwaitStatus("another process holds its lock, retry in")
	must(t, tx.Rollback())
	<-done
	must(t, s.Close())
	same(t, query(t, path, "SELECT * FROM things"), "1|a")
}

// TestModel writes, prepares, commits, gives up and crashes at random: the table has the rows of the durable commits, each once, and a
// row of an upsert as its last one says.
func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		must(t, err)
		path := filepath.Join(dir, "a.db")
		target := sqltable.Target{Table: "things", Create: true, Schema: things, Mode: sqltable.Insert}
		if rapid.Bool().Draw(r, "upsert") {
			target.Mode, target.Key = sqltable.Upsert, []string{"id"}
		}
		refusing := rapid.Bool().Draw(r, "refusing")
		if refusing {
			text := "CREATE TABLE things (id INTEGER, name TEXT CHECK (name <> 'bad')"
			if target.Mode == sqltable.Upsert {
				text += ", UNIQUE (id)"
			}
			run(t, path, text+")")
		}
		rt := optest.New(t)
		rt.Saved, rt.Stage = true, filepath.Join(dir, "stage")
		s := newSink(path, target)
		must(t, s.Open(t.Context(), rt, nil))
		var table, fresh []thing // what was durable, what has come since
		var durable op.Prepared  // the last durable token
		n := 0
		apply := func() {
			for _, row := range fresh {
				if refusing && row.name == "bad" {
					continue
				}
				if target.Mode == sqltable.Upsert {
					table = slices.DeleteFunc(table, func(have thing) bool { return have.id == row.id })
				}
				table = append(table, row)
			}
			fresh = nil
		}
		reopen := func() {
			must(t, s.Close())
			s, fresh = newSink(path, target), nil
			var pending []op.Prepared
			if durable != nil {
				pending = []op.Prepared{durable}
			}
			must(t, s.Open(t.Context(), rt, pending))
		}
		somewhere := func() {
			for range rapid.IntRange(0, 2).Draw(r, "batches") {
				var rows []thing
				for range rapid.IntRange(1, 150).Draw(r, "rows") {
					n++
					row := thing{n % 7, fmt.Sprint("row ", n)}
					if n%5 == 0 {
						row.id = nil
					}
					if n%11 == 0 {
						row.name = "bad"
					}
					rows = append(rows, row)
				}
				put(t, s, rt, rows...)
				fresh = append(fresh, rows...)
			}
		}
		r.Repeat(map[string]func(*rapid.T){
			"write": func(*rapid.T) { somewhere() },
			"crash": func(*rapid.T) { reopen() },
			"commit": func(r *rapid.T) {
				p, err := s.Prepare(t.Context(), &optest.Emitter{})
				must(t, err)
				before := fresh
				fresh = nil
				how := rapid.SampledFrom([]string{"done", "twice", "not durable", "durable, not carried out", "carried out, then crash", "given up"}).Draw(r, "how")
				if how == "done" || how == "twice" { // rows may come between
					somewhere()
				}
				since := fresh
				fresh = before
				switch how {
				case "not durable":
					reopen()
					return
				case "given up":
					must(t, s.Abort(t.Context(), p))
					reopen()
					return
				case "durable, not carried out":
					apply()
					durable = p
					reopen()
					return
				}
				apply()
				durable = p
				must(t, s.Commit(t.Context(), p))
				if how == "twice" {
					must(t, s.Commit(t.Context(), p))
				}
				if fresh = since; how == "carried out, then crash" {
					reopen()
				}
			},
			"": func(*rapid.T) {
				var want []string
				for _, row := range table {
					if row.id == nil {
						row.id = "<nil>"
					}
					want = append(want, fmt.Sprintf("%v|%s", row.id, row.name))
				}
				got := query(t, path, "SELECT * FROM things")
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					r.Fatalf("the table has %q, want %q", got, want)
				}
			},
		})
		must(t, s.Close())
	})
}
