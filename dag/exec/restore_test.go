package exec_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// durablePlan is a plan whose sources give rows again, and whose sinks show rows at commits.
type durablePlan struct {
	*timedPlan
	sources map[string]*rowSource
	sinks   map[string]*shelfSink
	o       *exec.Options
}

func (p durablePlan) Source(n *plan.Node) (op.Source, error) { return p.sources[n.ID], nil }
func (p durablePlan) Sink(n *plan.Node) (op.Sink, error)     { return p.sinks[n.ID], nil }

// life is what happens to one run out of several.
type life struct {
	step    int // of which; 0: it comes to its end
	what    string
	seed    uint64
	lanes   map[string]int
	trigger plan.Trigger
	every   time.Duration
	memory  int64 // of state, from which on it lies on disk
	o       exec.Options
}

// The ways in which a run comes to an early end.
var earlyEnds = []string{"crash", "crash", "crash", "stop", "drain", "write fails", "prepare fails", "commit fails", "read fails"}

func drawLife(rt *rapid.T, lanes []string) life {
	l := life{
		seed: rapid.Uint64().Draw(rt, "seed"),
		trigger: plan.Trigger{
			Kind:     rapid.SampledFrom([]plan.TriggerKind{plan.ASAP, plan.Every, plan.AvailableNow, plan.Once}).Draw(rt, "trigger"),
			Interval: ms(rapid.SampledFrom([]int{1, 20, 600, 3000}).Draw(rt, "interval")),
		},
		every: ms(rapid.SampledFrom([]int{0, 0, 10, 1000}).Draw(rt, "every")),
		o:     exec.Options{Queue: rapid.IntRange(1, 5).Draw(rt, "queue"), BatchRows: rapid.IntRange(1, 70).Draw(rt, "batch rows")},
		lanes: map[string]int{},
	}
	if runtime.GOOS == "linux" {
		l.memory = rapid.SampledFrom([]int64{0, 0, 1, 4 << 10}).Draw(rt, "memory")
	}
	for _, id := range lanes {
		l.lanes[id] = rapid.SampledFrom([]int{1, 1, 2, 3, -2}).Draw(rt, "lanes of "+id)
		if slices.Contains([]string{"once", "narrow"}, id) {
			l.lanes[id] = max(l.lanes[id], -l.lanes[id]) // for behind them the order counts
		}
	}
	return l
}

// run runs the plan of a scenario once, on what earlier runs left in the world.
func (l life) run(t *testing.T, w *world, s scenario, rows [2][]timedRow, flush bool) error {
	r := rand.New(rand.NewPCG(l.seed, 1))
	timed, _ := s.results([2][]timedBatch{}, l.trigger, exec.Options{}, l.lanes)
	p := durablePlan{timed, map[string]*rowSource{}, map[string]*shelfSink{}, nil}
	for i, id := range []string{"a", "b"} {
		p.sources[id] = &rowSource{w: w, id: id, rows: rows[i], parts: 1, rand: rand.New(rand.NewPCG(l.seed, uint64(i))), wait: waits(0, 0, 1, 70, 700)}
	}
	for id := range timed.sinks {
		p.sinks[id] = &shelfSink{w: w, id: id}
	}
	if list := plan.Bind(timed.p); list.HasErrors() {
		return list.Err()
	}
	plan.Rewrite(timed.p)
	store, err := w.open()
	if err != nil {
		return err
	}
	defer store.Close()
	o := l.o
	o.Allocator, o.Transforms = p.mem, p.transform
	o.Checkpoint = &exec.Checkpoint{Store: store, Every: l.every, Flush: flush, Memory: l.memory, Dir: os.TempDir()}
	run, err := exec.Build(timed.p, p, o)
	if err != nil {
		return err
	}
	failed := errors.New("on purpose")
	victim := p.sinks[slices.Sorted(func(yield func(string) bool) {
		for id := range p.sinks {
			if !yield(id) {
				return
			}
		}
	})[r.IntN(len(p.sinks))]]
	w.left, w.happen = l.step, func(string) {
		switch l.what {
		case "crash":
			w.crash(r)
			run.Stop()
		case "stop":
			run.Stop()
		case "drain":
			run.Drain()
		case "read fails":
			p.sources["a"].fail.Store("read", failed)
		case "write fails":
			victim.fail.Store("write", failed)
		case "prepare fails":
			victim.fail.Store("prepare", failed)
		case "commit fails":
			victim.fail.Store("commit", failed)
		}
	}
	defer w.withSteps()()
	err = run.Run(t.Context())
	w.left = 0
	sum := run.Summary()
	if len(sum.Problems) > 0 {
		return fmt.Errorf("account: %v", sum.Problems)
	}
	if left := p.mem.CurrentAlloc(); left != 0 {
		return fmt.Errorf("%d bytes of batches are not given back", left)
	}
	if len(w.wrong) > 0 {
		return errors.New(w.wrong[0])
	}
	for _, n := range sum.Nodes {
		if n.Late > 0 {
			return fmt.Errorf("%s: %d rows within the delay are late", n.Node, n.Late)
		}
	}
	if err != nil && l.what != "" && !errors.Is(err, failed) && !errors.Is(err, errDead) && !errors.Is(err, exec.ErrStopped) {
		return fmt.Errorf("another end than that a %s makes: %w", l.what, err)
	}
	if l.what == "" {
		return err
	}
	return nil
}

