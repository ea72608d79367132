package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/op/optest"
	"flowrun/nodes/sqltable"
	"flowrun/nodes/sqltable/sqltabletest"
)

var things = sqltabletest.Things

// databaseIn is a file of the tests.
func databaseIn(path string) sqltabletest.Database {
	return sqltabletest.Database{
		Connect: func() sqltable.Database { return &database{path: path} },
		Do:      func(t testing.TB, statement string) { run(t, path, statement) },
		Rows:    func(t testing.TB, text string) []string { return query(t, path, text) },
		Tables: func(t testing.TB) []string {
			return query(t, path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
		},
		Unique: "UNIQUE constraint failed: ", Check: "CHECK constraint failed: length(name) < 5", NotNull: "NOT NULL constraint failed: ",
	}
}

func TestSink(t *testing.T) {
	sqltabletest.Run(t, 0, func(t testing.TB) sqltabletest.Database { return databaseIn(filepath.Join(t.TempDir(), "a.db")) })
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnotherProcessHoldsTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	rt := optest.New(t)
	s := databaseIn(path).Sink(sqltable.Target{Mode: sqltable.Insert, Create: true})
	must(t, s.Open(t.Context(), rt, nil))
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	must(t, err)
	defer db.Close()
	tx, err := db.Begin()
	must(t, err)
	done := make(chan bool)
	go func() { sqltabletest.Put(t, s, rt, sqltabletest.Row(1, "a")); close(done) }()
	rt.AwaitStatus("another process holds its lock, retry in")
	must(t, tx.Rollback())
	<-done
	must(t, s.Close())
	same(t, query(t, path, "SELECT * FROM things"), "1|a")
}
