package relational

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/op"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

var errBusy, errDropped = errors.New("busy since 12:00"), errors.New("no such table")

// fakeTable is a table of a database in which a test writes. It is written to only while nobody reads.
type fakeTable struct {
	rt      op.Runtime
	columns *arrow.Schema
	rows    []row // id, name
	same    bool  // it says that it has not changed
	errs    []error
	hangs   chan struct{} // reading waits until it is closed; nil: it does not
	reads   int
	closed  int
}

func (f *fakeTable) Open(rt op.Runtime, columns *arrow.Schema) error {
	f.rt, f.columns = rt, columns
	return nil
}

func (f *fakeTable) Changed(context.Context) (bool, error) { return !f.same, nil }

func (f *fakeTable) Read(ctx context.Context, each func(arrow.RecordBatch) error) error {
	f.reads++
	if f.hangs != nil {
		select {
		case <-f.hangs:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if len(f.errs) > 0 {
		err := f.errs[0]
		f.errs = f.errs[1:]
		return err
	}
	var rows []row
	for _, r := range f.rows {
		rows = append(rows, r[:f.columns.NumFields()])
	}
	b := makeBatch(f.rt.Allocator(), f.columns, rows, nil)
	defer b.Release()
	return each(b.Record)
}

func (f *fakeTable) Passes(err error) (string, bool) { return "it is busy", errors.Is(err, errBusy) }
func (f *fakeTable) Patience() time.Duration         { return time.Minute }
func (f *fakeTable) Close() error                    { f.closed++; return nil }

func lookUpTable(f *fakeTable) *plan.Lookup {
	o := lookUpNames("", plan.Format{})
	o.Table, o.Reload = &plan.LookupTable{Config: f, Detail: "table users of a.db"}, time.Minute
	return o
}

// reloading is a lookup in a table, on a clock of its own.
type reloading struct {
	*pipe
	t     *testing.T
	clock *lookupClock
}

func openTable(t *testing.T, f *fakeTable) *reloading {
	p := open(t, t, lookUpTable(f), plan.Rows, nil, clicks)
	clock := &lookupClock{Runtime: p.rt, now: time.Unix(0, 0)}
	l := p.op.(*lookup)
	l.rt = clock
	l.reload.later(clock.now)
	t.Cleanup(func() {
		p.close()
		if f.closed != 1 {
			t.Errorf("the table was closed %d times", f.closed)
		}
	})
	return &reloading{p, t, clock}
}

// sees looks "a" up and wants its name.
func (r *reloading) sees(want any) {
	r.t.Helper()
	r.rows(0, row{"a", nil, nil})
	check(r.t, r.taken(), []row{{"a", nil, nil, want}})
}

func (r *reloading) pass(d time.Duration) { r.clock.now = r.clock.now.Add(d) }

func (r *reloading) warned() int {
	return strings.Count(strings.Join(r.rt.Logs(), "\n"), "cannot read the table again, what was read before still holds")
}

func TestLookupReadsATableAgain(t *testing.T) {
	f := &fakeTable{rows: []row{{"a", "Ada"}, {nil, "nobody"}, {"b", nil}}}
	r := openTable(t, f)
	r.sees("Ada")
	f.rows[0] = row{"a", "Eve"}
	r.pass(59 * time.Second)
	r.sees("Ada")
	r.pass(time.Second)
	r.sees("Eve")
	r.rows(0, row{nil, nil, nil}, row{"b", nil, nil}, row{"c", nil, nil})
	check(t, r.taken(), []row{{nil, nil, nil, nil}, {"b", nil, nil, nil}, {"c", nil, nil, nil}})
	if rows, _ := r.op.(op.Stateful).State(); rows != 2 {
		t.Errorf("%d keys are held", rows)
	}
	f.same = true
	r.pass(time.Hour)
	r.sees("Eve")
	if f.reads != 2 {
		t.Errorf("it was read %d times", f.reads)
	}
}

// While the table cannot be read what was read before holds, the log and the node say so, and it is tried again soon; batches
// do not wait for that.
func TestLookupKeepsWhatItHas(t *testing.T) {
	f := &fakeTable{rows: []row{{"a", "Ada"}}}
	r := openTable(t, f)
	f.rows = []row{{"a", "Eve"}}
	f.errs = []error{errDropped, errBusy, errDropped}
	r.pass(time.Minute)
	r.sees("Ada")
	if n := r.warned(); n != 1 || f.reads != 2 {
		t.Errorf("warned %d times, read %d times", n, f.reads)
	}
	r.rt.AwaitStatus("table users of a.db: no such table; what was read before holds")
	r.pass(5 * time.Second) // longer than any pause between attempts
	for end := time.Now().Add(optest.Patience); r.warned() < 3 && time.Now().Before(end); r.pass(5 * time.Second) {
		r.sees("Ada")
	}
	logs := strings.Join(r.rt.Logs(), "\n")
	for _, want := range []string{"no such table", "it is busy", "cause=reload: it is busy", "cause=reload\n"} {
		if !strings.Contains(logs, want) {
			t.Errorf("no log says %q:\n%s", want, logs)
		}
	}
	for end := time.Now().Add(optest.Patience); ; r.pass(5 * time.Second) {
		r.rows(0, row{"a", nil, nil})
		if got := r.taken(); got[0][3] == "Eve" {
			break
		} else if got[0][3] != "Ada" || time.Now().After(end) {
			t.Fatalf("it sees %v", got)
		}
	}
	if all := r.rt.Statuses(); all[len(all)-1] != "" {
		t.Errorf("all is well, and the node says %s", all[len(all)-1])
	}
	if n := r.warned(); n != 3 {
		t.Errorf("warned %d times", n)
	}
}

// A batch waits a little for a database that does not answer, and the next ones do not; what it says at last is taken then.
func TestLookupDoesNotWaitLong(t *testing.T) {
	f := &fakeTable{rows: []row{{"a", "Ada"}}}
	r := openTable(t, f)
	r.op.(*lookup).reload.grace = time.Millisecond
	f.hangs, f.rows = make(chan struct{}), []row{{"a", "Eve"}}
	r.pass(time.Minute)
	r.sees("Ada")
	r.op.(*lookup).reload.grace = time.Hour
	r.pass(time.Hour)
	r.sees("Ada")
	close(f.hangs)
	<-r.op.(*lookup).reload.now.done
	r.sees("Eve")
	// The end of the run does not wait either: see Cleanup.
	r.op.(*lookup).reload.grace = time.Millisecond
	f.hangs = make(chan struct{})
	r.pass(time.Minute)
	r.sees("Eve")
}

// The first time a table is waited for, if what is wrong may pass; otherwise the lookup does not open.
func TestLookupOpensATable(t *testing.T) {
	f := &fakeTable{rows: []row{{"a", "Ada"}}, errs: []error{errBusy, errBusy}}
	r := openTable(t, f)
	r.sees("Ada")
	if logs := strings.Join(r.rt.Logs(), "\n"); f.reads != 3 || !strings.Contains(logs, "cannot read table users of a.db, trying on") {
		t.Errorf("%d reads:\n%s", f.reads, logs)
	}
	for _, c := range []struct {
		errs []error
		want string
	}{
		{[]error{errDropped}, "look up in table users of a.db: no such table"},
		{slices.Repeat([]error{errBusy}, 1000), "look up in table users of a.db: busy since 12:00; gave up after 1m0s"},
	} {
		f := &fakeTable{errs: c.errs}
		o := lookUpTable(f)
		n := &plan.Node{ID: "n", Op: o, Outputs: []*plan.Output{{Schema: schemaOf("who string", "n int", "page string", "name string")}}}
		o.Take[0].Of = 1
		l, err := With(func(*plan.Node) (op.Table, error) { return f, nil })(n)
		if err != nil {
			t.Fatal(err)
		}
		rt := &fastClock{lookupClock{Runtime: optest.New(t)}}
		if err := l.Open(t.Context(), rt); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
		if f.closed != 1 {
			t.Errorf("the table was closed %d times", f.closed)
		}
	}
	if _, err := New(&plan.Node{ID: "n", Op: lookUpTable(f)}); err == nil {
		t.Error("without a connector there is an operator")
	}
}

// fastClock is a clock that is moved by who waits.
type fastClock struct{ lookupClock }

func (c *fastClock) After(d time.Duration) <-chan time.Time {
	c.now = c.now.Add(d)
	fired := make(chan time.Time, 1)
	fired <- c.now
	return fired
}

// A table has no more rows than it may have.
func TestLookupTableIsTooLarge(t *testing.T) {
	f := &fakeTable{rows: []row{{"a", "Ada"}}}
	r := openTable(t, f)
	f.rows = slices.Repeat([]row{{"b", "Bob"}}, 4)
	r.pass(time.Minute)
	r.sees("Ada")
	if logs := strings.Join(r.rt.Logs(), "\n"); !strings.Contains(logs, "it has more than 3 rows") {
		t.Errorf("the log does not say why:\n%s", logs)
	}
}