// results are the rows that all sinks show, in any order; of updates the last one of each key.
func (w *world) results() map[string][]string {
	got := map[string][]string{}
	for id, s := range w.shelf {
		if len(s.shown) > 0 {
			got[id] = sorted(s.shown)
		}
	}
	for id, cells := range map[string][]int{"show changing": {0, 1, 2}, "show leads": {1, 3}} {
		if rows := w.shown(id); len(rows) > 0 {
			got[id] = latest(rows, cells...)
		}
	}
	return got
}

// A run that is cut off at any step, or stopped, drained or failing there, and gone on with, in other lanes, with other batches and
// epochs, shows what a run shows that was left alone: each row once, whichever way it ended before, and however often.
func TestRunsThatWereCutOffShowTheSameRows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s, jittered := drawScenario(rt)
		rows := [2][]timedRow{jittered(s.rows[0]), jittered(s.rows[1])}
		flush := rapid.Bool().Draw(rt, "flush")
		calm := drawLife(rt, keyed)
		var lives []life
		for range rapid.IntRange(1, 4).Draw(rt, "lives") {
			l := drawLife(rt, keyed)
			l.step, l.what = rapid.IntRange(1, 250).Draw(rt, "step"), rapid.SampledFrom(earlyEnds).Draw(rt, "what")
			lives = append(lives, l)
		}
		lives = append(lives, drawLife(rt, keyed))
		var err error
		var want, got map[string][]string
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			if err = calm.run(t, w, s, rows, flush); err != nil {
				return
			}
			want = w.results()
			w = newWorld()
			for i, l := range lives {
				if err = l.run(t, w, s, rows, flush); err != nil {
					err = fmt.Errorf("run %d: %w", i, err)
					return
				}
			}
			got = w.results()
		})
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			rt.Fatalf("one run, and several that were cut off:\n%s", d)
		}
	})
}

// oneNode is a plan of a source and a node, in a world.
func oneNode(w *world, o plan.Op, lanes int, rows []timedRow, live bool) durablePlan {
	p := newTimedPlan()
	p.add("a", &plan.Scan{Kind: "timed", Schema: timedSchema, Bounded: !live, UntilNow: true})
	p.add("node", o, "a")
	p.by["node"].Parallelism = lanes
	p.sink("node")
	return durablePlan{p, map[string]*rowSource{"a": {w: w, id: "a", rows: rows, parts: 1, live: live, rand: rand.New(rand.NewPCG(1, 1)), wait: waits(0)}},
		map[string]*shelfSink{"show node": {w: w, id: "show node"}}, &exec.Options{}}
}

