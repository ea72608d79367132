package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5"

	"flowrun/dag/batch"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
	"flowrun/nodes/postgres/postgrestest"
	"flowrun/nodes/sqltable"
	"flowrun/nodes/sqltable/sqltabletest"
)

// databaseOf is the database of a url, for the tests of all.
func databaseOf(t testing.TB, url string) sqltabletest.Database {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	must(t, err)
	return sqltabletest.Database{
		Connect: func() sqltable.Database { return &database{config: config, place: place(config)} },
		Do:      func(t testing.TB, statement string) { t.Helper(); query(t, url, statement) },
		Rows:    func(t testing.TB, text string) []string { t.Helper(); return query(t, url, text) },
		Tables: func(t testing.TB) []string {
			return query(t, url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema::regnamespace ORDER BY relname")
		},
		Unique: "already exists", Check: "violates check constraint", NotNull: "null value in column",
	}
}

func newSink(t testing.TB, url string, to sqltable.Target) *sqltable.Sink {
	return databaseOf(t, url).Sink(to)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// query gives rows as lines.
func query(t testing.TB, url, text string) []string {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	must(t, err)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, text)
	must(t, err)
	lines := []string{}
	for rows.Next() {
		values, err := rows.Values()
		must(t, err)
		var parts []string
		for _, v := range values {
			parts = append(parts, fmt.Sprint(v))
		}
		lines = append(lines, strings.Join(parts, "|"))
	}
	must(t, rows.Err())
	return lines
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

func TestSink(t *testing.T) {
	url := postgrestest.New(t).URL
	t.Run("every type", func(t *testing.T) { everyType(t, url) })
	t.Run("refused", func(t *testing.T) { refused(t, url) })
	t.Run("killed connection", func(t *testing.T) { killed(t, url) })
	t.Run("idle connection", func(t *testing.T) { idle(t, url) })
	schemas := 0
	sqltabletest.Run(t, 8, func(t testing.TB) sqltabletest.Database { // a server is slow
		schemas++
		query(t, url, fmt.Sprint("CREATE SCHEMA s", schemas))
		return databaseOf(t, fmt.Sprint(url, "&search_path=s", schemas))
	})
}

func everyType(t *testing.T, url string) {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "b", Type: schema.Bool}, {Name: "i", Type: schema.Int}, {Name: "f", Type: schema.Float}, {Name: "s", Type: schema.String},
		{Name: "y", Type: schema.Bytes}, {Name: "ts", Type: schema.Timestamp}, {Name: "d", Type: schema.Date}, {Name: "u", Type: schema.Duration},
		{Name: "l", Type: schema.List(schema.Int), Nullable: true},
	}, nil)
	rt := optest.New(t)
	b := batch.NewBuilder(s, rt.Allocator())
	b.Column(0).AppendBool(true)
	b.Column(1).AppendInt(-1 << 63)
	b.Column(2).AppendFloat(0.1)
	b.Column(3).AppendString("tab\t line\n back\\ é")
	b.Column(4).AppendBytes([]byte{0, 92, 255})
	b.Column(5).AppendInt(time.Date(2026, 3, 1, 12, 14, 3, 120_000_000, time.UTC).UnixMicro())
	b.Column(6).AppendInt(-719162 - 366)
	b.Column(7).AppendInt(90_000_001)
	b.Column(8).Elem().AppendInt(1)
	b.Column(8).Elem().AppendInt(2)
	b.Column(8).Append()
	rows := b.Batch()
	defer rows.Release()
	b.Release()
	sink := newSink(t, url, sqltable.Target{Table: "types", Mode: sqltable.Insert, Create: true, Schema: s})
	must(t, sink.Open(t.Context(), rt, nil))
	must(t, errors.Join(sink.Write(t.Context(), rows, &optest.Emitter{}), sink.Close()))
	same(t, query(t, url, `SELECT b::text, i::text, f::text, s, encode(y, 'hex'), (ts AT TIME ZONE 'UTC')::text, d::text, u::text, l::text FROM types`),
		"true|-9223372036854775808|0.1|tab\t line\n back\\ é|005cff|2026-03-01 12:14:03.12|0001-01-01 BC|00:01:30.000001|[1, 2]")
}

