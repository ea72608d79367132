package sqltable

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/schema"

	"github.com/apache/arrow-go/v18/arrow"
)

// batchOfLists is a batch of one column of lists.
func batchOfLists(t *testing.T, rows ...[]int64) *batch.Batch {
	t.Helper()
	b := batch.NewBuilder(arrow.NewSchema([]arrow.Field{{Name: "l", Type: schema.List(schema.Int), Nullable: true}}, nil), allocator)
	defer b.Release()
	for _, r := range rows {
		if r == nil {
			b.Column(0).AppendNull()
			continue
		}
		for _, v := range r {
			b.Column(0).Elem().AppendInt(v)
		}
		b.Column(0).Append()
	}
	return b.Batch()
}

// log is a transaction, or a database, that notes what it is asked for; fails are the errors of calls, by their name, each once.
type log struct {
	calls   []string
	fails   map[string]error
	last    int64
	refused []Refusal
}

func (l *log) call(name string) error {
	l.calls = append(l.calls, name)
	err := l.fails[name]
	delete(l.fails, name)
	return err
}

func (l *log) Begin(context.Context) error                      { return l.call("begin") }
func (l *log) Last(context.Context, string) (int64, error)      { return l.last, l.call("last") }
func (l *log) Write(context.Context, Commit) ([]Refusal, error) { return l.refused, l.call("write") }
func (l *log) Note(context.Context, *ID) error                  { return l.call("note") }
func (l *log) Commit(context.Context) error                     { return l.call("commit") }
func (l *log) Rollback(context.Context)                         { _ = l.call("rollback") }

var errLost = errors.New("lost")

func TestCarry(t *testing.T) {
	id := &ID{Writer: "w", Number: 3, Before: 2}
	refused := []Refusal{{Row: 1, Detail: "no"}}
	for _, c := range []struct {
		name   string
		c      Commit
		tx     log
		calls  string
		told   int // refusals
		fails  bool
		behind bool
	}{
		{"a commit", Commit{ID: id}, log{last: 2}, "begin last write note commit", 0, false, false},
		{"rows without a checkpoint", Commit{}, log{refused: refused}, "begin write commit", 1, false, false},
		{"done already", Commit{ID: id}, log{last: 3}, "begin last rollback", 0, false, false},
		{"an older database", Commit{ID: id}, log{last: 1}, "begin last write note commit", 0, false, true},
		{"a trial", Commit{Trial: true}, log{refused: refused}, "begin write rollback", 1, false, false},
		{"all or nothing", Commit{ID: id, Whole: true}, log{last: 2, refused: refused}, "begin last write rollback", 1, false, false},
		{"it does not begin", Commit{ID: id}, log{fails: map[string]error{"begin": errLost}}, "begin", 0, true, false},
		{"it cannot tell", Commit{ID: id}, log{fails: map[string]error{"last": errLost}}, "begin last rollback", 0, true, false},
		{"it cannot write", Commit{ID: id}, log{last: 2, fails: map[string]error{"write": errLost}}, "begin last write rollback", 0, true, false},
		{"it cannot note", Commit{ID: id}, log{last: 2, fails: map[string]error{"note": errLost}}, "begin last write note rollback", 0, true, false},
		{"it cannot commit", Commit{ID: id}, log{last: 2, fails: map[string]error{"commit": errLost}}, "begin last write note commit rollback", 0, true, false},
	} {
		rt := optest.New(t)
		list, err := Carry(t.Context(), rt, "a.db", &c.tx, c.c)
		if got := strings.Join(c.tx.calls, " "); got != c.calls || len(list) != c.told || errors.Is(err, errLost) != c.fails {
			t.Errorf("%s: %s, %v, %v", c.name, got, list, err)
		}
		if logs := strings.Join(rt.Logs(), "\n"); strings.Contains(logs, "does not know the commit before this one") != c.behind {
			t.Errorf("%s: logged %s", c.name, logs)
		}
	}
}

// fake is a database that takes everything, but for the errors of a log.
type fake struct{ log }

func (f *fake) Open(context.Context, op.Runtime, Target, bool) (bool, error) {
	return true, f.call("open")
}
func (f *fake) Check(*batch.Batch) ([]batch.Failure, bool)       { return nil, false }
func (f *fake) Apply(context.Context, Commit) ([]Refusal, error) { return nil, f.call("apply") }
func (f *fake) Passes(err error) (string, bool)                  { return "it is lost", errors.Is(err, errLost) }
func (f *fake) Place() string                                    { return "a.db" }
func (f *fake) Close() error                                     { return f.call("close") }

func sinkOf(f *fake) *Sink {
	s := arrow.NewSchema([]arrow.Field{{Name: "l", Type: schema.List(schema.Int), Nullable: true}}, nil)
	return New(Options{Database: f, Target: Target{Table: "t", Mode: Insert, Schema: s}, Patience: time.Minute})
}

// What may pass is tried again, at the start and with each batch.
func TestSinkTriesAgain(t *testing.T) {
	f := &fake{log{fails: map[string]error{"open": errLost, "apply": errLost}}}
	s, rt := sinkOf(f), optest.New(t)
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	b := batchOfLists(t, []int64{1})
	defer b.Release()
	if err := errors.Join(s.Write(t.Context(), b, &optest.Emitter{}), s.Close()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"open", "open", "apply", "apply", "close"}; !slices.Equal(f.calls, want) {
		t.Errorf("%q", f.calls)
	}
	logs := strings.Join(rt.Logs(), "\n")
	for _, want := range []string{"cannot connect to a.db, trying on", "cannot write to a.db, trying on"} {
		if !strings.Contains(logs, want) {
			t.Errorf("no log says %q:\n%s", want, logs)
		}
	}
}

func TestSinkOfAnotherKindOfToken(t *testing.T) {
	s := sinkOf(&fake{})
	if err := s.Open(t.Context(), optest.New(t), []op.Prepared{op.Prepared(`{"version": 99}`)}); err == nil || !strings.Contains(err.Error(), "of another version of flowrun, or of another kind of sink") {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
