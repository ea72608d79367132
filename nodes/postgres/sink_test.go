package postgres

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
	"flowrun/nodes/postgres/postgrestest"
	"flowrun/nodes/sqltable"
)

var things = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: schema.Int, Nullable: true}, {Name: "name", Type: schema.String, Nullable: true},
}, nil)

type thing struct {
	id   any // int or nil
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

func newSink(t testing.TB, url string, to sqltable.Target) *sqltable.Sink {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	must(t, err)
	if to.Schema == nil {
		to.Schema = things
	}
	return sqltable.New(sqltable.Options{Database: &database{config: config, place: place(config)}, Target: to, Pipeline: "test", Patience: time.Minute})
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

func put(t testing.TB, s op.Sink, rt op.Runtime, rows ...thing) *optest.Emitter {
	t.Helper()
	b := batchOf(rt, rows...)
	defer b.Release()
	var out optest.Emitter
	must(t, s.Write(context.Background(), b, &out))
	return &out
}

func TestSink(t *testing.T) {
	url := postgrestest.New(t).URL
	t.Run("every type", func(t *testing.T) { everyType(t, url) })
	t.Run("refused", func(t *testing.T) { refused(t, url) })
	t.Run("killed connection", func(t *testing.T) { killed(t, url) })
	t.Run("a table that does not fit", func(t *testing.T) { doesNotFit(t, url) })
	t.Run("model", func(t *testing.T) { model(t, url) })
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
		var list []thing
		var want []string
		for i := range 200 {
			list = append(list, thing{i, "ok"})
			if !slices.Contains([]int{7, 100, 101, 150, 199}, i) {
				want = append(want, fmt.Sprint(i, "|ok"))
			}
		}
		list[7], list[100], list[101], list[150], list[199] = thing{7, "too long"}, thing{nil, "null"}, thing{1 << 40, "ok"}, thing{150, "bad"}, thing{199, "\x00"}
		out := put(t, s, rt, list...)
		again := put(t, s, rt, thing{3, "same"}, thing{500, "ok"})
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
	put(t, s, rt, thing{1, "a"}, thing{2, "slow"}, thing{3, "b"})
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

func doesNotFit(t *testing.T, url string) {
	for i, c := range []struct{ table, want string }{
		{"(id bigint, nam text)", `has no column "name", which the rows have (did you mean "nam"?`},
		{"(id text, name text)", ` is text, and id of the rows is int`},
		{"(id bigint, name text, more text NOT NULL)", `column "more" of table`},
		{"(id bigint, name text GENERATED ALWAYS AS ('x') STORED)", `is computed by the database`},
	} {
		table := fmt.Sprint("wrong_", i)
		query(t, url, "CREATE TABLE "+table+" "+c.table)
		s := newSink(t, url, sqltable.Target{Table: table, Mode: sqltable.Insert})
		if err := s.Open(t.Context(), optest.New(t), nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.table, err, c.want)
		}
		must(t, s.Close())
	}
}

// model writes, prepares, commits, gives up and crashes at random: the table has the rows of the durable commits, each once, and a
// row of an upsert as its last one says.
func model(t *testing.T, url string) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // a server is slow
		must(t, f.Value.Set("20"))
		defer f.Value.Set(f.DefValue)
	}
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		dir, err := os.MkdirTemp(t.TempDir(), "")
		must(t, err)
		target := sqltable.Target{Table: fmt.Sprint("model_", n), Create: true, Schema: things, Mode: sqltable.Insert}
		if rapid.Bool().Draw(r, "upsert") {
			target.Mode, target.Key = sqltable.Upsert, []string{"id"}
		}
		refusing := rapid.Bool().Draw(r, "refusing")
		if refusing {
			text := "CREATE TABLE " + target.Table + " (id bigint, name text CHECK (name <> 'bad')"
			if target.Mode == sqltable.Upsert {
				text += ", UNIQUE (id)"
			}
			query(t, url, text+")")
		}
		rt := optest.New(t)
		rt.Saved, rt.Stage = true, filepath.Join(dir, "stage")
		s := newSink(t, url, target)
		must(t, s.Open(t.Context(), rt, nil))
		var table, fresh []thing
		var durable op.Prepared
		rows := 0
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
			s, fresh = newSink(t, url, target), nil
			must(t, s.Open(t.Context(), rt, []op.Prepared{durable}))
		}
		r.Repeat(map[string]func(*rapid.T){
			"write": func(r *rapid.T) {
				var list []thing
				for range rapid.IntRange(1, 60).Draw(r, "rows") {
					rows++
					row := thing{rows % 7, fmt.Sprint("row ", rows)}
					if rows%5 == 0 {
						row.id = nil
					}
					if rows%11 == 0 {
						row.name = "bad"
					}
					list = append(list, row)
				}
				put(t, s, rt, list...)
				fresh = append(fresh, list...)
			},
			"crash": func(*rapid.T) { reopen() },
			"commit": func(r *rapid.T) {
				p, err := s.Prepare(t.Context(), &optest.Emitter{})
				must(t, err)
				switch rapid.IntRange(0, 3).Draw(r, "how") {
				case 0:
					reopen() // it was not durable
					return
				case 1:
					apply()
					durable = p
					reopen() // it was durable, and not carried out
					return
				case 2:
					must(t, s.Commit(t.Context(), p))
				}
				apply()
				durable = p
				must(t, s.Commit(t.Context(), p))
			},
			"": func(*rapid.T) {
				var want []string
				for _, row := range table {
					want = append(want, fmt.Sprintf("%v|%s", row.id, row.name))
				}
				got := query(t, url, "SELECT * FROM "+target.Table)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					r.Fatalf("the table has %q, want %q", got, want)
				}
			},
		})
		must(t, s.Close())
		query(t, url, "DROP TABLE "+target.Table)
	})
}
