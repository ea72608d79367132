package sqltabletest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/op/optest"
	"flowrun/nodes/sqltable"
)

// Run tests the connections to a kind of database. open makes one for a test; checks is how many histories the model draws, 0: as many as rapid
// does.
func Run(t *testing.T, checks int, open func(t testing.TB) Database) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, d Database)
	}{
		{"without a checkpoint rows show as they come", showAtOnce},
		{"with one rows show at the commit", showAtCommits},
		{"a key replaces rows", replaceByKey},
		{"a key that no index has is refused", needAnIndex},
		{"complete results replace the table", replaceAll},
		{"refused rows are rejected", refuse},
		{"a complete result that is refused ends the run", refuseComplete},
		{"a row refused at the commit leaves nothing of it", refuseLate},
		{"a commit of another database is told", forget},
		{"a table that does not fit", misfit},
		{"a table is made as it is needed", create},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
	t.Run("model", func(t *testing.T) { model(t, open(t), checks) })
}

func showAtOnce(t *testing.T, d Database) {
	rt := Saved(t, false)
	s := d.Sink(sqltable.Target{Mode: sqltable.Insert, Create: true})
	Must(t, s.Open(t.Context(), rt, nil))
	Put(t, s, rt, Thing{1, "a"}, Thing{nil, "b"})
	Same(t, d.Rows(t, "SELECT * FROM things ORDER BY name"), "1|a", "<nil>|b")
	p, err := s.Prepare(t.Context(), &optest.Emitter{})
	if p != nil || err != nil {
		t.Error(p, err)
	}
	Must(t, s.Commit(t.Context(), p))
	Must(t, s.Close())
	Same(t, d.Tables(t), "things")
}

func showAtCommits(t *testing.T, d Database) {
	rt := Saved(t, true)
	s := d.Sink(sqltable.Target{Mode: sqltable.Insert, Create: true})
	Must(t, s.Open(t.Context(), rt, nil))
	Put(t, s, rt, Thing{1, "a"})
	Same(t, d.Rows(t, "SELECT * FROM things"))
	Commit(t, s, rt)
	Same(t, d.Rows(t, "SELECT * FROM things"), "1|a")
	Same(t, d.Rows(t, "SELECT number, pipeline, node FROM "+sqltable.Commits), "1|test|node")
	Commit(t, s, rt) // nothing has come
	Same(t, d.Rows(t, "SELECT number FROM "+sqltable.Commits), "1")
	Must(t, s.Close())
	Same(t, d.Tables(t), sqltable.Commits, "things")
}

// Null in a key is equal to null; columns that the sink does not write stay as they are.
func replaceByKey(t *testing.T, d Database) {
	for _, saved := range []bool{false, true} {
		table := fmt.Sprintf("keyed_%v", saved)
		d.Do(t, "CREATE TABLE "+table+" (id integer UNIQUE, name text, more text DEFAULT 'x')")
		d.Do(t, "INSERT INTO "+table+" VALUES (1, 'old', 'kept'), (NULL, 'old', 'lost')")
		rt := Saved(t, saved)
		s := d.Sink(sqltable.Target{Table: table, Mode: sqltable.Upsert, Key: []string{"id"}})
		Must(t, s.Open(t.Context(), rt, nil))
		Put(t, s, rt, Thing{1, "a"}, Thing{2, "b"}, Thing{nil, "c"}, Thing{2, "d"}, Thing{nil, "e"})
		Put(t, s, rt, Thing{2, "f"})
		Commit(t, s, rt)
		Must(t, s.Close())
		Same(t, d.Rows(t, "SELECT * FROM "+table+" ORDER BY name"), "1|a|kept", "<nil>|e|x", "2|f|x")
	}
}

