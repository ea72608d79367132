package exec_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
	"flowrun/dag/schema"
)

// timedSchema are rows with a time, a key and a value.
var timedSchema = arrow.NewSchema([]arrow.Field{
	{Name: "at", Type: schema.Timestamp, Nullable: true}, {Name: "k", Type: arrow.PrimitiveTypes.Int64}, {Name: "v", Type: arrow.PrimitiveTypes.Int64},
}, nil)

// timedRow happened at milliseconds behind the Unix epoch; noTime: nobody knows.
type timedRow struct{ at, k, v int64 }

const noTime = -1

// timedBatch is what a source gives after some time.
type timedBatch struct {
	after time.Duration
	part  int32
	rows  []timedRow
}

// timedSource gives its batches and ends, or, where it is live, waits to be stopped.
type timedSource struct {
	batches []timedBatch
	live    bool
	rt      op.Runtime
}

func (s *timedSource) Open(_ context.Context, rt op.Runtime, _ []byte) error { s.rt = rt; return nil }
func (s *timedSource) Committed(context.Context, op.Position) error          { return nil }
func (s *timedSource) Close() error                                          { return nil }

func (s *timedSource) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	if len(s.batches) == 0 {
		if !s.live {
			return nil, nil, io.EOF
		}
		s.rt.Waiting(true)
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	next := s.batches[0]
	if next.after > 0 {
		s.rt.Waiting(true)
		select {
		case <-time.After(next.after):
			s.rt.Waiting(false)
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	s.batches = s.batches[1:]
	b := batch.NewBuilder(timedSchema, s.rt.Allocator())
	defer b.Release()
	for _, r := range next.rows {
		if r.at == noTime {
			b.Column(0).AppendNull()
		} else {
			b.Column(0).AppendInt(r.at * 1000)
		}
		b.Column(1).AppendInt(r.k)
		b.Column(2).AppendInt(r.v)
	}
	out := b.Batch()
	out.Part = next.part
	return out, nil, nil
}

// linesSink keeps rows as text.
type linesSink struct {
	mu     sync.Mutex
	lines  []string
	epochs [][]string // the lines of each
	shown  int        // lines of past epochs
}

func (s *linesSink) Open(context.Context, op.Runtime, []op.Prepared) error    { return nil }
func (s *linesSink) Prepare(context.Context, op.Emitter) (op.Prepared, error) { return nil, nil }
func (s *linesSink) Commit(context.Context, op.Prepared) error                { return nil }
func (s *linesSink) Abort(context.Context, op.Prepared) error                 { return nil }
func (s *linesSink) Close() error                                             { return nil }

func (s *linesSink) Write(_ context.Context, in *batch.Batch, _ op.Emitter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range in.Rows() {
		var cells []string
		for c, f := range in.Schema().Fields() {
			cells = append(cells, f.Name+"="+in.Record.Column(c).ValueStr(in.Row(i)))
		}
		s.lines = append(s.lines, strings.Join(cells, " "))
	}
	return nil
}

func (s *linesSink) Epoch(context.Context, uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epochs = append(s.epochs, slices.Clone(s.lines[s.shown:]))
	s.shown = len(s.lines)
	return nil
}

func (s *linesSink) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// timedPlan is a plan of the algebra's own operations over timed sources.
type timedPlan struct {
	p       *plan.Pipeline
	by      map[string]*plan.Node
	sources map[string]op.Source
	sinks   map[string]*linesSink
	mem     *memory.CheckedAllocator
	slow    map[string]time.Duration // what a row-wise node takes for a batch
}

func newTimedPlan() *timedPlan {
	return &timedPlan{p: &plan.Pipeline{Name: "timed"}, by: map[string]*plan.Node{}, sources: map[string]op.Source{}, sinks: map[string]*linesSink{},
		mem: memory.NewCheckedAllocator(batch.NewPool())}
}

func (p *timedPlan) Source(n *plan.Node) (op.Source, error) { return p.sources[n.ID], nil }
func (p *timedPlan) Sink(n *plan.Node) (op.Sink, error)     { return p.sinks[n.ID], nil }

func (p *timedPlan) add(id string, o plan.Op, from ...string) {
	n := &plan.Node{ID: id, Kind: "timed", Op: o, OnError: plan.Drop}
	for _, f := range from {
		name, output, _ := strings.Cut(f, ".")
		n.Inputs = append(n.Inputs, plan.Edge{From: p.by[name], Output: output})
	}
	p.p.Nodes, p.by[id] = append(p.p.Nodes, n), n
}

func (p *timedPlan) source(id string, t plan.Timing, s *timedSource) {
	t.Column = text("at")
	p.add(id, &plan.Scan{Kind: "timed", Schema: timedSchema, Bounded: !s.live, UntilNow: true, Timing: &t})
	p.sources[id] = s
}

// sink shows an output in a sink of the same name.
func (p *timedPlan) sink(from string) {
	p.add("show "+from, &plan.Write{Kind: "timed"}, from)
	p.sinks["show "+from] = &linesSink{}
}

func (p *timedPlan) shown(of string) []string { return p.sinks["show "+of].got() }

func (p *timedPlan) build(o exec.Options) (*exec.Run, error) {
	if list := plan.Bind(p.p); list.HasErrors() {
		return nil, list.Err()
	}
	plan.Rewrite(p.p)
	o.Allocator, o.Transforms = p.mem, p.transform
	return exec.Build(p.p, p, o)
}

func (p *timedPlan) transform(n *plan.Node) (op.Transform, error) {
	t, err := relational.New(n)
	if takes := p.slow[n.ID]; err == nil && takes > 0 {
		t = slowly{t, takes}
	}
	return t, err
}

// slowly is an operator that takes its time, of the clock of the test.
type slowly struct {
	op.Transform
	takes time.Duration
}

func (s slowly) Process(ctx context.Context, port int, in *batch.Batch, out op.Emitter) error {
	time.Sleep(s.takes)
	return s.Transform.Process(ctx, port, in, out)
}

func windowOf(size, every time.Duration, by ...plan.Item) *plan.Aggregate {
	return &plan.Aggregate{Window: &plan.Window{Size: size, Every: every}, By: by, Emit: plan.Final,
		Take: []plan.TakeItem{{Name: text("n"), Text: text("count()")}, {Name: text("sum"), Text: text("sum(v)")}}}
}

// scenario is rows of two sources, in event time.
type scenario struct {
	rows   [2][]timedRow
	delay  time.Duration
	size   time.Duration
	within time.Duration
}

// keyed are the nodes of a scenario that can run in lanes by key, and those that can run in theirs.
var keyed = []string{"tumbling", "sessions", "changing", "narrow", "chained", "firsts", "once", "joined", "some", "leads", "asof", "running", "matched", "unmet", "counted", "recounted"}

// results runs the rows through windows, windows of windows, sessions, dedupe, top and a join, in so many lanes.
func (s scenario) results(batches [2][]timedBatch, trigger plan.Trigger, o exec.Options, lanes map[string]int) (*timedPlan, func(*testing.T) error) {
	p := newTimedPlan()
	for i, id := range []string{"a", "b"} {
		p.source(id, plan.Timing{Delay: s.delay}, &timedSource{batches: batches[i]})
	}
	p.add("both", &plan.Union{}, "a", "b")
	p.add("tumbling", windowOf(s.size, s.size, item("k", "k")), "both")
	p.add("hopping", windowOf(s.size, s.size/2), "both")
	p.add("narrow", &plan.Project{Items: []plan.Item{{Name: text("window_end"), Expr: plan.Expr{Text: text("window_end")}, Bare: true}, item("v", "n"), item("k", "k")}}, "tumbling")
	p.add("chained", windowOf(3*s.size, 3*s.size, item("half", "k / 2 > 1")), "narrow")
	sessions := windowOf(s.size, s.size, item("k", "k"))
	sessions.Window.Session = true
	p.add("sessions", sessions, "both")
	changing := windowOf(s.size, s.size/2, item("k", "k"))
	changing.Emit = plan.Updates
	p.add("changing", changing, "both")
	p.add("firsts", &plan.Top{N: 1, Ties: true, Order: []plan.Ordered{{Column: text("sum"), Desc: true}},
		By: []plan.Item{{Name: text("window_end"), Expr: plan.Expr{Text: text("window_end")}, Bare: true}, item("odd", "k % 2")}}, "tumbling")
	p.add("once", &plan.Dedupe{By: []plan.Item{item("k", "k"), item("v", "v % 3")}, Within: s.within}, "a")
	p.add("joined", &plan.Join{Type: plan.FullJoin, On: []plan.JoinKey{{Left: text("k"), Right: text("k")}},
		Bound: &plan.Bound{Lower: -s.within, Upper: s.within}, Prefix: [2]string{"", "right_"}}, "a", "b")
	p.add("some", &plan.Filter{Cond: plan.Expr{Text: text("k != 1")}}, "joined")
	p.add("leads", &plan.Top{N: 2, Ties: false, Updates: true, Order: []plan.Ordered{{Column: text("v"), Desc: true}, {Column: text("at")}}, By: []plan.Item{
		{Name: text("k"), Expr: plan.Expr{Text: text("k")}, Bare: true}}}, "a")
	p.add("asof", &plan.Join{Type: plan.AsofJoin, On: []plan.JoinKey{{Left: text("k"), Right: text("k")}},
		Bound: &plan.Bound{Lower: -s.within}, Prefix: [2]string{"", "right_"}}, "b", "a") // of rows of a the order is always the same
	p.add("running", &plan.Fold{By: []plan.Item{item("odd", "k % 2")}, Start: []plan.Item{item("n", "0"), item("s", "0")},
		Next: []plan.Item{item("n", "acc.n + 1"), item("s", "acc.s * 3 + v")}}, "a")
	p.add("matched", &plan.Match{By: []plan.Item{item("odd", "k % 2")}, Steps: []plan.Item{item("low", "v < 4"), item("high", "v > low.v + 2")},
		Without: []plan.Item{item("same", "v == low.v")}, Within: s.within, Take: []plan.Item{item("from", "low.v"), item("to", "high.v")}}, "a")
	p.add("unmet", &plan.Match{By: []plan.Item{item("odd", "k % 2")}, Steps: []plan.Item{item("low", "v < 4")}, Absent: []plan.Item{item("high", "v > low.v + 2")},
		Within: s.within, Overlap: true, Take: []plan.Item{item("v", "low.v")}}, "a")
	// Watermarks that are made behind lanes: what those change in the order of rows makes none late.
	p.add("stamped", &plan.Watermark{Timing: plan.Timing{Column: text("at"), Delay: s.delay}}, "once")
	p.add("counted", windowOf(s.size, s.size, item("k", "k")), "stamped")
	p.add("ending", &plan.Watermark{Timing: plan.Timing{Column: text("window_end")}}, "narrow")
	p.add("recounted", windowOf(3*s.size, 3*s.size, item("k", "k")), "ending")
	for id, n := range lanes {
		p.by[id].Parallelism, p.by[id].Unordered = max(n, -n), n < 0
	}
	for _, of := range []string{"tumbling", "tumbling.late", "hopping", "chained", "chained.late", "sessions", "sessions.late", "changing", "firsts", "once", "once.late", "some", "leads", "asof", "running", "matched", "unmet", "counted", "recounted"} {
		p.sink(of)
	}
	p.p.Trigger = trigger
	return p, func(t *testing.T) error {
		r, err := p.build(o)
		if err != nil {
			return err
		}
		if err := r.Run(t.Context()); err != nil {
			return err
		}
		sum := r.Summary()
		if len(sum.Problems) > 0 || sum.OnTheWay > 0 {
			return fmt.Errorf("account: %v", sum.Problems)
		}
		for _, n := range sum.Nodes {
			if n.Late > 0 {
				return fmt.Errorf("%s: %d rows within the delay are late", n.Node, n.Late)
			}
		}
		if left := p.mem.CurrentAlloc(); left != 0 {
			return fmt.Errorf("%d bytes of batches are not given back", left)
		}
		return nil
	}
}

// cutAtRandom makes batches of rows.
func cutAtRandom(t *rapid.T, rows []timedRow) []timedBatch {
	var all []timedBatch
	for len(rows) > 0 {
		n := rapid.IntRange(1, min(len(rows), 40)).Draw(t, "batch")
		all = append(all, timedBatch{after: ms(rapid.SampledFrom([]int{0, 0, 0, 1, 70, 700}).Draw(t, "after")), rows: rows[:n]})
		rows = rows[n:]
	}
	return all
}

// latest keeps the last row of each key, which is some of the cells.
func latest(lines []string, cells ...int) []string {
	last := map[string]string{}
	for _, line := range lines {
		key := ""
		for _, c := range cells {
			key += strings.Split(line, " ")[c] + " "
		}
		last[key] = line
	}
	return sorted(slices.Collect(maps.Values(last)))
}

// drawScenario draws rows, and gives a function that orders rows as they come when each is under way for up to the delay.
func drawScenario(rt *rapid.T) (s scenario, jittered func(rows []timedRow) []timedRow) {
	s = scenario{
		delay:  ms(rapid.SampledFrom([]int{0, 5, 100, 3000}).Draw(rt, "delay")),
		size:   ms(2 * rapid.SampledFrom([]int{2, 50, 400}).Draw(rt, "size")),
		within: ms(rapid.SampledFrom([]int{1, 30, 1000}).Draw(rt, "within")),
	}
	jittered = func(rows []timedRow) []timedRow {
		type sent struct {
			timedRow
			comes int64
		}
		all := make([]sent, len(rows))
		for i, r := range rows {
			all[i] = sent{r, r.at + rapid.Int64Range(0, s.delay.Milliseconds()).Draw(rt, "jitter")}
		}
		slices.SortStableFunc(all, func(x, y sent) int { return int(x.comes - y.comes) })
		out := make([]timedRow, len(rows))
		for i, r := range all {
			out[i] = r.timedRow
		}
		return out
	}
	for i := range s.rows {
		at := int64(5000)
		for range rapid.IntRange(0, 60).Draw(rt, "rows") {
			at += rapid.SampledFrom([]int64{0, 1, 3, 20, 150}).Draw(rt, "step")
			s.rows[i] = append(s.rows[i], timedRow{at, rapid.Int64Range(0, 3).Draw(rt, "k"), rapid.Int64Range(0, 9).Draw(rt, "v")})
		}
	}
	return s, jittered
}

// What windows, windows of windows, sessions, dedupe, top and joins give for rows that come within the delay depends on nothing but the rows:
// not on batches, queues, triggers, lanes, nor on which input is ahead; and of b not even on the order.
func TestEventTimeResultsDependOnTheRowsOnly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, jittered := drawScenario(rt)
		a := jittered(s.rows[0])
		var first map[string][]string
		for i := range 2 {
			trigger := plan.Trigger{
				Kind:     rapid.SampledFrom([]plan.TriggerKind{plan.ASAP, plan.Every, plan.AvailableNow, plan.Once}).Draw(rt, "trigger"),
				Interval: ms(rapid.SampledFrom([]int{1, 100, 3000}).Draw(rt, "interval")),
			}
			o := exec.Options{Queue: rapid.IntRange(1, 5).Draw(rt, "queue"), BatchRows: rapid.IntRange(1, 70).Draw(rt, "batch rows")}
			lanes := map[string]int{}
			for _, id := range keyed {
				lanes[id] = rapid.SampledFrom([]int{1, 2, 3, 4, -2, -4}).Draw(rt, "lanes of "+id)
				if slices.Contains([]string{"once", "narrow"}, id) {
					lanes[id] = max(lanes[id], -lanes[id]) // for behind them the order counts
				}
			}
			p, run := s.results([2][]timedBatch{cutAtRandom(rt, a), cutAtRandom(rt, jittered(s.rows[1]))}, trigger, o, lanes)
			var err error
			synctest.Test(t, func(t *testing.T) { err = run(t) })
			if err != nil {
				rt.Fatal(err)
			}
			got := map[string][]string{}
			for id, k := range p.sinks {
				got[id] = sorted(k.got())
			}
			got["show changing"] = latest(p.shown("changing"), 0, 1, 2)
			got["show leads"] = latest(p.shown("leads"), 1, 3)
			if i == 0 {
				first = got
			} else if d := cmp.Diff(first, got); d != "" {
				rt.Fatalf("one run and another:\n%s", d)
			}
		}
		if len(s.rows[0])+len(s.rows[1]) > 0 && len(first["show tumbling"]) == 0 {
			rt.Fatal("no window came")
		}
	})
}