// run is the next run in a world. It is drained after a while, if it does not end before.
func (p durablePlan) run(t *testing.T, w *world, every, drain time.Duration) {
	t.Helper()
	if list := plan.Bind(p.p); list.HasErrors() {
		t.Fatal(list.Err())
	}
	store, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	p.o.Allocator, p.o.Checkpoint = p.mem, &exec.Checkpoint{Store: store, Every: every}
	r, err := exec.Build(p.p, p, *p.o)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(drain, r.Drain)
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.mem.AssertSize(t, 0)
	if len(w.wrong) > 0 {
		t.Fatal(w.wrong)
	}
}

// Windows of processing time that were open when a run ended close in the next one, also where no row comes, and belong to an epoch.
func TestWindowsThatAreOverWhenARunGoesOnClose(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		for _, live := range []bool{false, true} {
			for range 20 {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld()
					for i := range 2 {
						o := windowOf(10*time.Second, 10*time.Second, item("k", "k"))
						o.Window.Processing = true
						p := oneNode(w, o, lanes, rowsAt(1, 2, 3), live && i == 1)
						p.run(t, w, 0, time.Second)
						time.Sleep(time.Minute)
						if got := w.shown("show node"); len(got) != 3*i {
							t.Fatalf("%d lanes, live %v, run %d shows %q", lanes, live, i, got)
						}
					}
				})
			}
		}
	}
}

// A row that comes in the moment of a commit between epochs is in an epoch before it is committed.
func TestRowsThatComeAtACommitBetweenEpochs(t *testing.T) {
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			o := &plan.Filter{Cond: plan.Expr{Text: text("k == 1")}}
			var rows []timedRow
			for i := range int64(40) {
				rows = append(rows, timedRow{i, 1, i})
			}
			p := oneNode(w, o, 1, rows, true)
			p.sources["a"].parts, p.sources["a"].rand = 2, rand.New(rand.NewPCG(seed, 1))
			p.sources["a"].wait = func(r *rand.Rand, at int) time.Duration {
				if at%2 == 1 { // an epoch that comes too soon to be committed
					return ms(150)
				}
				return ms(840) + time.Duration(r.IntN(20_000))*time.Microsecond // and a row about when it is
			}
			// Who asks what time it is waits a little, so that others come in between.
			p.o.Now = func() time.Time { time.Sleep(ms(1)); return time.Now() }
			p.run(t, w, time.Second, time.Minute)
			if got := w.shown("show node"); len(got) != 40 {
				t.Fatal(got)
			}
		})
	}
}

// A source that cannot go on without a commit has one before its time, and only that one.
func TestACommitIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		p := oneNode(w, &plan.Filter{Cond: plan.Expr{Text: text("k == 1")}}, 1, rowsAt(1, 2, 3, 4, 5, 6), true)
		for i := range p.sources["a"].rows {
			p.sources["a"].rows[i].k = 1
		}
		p.sources["a"].parts = 2 // one row a batch
		p.sources["a"].wait = waits(300)
		shows := func(at, want int) {
			time.AfterFunc(ms(at), func() {
				if got := w.shown("show node"); len(got) != want {
					t.Errorf("after %v %d rows are committed, not %d", ms(at), len(got), want)
				}
			})
		}
		shows(990, 1) // the first epoch is committed at once
		time.AfterFunc(ms(1000), func() { p.sources["a"].rt.CommitSoon() })
		shows(1010, 3)
		time.AfterFunc(ms(1250), func() { p.sources["a"].rt.CommitSoon() }) // of the row of 1200, whose epoch is over
		shows(1400, 4)
		shows(1990, 4)
		p.run(t, w, 1000*time.Hour, 2*time.Second)
		if got := w.shown("show node"); len(got) != 6 {
			t.Errorf("at the end %d rows", len(got))
		}
	})
}
