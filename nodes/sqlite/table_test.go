package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
)

// fields are nullable columns: "id int".
func fields(t *testing.T, columns ...string) *arrow.Schema {
	t.Helper()
	types := map[string]arrow.DataType{"bool": schema.Bool, "int": schema.Int, "float": schema.Float, "string": schema.String, "bytes": schema.Bytes,
		"timestamp": schema.Timestamp, "date": schema.Date, "duration": schema.Duration}
	var list []arrow.Field
	for _, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		list = append(list, arrow.Field{Name: name, Type: types[kind], Nullable: true})
	}
	return arrow.NewSchema(list, nil)
}

func openTable(t *testing.T, c TableConfig, columns ...string) *table {
	t.Helper()
	tab := NewTable(c).(*table)
	must(t, tab.Open(optest.New(t), fields(t, columns...)))
	t.Cleanup(func() { must(t, tab.Close()) })
	return tab
}

// lines are the rows of a table as it is now.
func lines(t *testing.T, tab *table) (lines []string, err error) {
	t.Helper()
	err = tab.Read(t.Context(), func(rec arrow.RecordBatch) error {
		for row := range int(rec.NumRows()) {
			var text []byte
			for i, c := range rec.Columns() {
				if i > 0 {
					text = append(text, '|')
				}
				text = batch.AppendText(text, c, row)
			}
			lines = append(lines, string(text))
		}
		return nil
	})
	return lines, err
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
	got, err := lines(t, tab)
	must(t, err)
	same(t, got, "true|-5|0.5|é|[00 FF]|2026-03-01 12:14:03.12|1969-12-31|1.5s", "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL")
	tab = openTable(t, TableConfig{Path: path, Query: "SELECT i * 2 AS twice, s FROM x WHERE i IS NOT NULL;"}, "s string", "twice int")
	got, err = lines(t, tab)
	must(t, err)
	same(t, got, "é|-10")
}

// Many rows come in several records.
func TestTableOfManyRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, `CREATE TABLE x (i INTEGER); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO x SELECT i FROM n`)
	got, err := lines(t, openTable(t, TableConfig{Path: path, Table: "x"}, "i int"))
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
			got, err := lines(t, tab)
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
	_, err := lines(t, tab)
	must(t, err)
	for _, c := range []struct{ do, want string }{
		{"INSERT INTO x VALUES ('two', 'b')", "row 2: column i is read as int, and holds two"},
		{"ALTER TABLE x RENAME COLUMN s TO text", "no such column: t.s"},
		{"DROP TABLE x", "no such table: x"},
	} {
		run(t, path, c.do)
		changed(t, tab, true)
		if _, err := lines(t, tab); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.do, err, c.want)
		} else if _, passes := tab.Passes(err); passes {
			t.Errorf("%v passes", err)
		}
		changed(t, tab, true)
	}
	run(t, path, whole)
	got, err := lines(t, tab)
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
	_, err = lines(t, tab)
	if cause, passes := tab.Passes(err); !passes || cause != "another process holds its lock" {
		t.Errorf("%v: %q passes: %v", err, cause, passes)
	}
	_, err = conn.ExecContext(t.Context(), "COMMIT")
	must(t, err)
	got, err := lines(t, tab)
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