// start starts a run of the plan that is drained at the end of the test.
func (p *timedPlan) start(t *testing.T) *exec.Run {
	t.Helper()
	r, err := p.build(exec.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Run(context.Background()) }() // it is drained, not cut off
	t.Cleanup(func() {
		r.Drain()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for _, problem := range r.Summary().Problems {
			t.Error(problem)
		}
		p.mem.AssertSize(t, 0)
	})
	return r
}

// mark is a node's watermark in milliseconds, and whether it is idle; -1: none.
func (p *timedPlan) mark(r *exec.Run, id string) (at int64, idle bool) {
	synctest.Wait()
	i := slices.IndexFunc(p.p.Nodes, func(n *plan.Node) bool { return n.ID == id })
	st := r.Snapshot().Nodes[i]
	if st.Watermark.IsZero() {
		return -1, st.Idle
	}
	return st.Watermark.UnixMilli(), st.Idle
}

func (p *timedPlan) wantMark(t *testing.T, r *exec.Run, id string, want int64, idle bool) {
	t.Helper()
	if at, is := p.mark(r, id); at != want || is != idle {
		t.Errorf("after %s: the watermark of %s is %d (idle: %v), want %d (%v)", time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), id, at, is, want, idle)
	}
}

func rowsAt(at ...int64) []timedRow {
	var rows []timedRow
	for i, a := range at {
		rows = append(rows, timedRow{a, int64(i), 1})
	}
	return rows
}

func TestWatermarksOfPartitionsAndInputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTimedPlan()
		p.source("a", plan.Timing{Delay: time.Second}, &timedSource{live: true, batches: []timedBatch{
			{after: ms(10), part: 0, rows: rowsAt(20_000, 30_000)},
			{after: ms(10), part: 1, rows: rowsAt(9_000)}, // a second partition cannot take back what was promised
			{after: ms(10), part: 0, rows: rowsAt(50_000)},
			{after: ms(10), part: 1, rows: rowsAt(40_000, noTime)},
		}})
		p.source("b", plan.Timing{Idle: 30 * time.Second}, &timedSource{live: true, batches: []timedBatch{
			{after: ms(45), rows: rowsAt(35_000)},
			{after: time.Minute, rows: rowsAt(36_000, 70_000)},
		}})
		p.add("both", &plan.Union{}, "a", "b")
		p.add("windows", windowOf(10*time.Second, 10*time.Second), "both")
		p.sink("windows")
		p.sink("windows.late")
		p.sink("a.rejected")
		r := p.start(t)
		at := func(d time.Duration) { time.Sleep(time.Until(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d))) }
		at(ms(15))
		p.wantMark(t, r, "a", 29_000, false)
		p.wantMark(t, r, "both", -1, false) // b has said nothing
		at(ms(25))
		p.wantMark(t, r, "a", 29_000, false)
		at(ms(35))
		p.wantMark(t, r, "a", 29_000, false) // its second partition is at 8 s
		at(ms(44))
		p.wantMark(t, r, "a", 39_000, false)
		if got := p.shown("a.rejected"); len(got) != 1 || !strings.Contains(got[0], relational.NoEventTime) {
			t.Errorf("rejected: %q", got)
		}
		at(ms(46))
		p.wantMark(t, r, "both", 35_000, false)
		if got := p.shown("windows"); len(got) != 2 || !strings.Contains(got[0], "window_end=1970-01-01T00:00:10Z") || !strings.Contains(got[1], "window_end=1970-01-01T00:00:30Z") {
			t.Errorf("%q", got)
		}
		at(30*time.Second + ms(44))
		p.wantMark(t, r, "both", 35_000, false)
		at(30*time.Second + ms(46))
		p.wantMark(t, r, "b", 35_000, true)
		p.wantMark(t, r, "both", 39_000, false)
		if status := r.Status(); !strings.Contains(status, "watermark ") || strings.Contains(status, "late") {
			t.Error(status)
		}
		at(time.Minute + ms(50))
		p.wantMark(t, r, "b", 70_000, false)
		p.wantMark(t, r, "both", 39_000, false)
	})
}

