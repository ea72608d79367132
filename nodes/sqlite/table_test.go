package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op/optest"
	"flowrun/nodes/sqltable/sqltabletest"
)

func openTable(t *testing.T, c TableConfig, columns ...string) *table {
	t.Helper()
	tab := NewTable(c).(*table)
	must(t, tab.Open(optest.New(t), sqltabletest.Columns(columns...)))
	t.Cleanup(func() { must(t, tab.Close()) })
	return tab
}

func changed(t *testing.T, tab *table, want bool) {
	t.Helper()
	if got, err := tab.Changed(t.Context()); err != nil || got != want {
		t.Errorf("changed: %v (%v), want %v", got, err, want)
	}
}

func TestTableReadsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, `CREATE TABLE x (b BOOLEAN, i INTEGER, f REAL, s TEXT, y BLOB, ts TIMESTAMP, d DATE, u INTEGER, other NUMERIC);
INSERT INTO x VALUES (1, -5, 0.5, 'é', x'00ff', '2026-03-01T12:14:03.120000Z', '1969-12-31', 1500000, 'any');
INSERT INTO x VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
	tab := openTable(t, TableConfig{Path: path, Table: "x"}, "b bool", "i int", "f float", "s string", "y bytes", "ts timestamp", "d date", "u duration")
	got, err := sqltabletest.Read(t, tab)
	must(t, err)
	same(t, got, "true|-5|0.5|é|[00 FF]|2026-03-01 12:14:03.12|1969-12-31|1.5s", "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL")
	tab = openTable(t, TableConfig{Path: path, Query: "SELECT i * 2 AS twice, s FROM x WHERE i IS NOT NULL;"}, "s string", "twice int")
	got, err = sqltabletest.Read(t, tab)
	must(t, err)
	same(t, got, "é|-10")
}

// Many rows come in several records.
func TestTableOfManyRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, `CREATE TABLE x (i INTEGER); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO x SELECT i FROM n`)
	got, err := sqltabletest.Read(t, openTable(t, TableConfig{Path: path, Table: "x"}, "i int"))
	must(t, err)
	if len(got) != 10000 || got[9999] != "10000" {
		t.Errorf("%d rows", len(got))
	}
}

func TestTableTellsWhetherItHasChanged(t *testing.T) {
	for _, mode := range []string{"delete", "wal"} {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.db")
		run(t, path, "PRAGMA journal_mode = "+mode+"; CREATE TABLE x (i INTEGER); INSERT INTO x VALUES (1)")
		tab := openTable(t, TableConfig{Path: path, Table: "x"}, "i int")
		see := func(want ...string) {
			t.Helper()
			changed(t, tab, true)
			got, err := sqltabletest.Read(t, tab)
			must(t, err)
			same(t, got, want...)
			changed(t, tab, false)
		}
		see("1")
		run(t, path, "UPDATE x SET i = 2")
		see("2")
		run(t, path, "BEGIN; UPDATE x SET i = 3; ROLLBACK")
		changed(t, tab, false)
		// another file in its place
		other := filepath.Join(dir, "b.db")
		run(t, other, "CREATE TABLE x (i INTEGER); INSERT INTO x VALUES (7)")
		must(t, os.Rename(other, path))
		for _, rest := range []string{"-wal", "-shm"} {
			_ = os.Remove(path + rest)
		}
		see("7")
		must(t, os.Remove(path))
		if _, err := tab.Changed(t.Context()); err == nil || err.Error() != "there is no file "+path {
			t.Errorf("without a file: %v", err)
		}
		run(t, path, "CREATE TABLE x (i INTEGER); INSERT INTO x VALUES (8)")
		see("8")
	}
}

// What cannot be read is an error that says what and where, and does not pass; the table is read again once that is mended.
func TestTableThatCannotBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	const whole = "CREATE TABLE x (i INTEGER, s TEXT); INSERT INTO x VALUES (1, 'a')"
	run(t, path, whole)
	tab := openTable(t, TableConfig{Path: path, Table: "x"}, "i int", "s string")
	_, err := sqltabletest.Read(t, tab)
	must(t, err)
	for _, c := range []struct{ do, want string }{
		{"INSERT INTO x VALUES ('two', 'b')", "row 2: column i is read as int, and holds two"},
		{"ALTER TABLE x RENAME COLUMN s TO text", "no such column: t.s"},
		{"DROP TABLE x", "no such table: x"},
	} {
		run(t, path, c.do)
		changed(t, tab, true)
		if _, err := sqltabletest.Read(t, tab); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.do, err, c.want)
		} else if _, passes := tab.Passes(err); passes {
			t.Errorf("%v passes", err)
		}
		changed(t, tab, true)
	}
	run(t, path, whole)
	got, err := sqltabletest.Read(t, tab)
	must(t, err)
	same(t, got, "1|a")
}

// A lock of another process passes.
func TestTableThatIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, "CREATE TABLE x (i INTEGER); INSERT INTO x VALUES (1)")
	tab := openTable(t, TableConfig{Path: path, Table: "x"}, "i int")
	db, conn, err := connect(t.Context(), path, false)
	must(t, err)
	defer func() { must(t, conn.Close()); must(t, db.Close()) }()
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	must(t, err)
	_, err = sqltabletest.Read(t, tab)
	if cause, passes := tab.Passes(err); !passes || cause != "another process holds its lock" {
		t.Errorf("%v: %q passes: %v", err, cause, passes)
	}
	_, err = conn.ExecContext(t.Context(), "COMMIT")
	must(t, err)
	got, err := sqltabletest.Read(t, tab)
	must(t, err)
	same(t, got, "1")
}

// Who takes the rows may refuse them: the error is his.
func TestTableReadGivesUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, "CREATE TABLE x (i INTEGER); INSERT INTO x VALUES (1)")
	tab := openTable(t, TableConfig{Path: path, Table: "x"}, "i int")
	err := tab.Read(t.Context(), func(arrow.RecordBatch) error { return fmt.Errorf("too many") })
	if err == nil || err.Error() != "too many" {
		t.Error(err)
	}
}
