package exec_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/relational"
)

// keyedLanes adds a node that shares rows out by n % 7, and binds the plan; its lanes run fakes.
func keyedLanes(g *graph, lanes int, operator func() *transform) *plan.Node {
	n := g.add("work", &plan.Dedupe{By: []plan.Item{item("k", "n % 7")}}, "in")
	n.Parallelism, n.Chained = lanes, true
	g.many["work"] = operator
	return n
}

// Each key has its lane, in which its rows are in order; so are they behind the lanes, also where the order of all was given up.
func TestRowsOfAKeyKeepTheirOrderInLanes(t *testing.T) {
	var rows []int64
	var steps []step
	for i := range int64(60) {
		some := count(i*i, i*i+i%5)
		rows = append(rows, some...)
		steps = append(steps, step{rows: some})
	}
	byKey := func(rows []int64) [7][]int64 {
		var keys [7][]int64
		for _, v := range rows {
			keys[v%7] = append(keys[v%7], v)
		}
		return keys
	}
	for _, lanes := range []int{1, 2, 3, 4} {
		for _, unordered := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.p.Trigger = plan.Trigger{Kind: plan.Every, Interval: ms(50)}
				g.source("in", &source{steps: steps})
				var mu sync.Mutex
				laneOf, made := map[int64]int{}, 0
				n := keyedLanes(g, lanes, func() *transform {
					lane := made
					made++
					return &transform{process: func(port int, in *batch.Batch, out op.Emitter) error {
						mu.Lock()
						for _, v := range values(in) {
							if was, known := laneOf[v%7]; known && was != lane {
								t.Errorf("%d comes to lane %d, and others of its key came to %d", v, lane, was)
							}
							laneOf[v%7] = lane
						}
						mu.Unlock()
						time.Sleep(ms(int(values(in)[0]%11) * 5))
						return passOn(port, in, out)
					}}
				})
				n.Unordered = unordered
				out := g.sink("out", &sink{}, "work")
				g.bind()
				r := g.run(exec.Options{Queue: 2})
				if got, want := byKey(out.rows), byKey(rows); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%d lanes, unordered %v: %v, want %v", lanes, unordered, got, want)
				}
				if s := r.Snapshot().Nodes[1]; s.RowsIn != uint64(len(rows)) || s.Passed != s.RowsIn || s.RowsOut != s.RowsIn {
					t.Errorf("%+v", s)
				}
			})
		}
	}
}

// A key with much to do holds up its own lane, not the others, and in the end those who bring rows.
func TestALaneOfAKeyHoldsUpOthersOnlyForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		in := g.source("in", &source{steps: slices.Repeat([]step{{rows: count(0, 7)}}, 1000)})
		n := keyedLanes(g, 2, func() *transform {
			return &transform{process: func(port int, in *batch.Batch, out op.Emitter) error {
				if slices.Contains(values(in), 3) {
					time.Sleep(time.Second)
				}
				return passOn(port, in, out)
			}}
		})
		n.Unordered = true
		out := g.sink("out", &sink{}, "work")
		g.bind()
		g.p.Trigger.Kind = plan.Once // behind bind, since the source cannot say what is there now
		_, wait := g.start(exec.Options{Queue: 1})
		time.Sleep(ms(10_500))
		// Eight parts are inside at the most; one batch waits to get in, one is queued, and three are the source's.
		if n := in.reads(); n < 11 || n > 10+8+1+1+3 {
			t.Errorf("%d batches read while ten were worked on", n)
		}
		if n := len(out.got()); n < 70 {
			t.Errorf("%d rows came out", n)
		}
		if err := wait(); err != nil || len(out.rows) != 7000 {
			t.Errorf("%v, %d rows", err, len(out.rows))
		}
	})
}

// A row whose key cannot be computed is rejected once, whichever lane it went to.
func TestAKeyThatCannotBeComputedRejectsInLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1, -1, 2}}, {rows: []int64{-2, 1, -3}}, {rows: []int64{3, 2}}}})
		g.add("once", &plan.Dedupe{By: []plan.Item{item("k", "[n][n < 0 ? 7 : 0]")}}, "in").Parallelism = 3
		out := g.sink("out", &sink{}, "once")
		bad := g.sink("bad", &sink{}, "once.rejected")
		g.bind()
		g.transforms = relational.New
		r := g.run(exec.Options{})
		if !slices.Equal(sorted(out.rows), []int64{1, 2, 3}) || len(bad.text) != 3 {
			t.Errorf("%v, rejected %v", out.rows, bad.text)
		}
		if s := r.Snapshot().Nodes[1]; s.RowsIn != 8 || s.Passed != 3 || s.Filtered != 2 || s.Rejected != 3 || s.StateRows != 3 || s.StateBytes == 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Every lane emits its groups of an epoch, so that the epoch as a whole is of one prefix of the rows.
func TestCompleteResultsOfLanesAreOfOnePrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.p.Trigger = plan.Trigger{Kind: plan.Every, Interval: ms(30)}
		var steps []step
		for i := range int64(100) {
			steps = append(steps, step{after: ms(int(i % 13)), rows: count(i*i, i*i+i)})
		}
		g.source("in", &source{steps: steps})
		g.add("counts", &plan.Aggregate{By: []plan.Item{item("k", "n % 100")}, Emit: plan.Complete, Take: []plan.TakeItem{{Name: text("c"), Text: text("count()")}}}, "in").Parallelism = 4
		g.add("all", &plan.Aggregate{Emit: plan.Final, Take: []plan.TakeItem{{Name: text("n"), Text: text("sum(c)")}}}, "counts")
		out := g.sink("out", &sink{}, "all")
		seen := g.sink("seen", &sink{}, "in")
		g.bind()
		g.transforms = relational.New
		r := g.run(exec.Options{})
		total := 0
		for epoch, rows := range seen.epochs {
			total += len(rows)
			if got := out.epochs[epoch]; len(got) != 1 || got[0] != int64(total) {
				t.Errorf("epoch %d counts %v of %d rows", epoch, got, total)
			}
		}
		if len(seen.epochs) < 10 {
			t.Errorf("%d epochs", len(seen.epochs))
		}
		if s := r.Snapshot().Nodes[1]; s.StateRows != 100 || s.Held != uint64(total) {
			t.Errorf("%+v", s)
		}
	})
}

// Once all lanes want no more, and not before, the inputs close and the run ends.
func TestKeyedLanesEndOnceAllHaveEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		in := g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: count(0, 7)}}, 1000), live: true})
		keyedLanes(g, 2, func() *transform { return limit(30) })
		out := g.sink("out", &sink{}, "work")
		g.bind()
		g.run(exec.Options{})
		if len(out.rows) != 60 || in.reads() < 9 || in.reads() > 60 {
			t.Errorf("%d rows of %d batches", len(out.rows), in.reads())
		}
	})
}