func TestWindowsOfProcessingTimeCloseByTheClock(t *testing.T) {
	for _, lanes := range []int{1, 2, 3} {
		synctest.Test(t, func(t *testing.T) {
			p := newTimedPlan()
			p.source("a", plan.Timing{}, &timedSource{live: true, batches: []timedBatch{
				{after: ms(1), rows: rowsAt(1, 2, 3, 4)}, {after: ms(9_000), rows: rowsAt(4)}, {after: ms(2_000), rows: rowsAt(5)},
			}})
			w := windowOf(10*time.Second, 10*time.Second, item("k", "k"))
			w.Window.Processing = true
			p.add("windows", w, "a")
			p.by["windows"].Parallelism = lanes
			p.sink("windows")
			r := p.start(t)
			shows := func(when string, want ...string) {
				t.Helper()
				synctest.Wait()
				var got []string
				for _, line := range p.shown("windows") {
					_, counts, _ := strings.Cut(line, "window_end=")
					got = append(got, counts)
				}
				if d := cmp.Diff(want, sorted(got)); d != "" {
					t.Errorf("%d lanes, %s:\n%s", lanes, when, d)
				}
			}
			const first, second = "2000-01-01T00:00:10Z ", "2000-01-01T00:00:20Z "
			of := []string{first + "k=0 n=2 sum=2", first + "k=1 n=1 sum=1", first + "k=2 n=1 sum=1", first + "k=3 n=1 sum=1"}
			time.Sleep(ms(9_999))
			shows("before it is over")
			time.Sleep(ms(2))
			shows("once it is over", of...)
			time.Sleep(ms(9_990))
			shows("before the second is over", of...)
			time.Sleep(ms(20))
			shows("once both are over", append(of, second+"k=0 n=1 sum=1")...)
			if err := r.Settle(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLateRowsAreInTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTimedPlan()
		now := time.Now().UnixMilli()
		p.source("a", plan.Timing{Delay: 5 * time.Second}, &timedSource{live: true, batches: []timedBatch{
			{after: ms(1), rows: rowsAt(now)}, {after: ms(1), rows: rowsAt(now - 20_000)},
		}})
		p.add("windows", windowOf(10*time.Second, 10*time.Second), "a")
		p.sink("windows")
		r := p.start(t)
		time.Sleep(ms(400))
		synctest.Wait()
		if status := r.Status(); !strings.HasSuffix(status, "watermark 5.4s behind  late 1") {
			t.Error(status)
		}
	})
}

// What a watermark makes an operator forget shows, though no epoch comes behind it.
func TestStateShowsWhatAWatermarkForgot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTimedPlan()
		p.source("a", plan.Timing{}, &timedSource{live: true, batches: []timedBatch{{after: ms(10), rows: rowsAt(1_000, 2_000, 60_000)}}})
		p.source("b", plan.Timing{Idle: 30 * time.Second}, &timedSource{live: true, batches: []timedBatch{{after: ms(10), rows: rowsAt(1_500)}}})
		p.add("joined", &plan.Join{On: []plan.JoinKey{{Left: text("k"), Right: text("k")}}, Bound: &plan.Bound{Upper: time.Second}, Prefix: [2]string{"", "right_"}}, "a", "b")
		p.sink("joined")
		r := p.start(t)
		kept := func(want uint64) {
			t.Helper()
			synctest.Wait()
			if got := r.Snapshot().Nodes[2].StateRows; got != want {
				t.Errorf("%d rows are kept, want %d", got, want)
			}
		}
		time.Sleep(5 * time.Second)
		kept(4)
		epochs := r.Snapshot().Epochs
		time.Sleep(time.Minute)
		kept(1)
		if r.Snapshot().Epochs != epochs {
			t.Error("an epoch came")
		}
	})
}
