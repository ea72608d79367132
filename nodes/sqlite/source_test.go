package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
	"flowrun/dag/spec"
)

func openSource(t *testing.T, rt *optest.Runtime, c SourceConfig, s *arrow.Schema, from []byte) *source {
	t.Helper()
	src := newSource(c, s)
	must(t, src.Open(t.Context(), rt, from))
	t.Cleanup(func() { must(t, src.Close()) })
	return src
}

// A run that goes on where another stopped reads each row once, however the batches are cut.
func TestSourceGoesOnAboveTheLastRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
	var want []string
	for i := range 25 {
		want = append(want, fmt.Sprintf("n%02d", i))
		run(t, path, fmt.Sprintf("INSERT INTO things VALUES (%d, 'n%02d')", 100-i, i))
	}
	for _, c := range []SourceConfig{
		{Table: "things"}, {Table: "things", Column: "name"}, {Query: "SELECT id + 1 AS k, name FROM things;", Column: "k"},
	} {
		c.Path = path
		var got []string
		var from []byte
		for {
			rt := optest.New(t)
			rt.Rows = 7
			s := openSource(t, rt, c, arrow.NewSchema([]arrow.Field{things.Field(1)}, nil), from)
			taken := optest.Take(t.Context(), t, s, optest.Rows(1))
			if len(taken.Rows) == 0 {
				break
			}
			got = append(got, taken.Column(0)...)
			var err error
			from, err = taken.Last.AppendBinary(nil)
			must(t, err)
		}
		if c.Column != "name" {
			slices.Reverse(got)
		}
		same(t, got, want...)
	}
}

func TestSourceFollows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO things VALUES (1, 'a')")
	rt := optest.New(t)
	s := openSource(t, rt, SourceConfig{Path: path, Table: "things", Follow: true, Poll: spec.Duration(time.Millisecond)}, things, nil)
	first := optest.Take(t.Context(), t, s, optest.Rows(1))
	run(t, path, "INSERT INTO things VALUES (2, 'b')")
	second := optest.Take(t.Context(), t, s, optest.Rows(1))
	same(t, append(first.Column(1), second.Column(1)...), "a", "b")
}

// lockOf holds the lock of a database until the function that it gives is called.
func lockOf(t *testing.T, path string) (release func()) {
	t.Helper()
	db, conn, err := connect(t.Context(), path, false)
	must(t, err)
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	must(t, err)
	return func() {
		_, err := conn.ExecContext(t.Context(), "COMMIT")
		must(t, errors.Join(err, conn.Close(), db.Close()))
	}
}

// While another process holds the lock the source waits, when it opens as when it reads, and says so; no row is lost or comes twice.
func TestSourceWaitsForALock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO things VALUES (1, 'a'), (2, 'b'), (3, 'c')")
	const locked = "another process holds its lock, retry in"
	rt := optest.New(t)
	rt.Rows, rt.Until = 1, true
	release := lockOf(t, path)
	s := newSource(SourceConfig{Path: path, Table: "things"}, things)
	opened := make(chan error, 1)
	go func() { opened <- s.Open(t.Context(), rt, nil) }()
	rt.AwaitStatus(locked)
	release()
	must(t, <-opened)
	first := optest.Take(t.Context(), t, s, optest.Rows(1))
	release = lockOf(t, path)
	rest := make(chan *optest.Taken, 1)
	go func() { rest <- optest.Take(t.Context(), t, s, nil) }()
	rt.AwaitWaiting()
	release()
	same(t, append(first.Column(1), (<-rest).Column(1)...), "a", "b", "c")
	if all := rt.Statuses(); all[len(all)-1] != "" {
		t.Errorf("all is well, and the node says %s", all[len(all)-1])
	}
	must(t, s.Close())
}

// A table that is gone does not come back by itself.
func TestSourceOfATableThatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, "CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT)")
	s := openSource(t, optest.New(t), SourceConfig{Path: path, Table: "things", Follow: true, Poll: spec.Duration(time.Millisecond)}, things, nil)
	run(t, path, "ALTER TABLE things RENAME COLUMN name TO nom")
	if _, _, err := s.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "no such column: t.name") {
		t.Error(err)
	}
}

func TestSourceTypes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, path, `CREATE TABLE x (b BOOLEAN, i INTEGER, f REAL, s TEXT, y BLOB, ts TIMESTAMP, d DATE);
INSERT INTO x VALUES (1, -5, 0.5, 'é', x'00ff', '2026-03-01T12:14:03.120000Z', '1969-12-31');
INSERT INTO x VALUES (0, 'no', 2, '', x'', '2026-03-01 12:14:03', NULL);
INSERT INTO x VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL)`)
	s := arrow.NewSchema([]arrow.Field{
		{Name: "b", Type: schema.Bool, Nullable: true}, {Name: "i", Type: schema.Int, Nullable: true}, {Name: "f", Type: schema.Float, Nullable: true}, {Name: "s", Type: schema.String, Nullable: true},
		{Name: "y", Type: schema.Bytes, Nullable: true}, {Name: "ts", Type: schema.Timestamp, Nullable: true}, {Name: "d", Type: schema.Date, Nullable: true},
	}, nil)
	src := openSource(t, optest.New(t), SourceConfig{Path: path, Table: "x"}, s, nil)
	got := optest.Take(t.Context(), t, src, nil)
	var lines []string
	for _, r := range got.Rows {
		lines = append(lines, fmt.Sprint(r))
	}
	same(t, lines, "[true -5 0.5 é AP8= 2026-03-01T12:14:03.12Z 1969-12-31]", "[(null) (null) (null) (null) (null) (null) (null)]")
	if len(got.Rejects) != 1 || got.Rejects[0].Detail != "column i holds no" {
		t.Errorf("rejects %+v", got.Rejects)
	}
}