func needAnIndex(t *testing.T, d Database) {
	d.Do(t, "CREATE TABLE things (id integer, name text, UNIQUE (id, name))")
	s := d.Sink(sqltable.Target{Mode: sqltable.Upsert, Key: []string{"id"}})
	err := s.Open(t.Context(), Saved(t, false), nil)
	if err == nil || !strings.Contains(err.Error(), "table things has no primary key or unique index of just id, by which rows are replaced (CREATE UNIQUE INDEX ") {
		t.Fatal(err)
	}
	Must(t, s.Close())
	// What the error says to do helps.
	_, statement, _ := strings.Cut(err.Error(), "by which rows are replaced (")
	d.Do(t, strings.TrimSuffix(statement, ")"))
	s = d.Sink(sqltable.Target{Mode: sqltable.Upsert, Key: []string{"id"}})
	Must(t, s.Open(t.Context(), Saved(t, false), nil))
	Must(t, s.Close())
}

func replaceAll(t *testing.T, d Database) {
	for _, saved := range []bool{false, true} {
		table := fmt.Sprintf("complete_%v", saved)
		rt := Saved(t, saved)
		s := d.Sink(sqltable.Target{Table: table, Mode: sqltable.Replace, Create: true})
		Must(t, s.Open(t.Context(), rt, nil))
		epoch := func(commit bool, rows ...Thing) {
			Put(t, s, rt, rows...)
			Must(t, s.Epoch(t.Context(), 0))
			if commit {
				Commit(t, s, rt)
			}
		}
		all := func() []string { return d.Rows(t, "SELECT * FROM "+table+" ORDER BY id") }
		epoch(false, Thing{1, "a"})
		epoch(true, Thing{1, "b"}, Thing{2, "c"})
		Same(t, all(), "1|b", "2|c")
		epoch(true, Thing{3, "d"})
		Same(t, all(), "3|d")
		epoch(true)
		Same(t, all())
		Must(t, s.Close())
	}
}

// Rows that the table refuses are rejected by the commit that has the others.
func refuse(t *testing.T, d Database) {
	for _, saved := range []bool{false, true} {
		table := fmt.Sprintf("refusing_%v", saved)
		d.Do(t, "CREATE TABLE "+table+" (id integer NOT NULL UNIQUE, name text CHECK (length(name) < 5))")
		rt := Saved(t, saved)
		s := d.Sink(sqltable.Target{Table: table, Mode: sqltable.Insert})
		Must(t, s.Open(t.Context(), rt, nil))
		var list []Thing
		var want []string
		for i := range 200 {
			list = append(list, Thing{i, "ok"})
			if i != 7 && i != 100 {
				want = append(want, fmt.Sprint(i, "|ok"))
			}
		}
		list[7], list[100] = Thing{7, "too long"}, Thing{nil, "null"}
		failures := append(Put(t, s, rt, list...).Failures, Put(t, s, rt, Thing{3, "same"}, Thing{500, "ok"}).Failures...)
		failures = append(failures, Commit(t, s, rt).Failures...)
		Must(t, s.Close())
		Same(t, d.Rows(t, "SELECT * FROM "+table+" ORDER BY id"), append(want, "500|ok")...)
		if len(failures) != 3 {
			t.Fatalf("rejects %+v", failures)
		}
		for i, want := range []struct {
			row    int32
			detail string
		}{{7, d.Check}, {100, d.NotNull}, {0, d.Unique}} {
			if f := failures[i]; f.Row != want.row || f.Reason != sqltable.Refused || !strings.Contains(f.Detail, want.detail) {
				t.Errorf("%+v, want row %d: %s", f, want.row, want.detail)
			}
		}
	}
}

func refuseComplete(t *testing.T, d Database) {
	d.Do(t, "CREATE TABLE things (id integer NOT NULL, name text)")
	d.Do(t, "INSERT INTO things VALUES (1, 'before')")
	rt := Saved(t, false)
	s := d.Sink(sqltable.Target{Mode: sqltable.Replace})
	Must(t, s.Open(t.Context(), rt, nil))
	Put(t, s, rt, Thing{2, "a"}, Thing{nil, "b"})
	if err := s.Epoch(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "it refuses a row of the complete results: ") || !strings.Contains(err.Error(), d.NotNull) {
		t.Error(err)
	}
	Must(t, s.Close())
	Same(t, d.Rows(t, "SELECT * FROM things"), "1|before")
}

