// Package sqltabletest holds the connections to databases to what package sqltable asks of them: [Run] is a test of each.
package sqltabletest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"
	"flowrun/nodes/sqltable"
)

// Database is a database of a test's own, in which there is nothing yet.
type Database struct {
	// Connect makes a connection, which is not open yet.
	Connect func() sqltable.Database
	// Do carries out a statement; Rows gives the rows of a query, with | between their values and <nil> for null.
	Do   func(t testing.TB, statement string)
	Rows func(t testing.TB, query string) []string
	// Tables lists the tables, by name.
	Tables func(t testing.TB) []string
	// Unique, Check and NotNull are of what the database says of a row that breaks such a constraint.
	Unique, Check, NotNull string
}

// Things are the rows that tests write.
var Things = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: schema.Int, Nullable: true}, {Name: "name", Type: schema.String, Nullable: true},
}, nil)

// Thing is a row of them.
type Thing struct {
	ID   any // int or nil
	Name string
}

// Row makes a thing; id is an int or nil.
func Row(id any, name string) Thing { return Thing{ID: id, Name: name} }

// BatchOf is a batch of things.
func BatchOf(rt op.Runtime, rows ...Thing) *batch.Batch {
	b := batch.NewBuilder(Things, rt.Allocator())
	defer b.Release()
	for _, r := range rows {
		if id, ok := r.ID.(int); ok {
			b.Column(0).AppendInt(int64(id))
		} else {
			b.Column(0).AppendNull()
		}
		b.Column(1).AppendString(r.Name)
	}
	return b.Batch()
}

// Sink makes a sink of things, unless the target says other columns, into the table things, unless it names another one.
func (d Database) Sink(t sqltable.Target) *sqltable.Sink {
	if t.Table == "" {
		t.Table = "things"
	}
	if t.Schema == nil {
		t.Schema = Things
	}
	return sqltable.New(sqltable.Options{Database: d.Connect(), Target: t, Pipeline: "test", Patience: time.Minute})
}

// Saved is a runtime of a run with a checkpoint, or of one without.
func Saved(t testing.TB, saved bool) *optest.Runtime {
	rt := optest.New(t)
	if rt.Saved = saved; saved {
		rt.Stage = filepath.Join(t.TempDir(), "stage")
	}
	return rt
}

// Put writes things.
func Put(t testing.TB, s op.Sink, rt op.Runtime, rows ...Thing) *optest.Emitter {
	t.Helper()
	b := BatchOf(rt, rows...)
	defer b.Release()
	var out optest.Emitter
	Must(t, s.Write(context.Background(), b, &out))
	return &out
}

// Commit prepares and commits, if the run has a checkpoint, and gives what was rejected then.
func Commit(t testing.TB, s op.Sink, rt *optest.Runtime) *optest.Emitter {
	t.Helper()
	var out optest.Emitter
	if rt.Saved {
		p, err := s.Prepare(context.Background(), &out)
		Must(t, err)
		Must(t, s.Commit(context.Background(), p))
	}
	return &out
}

// Must fails the test.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Same compares rows.
func Same(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("rows %q, want %q", got, want)
	}
}

func lines(rows []Thing) []string {
	lines := []string{}
	for _, r := range rows {
		lines = append(lines, fmt.Sprintf("%v|%s", r.ID, r.Name))
	}
	return lines
}
