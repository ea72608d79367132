package sqltable

import (
	"cmp"
	"context"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// Mode is what becomes of a row.
type Mode string

// The modes.
const (
	Insert  Mode = "insert"  // each row is one more row of the table
	Upsert  Mode = "upsert"  // a row takes the place of the one with its key
	Replace Mode = "replace" // the rows of a commit take the place of all that the table has
)

// Target is the table, and what rows do to it.
type Target struct {
	Table  string
	Mode   Mode
	Key    []string // of Upsert
	Create bool     // make the table where there is none
	Schema *arrow.Schema
}

// Upserts says which columns the settings of a sink name as its key.
func Upserts(key []spec.Name) *plan.Upserts {
	u := &plan.Upserts{}
	for _, k := range key {
		u.By = append(u.By, k.Text)
	}
	return u
}

// TargetOf says what the rows of a bound write do: those of updates replace each other by key, those of complete results
// replace all. A key that the settings say makes upserts of plain rows too.
func TargetOf(w *plan.Write, table string, create bool) Target {
	t := Target{Table: table, Mode: Insert, Create: create, Schema: w.Schema}
	if w.Mode == plan.Complete {
		t.Mode = Replace
	} else if t.Key = w.Replaces(); len(t.Key) > 0 {
		t.Mode = Upsert
	}
	return t
}

// KeyIndices are the places of the key's columns.
func (t Target) KeyIndices() []int {
	var at []int
	for _, k := range t.Key {
		at = append(at, t.Schema.FieldIndices(k)[0])
	}
	return at
}

// ID names a commit to the database.
type ID struct {
	Writer         string // of the checkpoint and its sink: random
	Number, Before uint64 // of this commit, and of the one before it; 0: there was none
	Pipeline, Node string // for who reads the table of commits
}

// Commits is the table in which a database keeps the last commit of each writer.
const Commits = "flowrun_commits"

// Commit is what is to be done in one transaction.
type Commit struct {
	Target Target
	ID     *ID  // nil: nothing is noted
	Whole  bool // where a row is refused nothing is done
	Trial  bool // find out which rows are refused, and change nothing
	// Rows gives the rows, batch by batch, each lent; it may be asked again.
	Rows func(each func(*batch.Batch) error) error
}

// Refusal is a row that the database does not take.
type Refusal struct {
	Row    int64 // in the order of Commit.Rows, from 0
	Detail string
}

// Database is one connection to a database, which is opened again when it is lost. Its methods are not called at the same time.
type Database interface {
	// Open connects, checks the table or makes it, and makes the table of commits where noted says so. plain says that the table takes
	// every row of the target that Check lets pass, so that nothing has to be tried.
	Open(ctx context.Context, rt op.Runtime, t Target, noted bool) (plain bool, err error)
	// Check finds rows of which the database can hold no value; the reasons are few different texts. risky: the rows are to be tried
	// although the table is plain.
	Check(b *batch.Batch) (failed []batch.Failure, risky bool)
	// Apply carries out a commit, in order of the rows, unless it is known to be carried out already. Rows that are refused are left out and
	// told; the rest is done.
	Apply(ctx context.Context, c Commit) ([]Refusal, error)
	// Passes reports whether an error may pass by itself; cause is what it is in few different words.
	Passes(err error) (cause string, yes bool)
	// Place is the table as it may be shown.
	Place() string
	Close() error
}

// SortRefusals puts them in order of their rows.
func SortRefusals(list []Refusal) {
	slices.SortFunc(list, func(a, b Refusal) int { return cmp.Compare(a.Row, b.Row) })
}
