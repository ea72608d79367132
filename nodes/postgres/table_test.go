package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op/optest"
	"flowrun/nodes/postgres/postgrestest"
	"flowrun/nodes/sqltable/sqltabletest"
)

// lines are the rows of a table as it is now.
func lines(t *testing.T, c TableConfig, columns ...string) (lines []string, err error) {
	t.Helper()
	tab, err := NewTable(c)
	must(t, err)
	must(t, tab.Open(optest.New(t), sqltabletest.Columns(columns...)))
	defer func() { must(t, tab.Close()) }()
	return sqltabletest.Read(t, tab)
}

func TestTable(t *testing.T) {
	url := postgrestest.New(t).URL
	t.Run("every type", func(t *testing.T) { readsEveryType(t, url) })
	t.Run("other types", func(t *testing.T) { readsAsSaid(t, url) })
	t.Run("many rows", func(t *testing.T) { readsManyRows(t, url) })
	t.Run("cannot be read", func(t *testing.T) { cannotBeRead(t, url) })
	t.Run("killed connection", func(t *testing.T) { killedReading(t, url) })
}

func readsEveryType(t *testing.T, url string) {
	query(t, url, `CREATE TYPE mood AS ENUM ('fine')`)
	query(t, url, `CREATE SCHEMA "The Shop"`)
	query(t, url, `CREATE TABLE "The Shop"."x y" (b boolean, i2 smallint, i8 bigint, f4 real, f8 double precision, s text, v varchar(9), m mood, u uuid, j jsonb, y bytea,
ts timestamptz, t timestamp, d date, iv interval, "odd ""name" inet)`)
	query(t, url, `INSERT INTO "The Shop"."x y" VALUES (true, -5, -9223372036854775808, 0.5, 0.1, 'é', 'v', 'fine', '11111111-2222-3333-4444-555555555555', '{"a": 1}', '\x00ff',
'2026-03-01 12:14:03.12+00', '1999-12-31 23:59:59', '0001-01-01 BC', '1 day -00:00:01.5', '10.0.0.1'), (`+strings.TrimSuffix(strings.Repeat("NULL,", 16), ",")+`)`)
	got, err := lines(t, TableConfig{URL: url, Table: "The Shop.x y"}, "b bool", "i2 int", "i8 int", "f4 float", "f8 float", "s string", "v string", "m string", "u string",
		"j string", "y bytes", "ts timestamp", "t timestamp", "d date", "iv duration", "odd string")
	if err == nil || !strings.Contains(err.Error(), `it has no column "odd"`) {
		t.Errorf("%q, %v", got, err)
	}
	s := []string{"b bool", "i2 int", "i8 int", "f4 float", "f8 float", "s string", "v string", "m string", "u string", "j string", "y bytes", "ts timestamp", "t timestamp",
		"d date", "iv duration"}
	got, err = lines(t, TableConfig{URL: url, Table: "The Shop.x y"}, s...)
	must(t, err)
	same(t, got, `true|-5|-9223372036854775808|0.5|0.1|é|v|fine|11111111-2222-3333-4444-555555555555|{"a": 1}|[00 FF]|2026-03-01 12:14:03.12|1999-12-31 23:59:59|0000-01-01|23h59m58.5s`,
		strings.TrimSuffix(strings.Repeat("NULL|", 15), "|"))
}

// A pipeline may say what a column is read as, where nothing is lost by that.
func readsAsSaid(t *testing.T, url string) {
	query(t, url, "CREATE TABLE said (n numeric, i integer, x int[], s text)")
	query(t, url, "INSERT INTO said VALUES (1.5, 7, '{1,2}', '8')")
	got, err := lines(t, TableConfig{URL: url, Table: "said"}, "n float", "i float", "x string")
	must(t, err)
	same(t, got, "1.5|7.0|{1,2}")
	got, err = lines(t, TableConfig{URL: url, Query: "SELECT n::text AS n, i + 1 AS j FROM said;"}, "n string", "j int")
	must(t, err)
	same(t, got, "1.5|8")
	for column, want := range map[string]string{
		"n int": `column "n" is numeric, which cannot be read as int`, "s int": `column "s" is text, which cannot be read as int`,
		"nn int": `it has no column "nn" (did you mean "n"? it has n, i, x, s)`, "i bool": `column "i" is integer, which cannot be read as bool`, "x int": `column "x" is integer[], which cannot be read as int`,
	} {
		if got, err := lines(t, TableConfig{URL: url, Table: "said"}, column); err == nil || err.Error() != want {
			t.Errorf("%s: %q, %v, want %s", column, got, err, want)
		}
	}
}