// A row that was fine when the commit was prepared, and is refused when it is carried out.
func refuseLate(t *testing.T, d Database) {
	d.Do(t, "CREATE TABLE things (id integer UNIQUE, name text)")
	rt := Saved(t, true)
	s := d.Sink(sqltable.Target{Mode: sqltable.Insert})
	Must(t, s.Open(t.Context(), rt, nil))
	Put(t, s, rt, Thing{1, "a"}, Thing{2, "b"})
	p, err := s.Prepare(t.Context(), &optest.Emitter{})
	Must(t, err)
	d.Do(t, "INSERT INTO things VALUES (2, 'other')")
	if err := s.Commit(t.Context(), p); err == nil || !strings.Contains(err.Error(), "it refuses a row that it would have taken when the commit was prepared: ") || !strings.Contains(err.Error(), d.Unique) {
		t.Error(err)
	}
	Same(t, d.Rows(t, "SELECT * FROM things"), "2|other")
	d.Do(t, "DELETE FROM things")
	Must(t, s.Commit(t.Context(), p)) // it was not carried out, so it can be
	Must(t, s.Close())
	Same(t, d.Rows(t, "SELECT * FROM things ORDER BY id"), "1|a", "2|b")
}

// A database that lacks the commit before this one is another one, or an older copy.
func forget(t *testing.T, d Database) {
	rt := Saved(t, true)
	s := d.Sink(sqltable.Target{Mode: sqltable.Insert, Create: true})
	Must(t, s.Open(t.Context(), rt, nil))
	Put(t, s, rt, Thing{1, "a"})
	Commit(t, s, rt)
	d.Do(t, "DELETE FROM "+sqltable.Commits)
	Put(t, s, rt, Thing{2, "b"})
	Commit(t, s, rt)
	Must(t, s.Close())
	if logs := strings.Join(rt.Logs(), "\n"); !strings.Contains(logs, "the database does not know the commit before this one") {
		t.Errorf("logged: %s", logs)
	}
	Same(t, d.Rows(t, "SELECT * FROM things ORDER BY id"), "1|a", "2|b")
}

// Everything that is wrong with a table is said at once.
func misfit(t *testing.T, d Database) {
	for _, c := range []struct {
		make, drop string
		want       []string
	}{
		{"TABLE things (id integer, nam text)", "TABLE things", []string{`table things has no column "name", which the rows have (did you mean "nam"? it has id, nam; `}},
		{"TABLE things (id timestamp, nam text)", "TABLE things", []string{`column "id" of table things is timestamp`, `and id of the rows is int (`, `; table things has no column "name"`}},
		{"TABLE things (id integer, name text, more text NOT NULL)", "TABLE things",
			[]string{`column "more" of table things is never null and has no default, and the rows have no such column (make it before the sink`}},
		{"TABLE things (id integer, name text GENERATED ALWAYS AS ('x') STORED)", "TABLE things",
			[]string{`column "name" of table things is computed by the database and cannot be written (drop it before the sink)`}},
		{"VIEW things AS SELECT 1 AS id, 'x' AS name", "VIEW things", []string{"things is a view, and not a table"}},
		{"TABLE other (id integer)", "TABLE other", []string{"there is no table things (create: true makes it)"}},
	} {
		d.Do(t, "CREATE "+c.make)
		s := d.Sink(sqltable.Target{Mode: sqltable.Insert})
		err := s.Open(t.Context(), Saved(t, false), nil)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", c.make, err, want)
			}
		}
		Must(t, s.Close())
		d.Do(t, "DROP "+c.drop)
	}
}

func create(t *testing.T, d Database) {
	rt := Saved(t, false)
	s := d.Sink(sqltable.Target{Mode: sqltable.Upsert, Key: []string{"id"}, Create: true})
	Must(t, s.Open(t.Context(), rt, nil))
	Put(t, s, rt, Thing{1, "a"}, Thing{nil, "b"})
	Must(t, s.Close())
	// The one that is there is taken.
	s = d.Sink(sqltable.Target{Mode: sqltable.Upsert, Key: []string{"id"}, Create: true})
	Must(t, s.Open(t.Context(), rt, nil))
	Put(t, s, rt, Thing{1, "c"}, Thing{nil, "d"})
	Must(t, s.Close())
	got := d.Rows(t, "SELECT * FROM things")
	slices.Sort(got)
	Same(t, got, "1|c", "<nil>|d")
}