// Rows that the table refuses are rejected by the commit that has the others.
func refused(t *testing.T, url string) {
	for i, saved := range []bool{false, true} {
		table := fmt.Sprint("refusing_", i)
		query(t, url, "CREATE TABLE "+table+" (id smallint NOT NULL UNIQUE, name varchar(5) CHECK (name <> 'bad'))")
		rt := optest.New(t)
		if rt.Saved = saved; saved {
			rt.Stage = t.TempDir()
		}
		s := newSink(t, url, sqltable.Target{Table: table, Mode: sqltable.Insert})
		must(t, s.Open(t.Context(), rt, nil))
		var list []sqltabletest.Thing
		var want []string
		for i := range 200 {
			list = append(list, sqltabletest.Row(i, "ok"))
			if !slices.Contains([]int{7, 100, 101, 150, 199}, i) {
				want = append(want, fmt.Sprint(i, "|ok"))
			}
		}
		list[7], list[100], list[101], list[150], list[199] = sqltabletest.Row(7, "too long"), sqltabletest.Row(nil, "null"), sqltabletest.Row(1<<40, "ok"), sqltabletest.Row(150, "bad"), sqltabletest.Row(199, "\x00")
		out := sqltabletest.Put(t, s, rt, list...)
		again := sqltabletest.Put(t, s, rt, sqltabletest.Row(3, "same"), sqltabletest.Row(500, "ok"))
		if saved {
			p, err := s.Prepare(t.Context(), out)
			must(t, errors.Join(err, s.Commit(t.Context(), p)))
		}
		must(t, s.Close())
		same(t, query(t, url, "SELECT * FROM "+table+" ORDER BY id"), append(want, "500|ok")...)
		var all []string
		for _, f := range append(out.Failures, again.Failures...) {
			all = append(all, f.Detail)
		}
		text := strings.Join(all, "\n")
		for _, want := range []string{"too long for type character varying(5)", "null value in column", "out of range for type smallint", "violates check constraint", "zero byte", "Key (id)=(3) already exists"} {
			if !strings.Contains(text, want) {
				t.Errorf("no reject says %q:\n%s", want, text)
			}
		}
		if len(all) != 6 {
			t.Errorf("%d rejects:\n%s", len(all), text)
		}
	}
}

// A connection that the server ends in the middle is made again, and no row comes twice.
func killed(t *testing.T, url string) {
	query(t, url, "CREATE TABLE slow (id bigint, name text)")
	query(t, url, "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name = 'slow' AND NOT EXISTS (SELECT FROM killed) THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$")
	query(t, url, "CREATE TABLE killed (id int)")
	query(t, url, "CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait()")
	rt := optest.New(t)
	rt.Saved, rt.Stage = true, t.TempDir()
	s := newSink(t, url, sqltable.Target{Table: "slow", Mode: sqltable.Insert})
	must(t, s.Open(t.Context(), rt, nil))
	sqltabletest.Put(t, s, rt, sqltabletest.Row(1, "a"), sqltabletest.Row(2, "slow"), sqltabletest.Row(3, "b"))
	done := make(chan error)
	go func() {
		p, err := s.Prepare(context.Background(), &optest.Emitter{})
		if err == nil {
			err = s.Commit(context.Background(), p)
		}
		done <- err
	}()
	for end := time.Now().Add(20 * time.Second); len(query(t, url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")) == 0; {
		if time.Now().After(end) {
			t.Fatal("it does not come to the slow row")
		}
	}
	query(t, url, "INSERT INTO killed VALUES (1)")
	query(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
	rt.AwaitStatus("retry in")
	must(t, errors.Join(<-done, s.Close()))
	same(t, query(t, url, "SELECT * FROM slow ORDER BY id"), "1|a", "2|slow", "3|b")
}

// A connection that the server ends between two batches, since nothing was asked for long, is made again.
func idle(t *testing.T, url string) {
	query(t, url, "CREATE TABLE quiet (id bigint, name text)")
	rt := optest.New(t)
	s := newSink(t, url+"&application_name=quiet&idle_session_timeout=50ms", sqltable.Target{Table: "quiet", Mode: sqltable.Insert})
	must(t, s.Open(t.Context(), rt, nil))
	for i := range 2 {
		for end := time.Now().Add(20 * time.Second); len(query(t, url, "SELECT 1 FROM pg_stat_activity WHERE application_name = 'quiet'")) > 0; {
			if time.Now().After(end) {
				t.Fatal("the server does not end the connection")
			}
		}
		sqltabletest.Put(t, s, rt, sqltabletest.Row(i, "a"))
	}
	must(t, s.Close())
	same(t, query(t, url, "SELECT * FROM quiet ORDER BY id"), "0|a", "1|a")
}