func readsManyRows(t *testing.T, url string) {
	query(t, url, "CREATE TABLE many AS SELECT i, 'name ' || i AS s FROM generate_series(1, 10000) i")
	got, err := lines(t, TableConfig{URL: url, Query: "SELECT * FROM many ORDER BY i"}, "s string", "i int")
	must(t, err)
	if len(got) != 10000 || got[9999] != "name 10000|10000" {
		t.Errorf("%d rows, the last is %s", len(got), got[len(got)-1])
	}
	// Who takes the rows may refuse them: the error is his, and does not pass.
	tab, err := NewTable(TableConfig{URL: url, Table: "many"})
	must(t, err)
	must(t, tab.Open(optest.New(t), sqltabletest.Columns("i int")))
	err = tab.Read(t.Context(), func(arrow.RecordBatch) error { return fmt.Errorf("too many") })
	if _, passes := tab.Passes(err); passes || err == nil || err.Error() != "too many" {
		t.Errorf("%v passes: %v", err, passes)
	}
}

func cannotBeRead(t *testing.T, url string) {
	query(t, url, "CREATE TABLE odd (d date, ts timestamptz, iv interval)")
	query(t, url, "INSERT INTO odd VALUES ('2026-01-01', '2026-01-01', '1 day'), ('infinity', '-infinity', '1 month')")
	for column, want := range map[string]string{
		"d date": "row 2: column d is infinite", "ts timestamp": "row 2: column ts is infinite", "iv duration": "row 2: column iv is a number of months, which have no length",
	} {
		if got, err := lines(t, TableConfig{URL: url, Table: "odd"}, column); err == nil || err.Error() != want {
			t.Errorf("%s: %q, %v, want %s", column, got, err, want)
		}
	}
	for _, c := range []TableConfig{{URL: url, Table: "nobody"}, {URL: strings.Replace(url, "flow@", "nobody:hushhush@", 1), Table: "odd"}, {URL: url, Query: "SELECT"}} {
		_, err := lines(t, c, "d date")
		if err == nil || strings.Contains(err.Error(), "hushhush") {
			t.Errorf("%+v: %v", c, err)
		} else if _, passes := passes(err); passes {
			t.Errorf("%v passes", err)
		}
	}
	_, err := lines(t, TableConfig{URL: "postgres://flow:hushhush@127.0.0.1:1/postgres?sslmode=disable", Table: "odd"}, "d date")
	if cause, passes := passes(err); !passes || cause != "connection refused" {
		t.Errorf("nobody listens: %v: %q passes: %v", err, cause, passes)
	}
}

// A connection that the server ends in the middle is an error that passes.
func killedReading(t *testing.T, url string) {
	failed := make(chan error, 1)
	tab, err := NewTable(TableConfig{URL: url, Query: "SELECT i FROM (SELECT 1 AS i UNION ALL SELECT 2 FROM pg_sleep(600)) x"})
	must(t, err)
	must(t, tab.Open(optest.New(t), sqltabletest.Columns("i int")))
	go func() { failed <- tab.Read(t.Context(), func(arrow.RecordBatch) error { return nil }) }()
	for end := time.Now().Add(20 * time.Second); len(query(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")) == 0; {
		if time.Now().After(end) {
			t.Fatal("it does not come to the slow row")
		}
	}
	if cause, passes := tab.Passes(<-failed); !passes || cause == "" {
		t.Errorf("%q passes: %v", cause, passes)
	}
}
