package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/live"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// takes works on a batch for as many milliseconds as its first value says, and passes it on.
func takes() *transform {
	return &transform{process: func(port int, in *batch.Batch, out op.Emitter) error {
		time.Sleep(ms(int(values(in)[0])))
		return passOn(port, in, out)
	}}
}

// alike makes batches of one row each.
func alike(rows ...int64) []step {
	var steps []step
	for _, v := range rows {
		steps = append(steps, step{rows: []int64{v}})
	}
	return steps
}

func TestLanesKeepTheOrderUnlessItIsGivenUp(t *testing.T) {
	for unordered, want := range map[bool][]int64{false: {90, 10, 50, 20, 30}, true: {10, 20, 50, 30, 90}} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.p.Trigger.Kind = plan.Once // a barrier keeps its place between the rows
			g.source("in", &source{steps: alike(90, 10, 50, 20, 30)})
			n := g.lanes("work", 3, takes, "in")
			n.Unordered = unordered
			out := g.sink("out", &sink{}, "work")
			begin := time.Now()
			g.run(exec.Options{})
			if !slices.Equal(out.rows, want) {
				t.Errorf("unordered %v: %v, want %v", unordered, out.rows, want)
			}
			if took := time.Since(begin); took != ms(90) {
				t.Errorf("unordered %v: took %v", unordered, took)
			}
		})
	}
}

// However far the others are ahead of a slow batch, what they keep is bounded.
func TestLanesDoNotRunAheadForEver(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.p.Trigger.Kind = plan.Once
			in := g.source("in", &source{steps: append(alike(int64(2*time.Minute/time.Millisecond)), slices.Repeat(alike(1), 1000)...)})
			g.lanes("work", 2, takes, "in").Unordered = unordered
			out := g.sink("out", &sink{}, "work")
			_, wait := g.start(exec.Options{Queue: 3})
			time.Sleep(time.Minute)
			// Four batches are inside, or the slow one and those that passed it; one waits to get in, three are queued, and
			// three are the source's.
			inside := map[bool]int{false: 4, true: 8}[unordered]
			if n := in.reads(); n > inside+1+3+3 {
				t.Errorf("unordered %v: %d batches read", unordered, n)
			}
			if got := len(out.got()); unordered != (got > 0) || got > inside-1 {
				t.Errorf("unordered %v: %d rows came out", unordered, got)
			}
			if err := wait(); err != nil || len(out.rows) != 1001 {
				t.Errorf("unordered %v: %v, %d rows", unordered, err, len(out.rows))
			}
		})
	}
}

// Neighbours with the same lanes run together in each of them; a queue lies where the lanes change.
func TestAChainRunsWholeInEachLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat(alike(10), 40)})
		g.lanes("a", 2, takes, "in")
		g.lanes("b", 2, takes, "a")
		g.lanes("c", 4, takes, "b")
		g.lanes("d", 4, takes, "c").Unordered = true
		out := g.sink("out", &sink{}, "d")
		g.chain("a", "b", "c", "d", "out")
		r, wait := g.start(exec.Options{Queue: 1})
		top, _ := r.Topology(t.Context())
		var chained []string
		for _, e := range top.Edges {
			if e.Chained {
				chained = append(chained, e.ID)
			}
		}
		if !slices.Equal(chained, []string{"a.->b.0"}) {
			t.Errorf("chained: %v", chained)
		}
		for i, want := range []int{0, 2, 2, 4, 4, 0} {
			if top.Nodes[i].Lanes != want {
				t.Errorf("%s is shown with %d lanes", top.Nodes[i].ID, top.Nodes[i].Lanes)
			}
		}
		time.Sleep(ms(205))
		// Two batches each 20 ms in a and b, then 10 in c and 10 in d.
		if n := len(out.got()); n != 18 {
			t.Errorf("%d rows after 200 ms", n)
		}
		s := r.Snapshot()
		for i, want := range []float64{0, 0.5, 0.5, 0.25, 0.25, 0} {
			if got := s.Nodes[i].Busy; i > 0 && s.Nodes[i].Rate > 0 && abs(got-want) > 0.1 {
				t.Errorf("%s: busy %.2f", top.Nodes[i].ID, got)
			}
		}
		if err := wait(); err != nil || len(out.rows) != 40 {
			t.Errorf("%v, %d rows", err, len(out.rows))
		}
	})
}

func TestTheBusyShareOfLanesIsTheirMean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{20}}}, 1000)})
		g.lanes("work", 4, takes, "in")
		var slow atomic.Bool
		g.sink("out", &sink{write: func(*batch.Batch, op.Emitter) error {
			if slow.Load() {
				time.Sleep(2 * time.Minute)
			}
			return nil
		}}, "work")
		r, wait := g.start(exec.Options{})
		time.Sleep(3 * time.Second)
		if n := r.Snapshot().Nodes[1]; abs(n.Busy-0.5) > 0.05 || n.Blocked > 0.01 {
			t.Errorf("two of four lanes work: %+v", n)
		}
		slow.Store(true)
		time.Sleep(time.Minute)
		if n := r.Snapshot().Nodes[1]; n.Busy > 0.01 || n.Blocked < 0.99 {
			t.Errorf("all that leaves the lanes is blocked: %+v", n)
		}
		slow.Store(false)
		r.Drain()
		_ = wait()
	})
}

func TestRejectsLeaveLanesInOrder(t *testing.T) {
	for _, chained := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.source("in", &source{steps: []step{{rows: []int64{30, -1}}, {rows: []int64{5, -2, -3}}, {rows: []int64{10, -4}}, {rows: []int64{1}}, {rows: []int64{2, -5}}}})
			g.lanes("work", 3, takes, "in")
			g.lanes("picky", 3, picky, "work")
			out := g.sink("out", &sink{}, "picky")
			bad := g.sink("bad", &sink{}, "picky.rejected")
			if chained {
				g.chain("picky")
			}
			r := g.run(exec.Options{BatchRows: 1})
			if want := []int64{30, 5, 10, 1, 2}; !slices.Equal(out.rows, want) {
				t.Errorf("rows %v", out.rows)
			}
			for i, line := range bad.text {
				if want := fmt.Sprintf("|picky|negative: -%d|", i+1); !strings.HasPrefix(line, want) {
					t.Errorf("reject %d is %s", i, line)
				}
			}
			if n := r.Snapshot().Nodes[2]; n.RowsIn != 10 || n.Passed != 5 || n.Rejected != 5 || n.RowsOut != 5 || n.Reasons["negative"] != 5 || len(bad.text) != 5 {
				t.Errorf("%d rejects, %+v", len(bad.text), n)
			}
		})
	}
}

// The first row that fails is the one that the run fails of, though a lane has failed on a later one before; and all
// before it has come out, as without lanes.
func TestLanesFailOnTheFirstRowThatDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1}}, {rows: []int64{50, -1}}, {rows: []int64{2, -2}}, {rows: []int64{3}}}, live: true})
		g.lanes("work", 3, takes, "in")
		g.lanes("picky", 3, picky, "work")
		g.chain("picky")
		g.by["picky"].OnError = plan.Fail
		out := g.sink("out", &sink{}, "picky")
		r := g.build(exec.Options{})
		err := r.Run(t.Context())
		g.check(r)
		if want := "picky: row rejected: negative: -1 "; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if got := out.got(); len(got) > 1 {
			t.Errorf("%v came out", got)
		}
	})
}

// A panic in one lane ends the run, names the node inside of the chain, and leaves no goroutine.
func TestAPanicInALane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1}}}, 100), live: true})
		var batches atomic.Int32
		g.lanes("a", 4, takes, "in")
		g.lanes("b", 4, func() *transform {
			return &transform{process: func(port int, in *batch.Batch, out op.Emitter) error {
				if batches.Add(1) == 50 {
					panic("boom")
				}
				return passOn(port, in, out)
			}}
		}, "a")
		g.sink("out", &sink{}, "b")
		g.chain("b")
		r := g.build(exec.Options{})
		err := r.Run(t.Context())
		g.check(r)
		if err == nil || err.Error() != "b: process: bug: panic: boom" {
			t.Error(err)
		}
	})
}

// Every lane hears of every watermark and barrier, between the same rows; what all promise is what the slowest does, and
// one barrier leaves.
func TestWatermarksAndBarriersGoToAllLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.p.Trigger = plan.Trigger{Kind: plan.Every, Interval: ms(100)}
		g.source("in", &source{steps: slices.Repeat([]step{{after: ms(40), rows: []int64{70, 1, 1}}}, 20)})
		const lanes = 3
		var each [lanes]struct {
			held, told int
			epochs     []uint64
		}
		made := 0
		g.lanes("hold", lanes, func() *transform {
			l := &each[made]
			promise := time.Unix(int64(made), 0)
			made++
			return &transform{
				process: func(_ int, in *batch.Batch, out op.Emitter) error {
					time.Sleep(ms(int(values(in)[0])))
					l.held += in.Rows()
					out.Hold(in.Rows())
					return nil
				},
				barrier: func(epoch uint64, out op.Emitter) error {
					l.epochs = append(l.epochs, epoch)
					held := l.held
					l.held = 0
					return out.Emit("", makeBatch(g.mem, int64(held)))
				},
				watermark: func(wm time.Time, out op.Emitter) (time.Time, error) {
					l.told++
					return promise, nil
				},
			}
		}, "in")
		ends := 0
		g.transform("after", &transform{watermark: func(wm time.Time, _ op.Emitter) (time.Time, error) {
			if ends++; !wm.Equal(op.EndOfTime) {
				t.Errorf("watermark %v", wm)
			}
			return wm, nil
		}}, "hold")
		out := g.sink("out", &sink{}, "after")
		seen := g.sink("seen", &sink{}, "in")
		r := g.run(exec.Options{})
		epochs := int(r.Summary().Epochs)
		if epochs < 3 || len(out.epochs) != epochs || ends != 1 {
			t.Errorf("%d epochs, %d at the sink, %d ends", epochs, len(out.epochs), ends)
		}
		for i := range each {
			if l := &each[i]; l.told != 1 || len(l.epochs) != epochs || !slices.IsSorted(l.epochs) {
				t.Errorf("lane %d: %+v", i, l)
			}
		}
		for epoch, counts := range out.epochs {
			sum := int64(0)
			for _, n := range counts {
				sum += n
			}
			if len(counts) != lanes || int(sum) != len(seen.epochs[epoch]) {
				t.Errorf("epoch %d: %v of %d rows", epoch, counts, len(seen.epochs[epoch]))
			}
		}
		if n := r.Snapshot().Nodes[1]; n.Held != 60 || n.RowsIn != 60 || n.RowsOut != uint64(lanes*epochs) {
			t.Errorf("%+v", n)
		}
	})
}

// marks makes a watermark of every batch.
type marks struct {
	*transform
	seen int64
}

func (m *marks) Process(ctx context.Context, port int, in *batch.Batch, out op.Emitter) error {
	m.seen++
	return m.transform.Process(ctx, port, in, out)
}

func (m *marks) Mark() time.Time { return time.Unix(m.seen, 0) }

// Watermarks between the rows leave every lane something to do, and none overtakes the rows that it stands behind.
func TestWatermarksDoNotHoldLanesUp(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.p.Trigger.Kind = plan.Once
			g.source("in", &source{steps: slices.Repeat(alike(10), 40)})
			g.add("mark", &plan.Union{}, "in")
			g.lanes("work", 4, takes, "mark").Unordered = unordered
			g.add("after", &plan.Union{}, "work")
			g.sink("out", &sink{}, "after")
			seen, told := int64(0), 0
			after := &transform{
				process: func(port int, in *batch.Batch, out op.Emitter) error {
					seen++
					return passOn(port, in, out)
				},
				watermark: func(wm time.Time, _ op.Emitter) (time.Time, error) {
					if told++; !wm.Equal(op.EndOfTime) && wm.Unix() > seen {
						t.Errorf("unordered %v: told of %d after %d batches", unordered, wm.Unix(), seen)
					}
					return wm, nil
				},
			}
			g.transforms = func(n *plan.Node) (op.Transform, error) {
				switch n.ID {
				case "mark":
					return &marks{transform: &transform{}}, nil
				case "after":
					return after, nil
				}
				return takes(), nil
			}
			begin := time.Now()
			g.run(exec.Options{})
			if took := time.Since(begin); took > ms(100) || told != 41 || seen != 40 {
				t.Errorf("unordered %v: took %v, %d watermarks, %d batches", unordered, took, told, seen)
			}
		})
	}
}

// clocked is a transform that waits for times, which only who drives it can tell it.
type clocked struct{ *transform }

func (clocked) Wake() time.Time                                   { return time.Time{} }
func (clocked) Tick(context.Context, time.Time, op.Emitter) error { return nil }

func TestALimitBelowLanesEndsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		in := g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{5, 6}}}, 100), live: true})
		g.lanes("a", 3, takes, "in")
		g.lanes("b", 3, takes, "a")
		g.chain("b")
		g.transform("first", limit(7), "b")
		out := g.sink("out", &sink{}, "first")
		r := g.run(exec.Options{})
		if !slices.Equal(out.rows, []int64{5, 6, 5, 6, 5, 6, 5}) || in.reads() > 20 {
			t.Errorf("%v of %d batches", out.rows, in.reads())
		}
		for _, n := range r.Snapshot().Nodes {
			if !n.Ended {
				t.Errorf("%+v", n)
			}
		}
	})
}

func TestPauseAndDrainWaitForLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: alike(500, 1, 1), live: true})
		g.lanes("work", 2, takes, "in")
		out := g.sink("out", &sink{}, "work")
		r, wait := g.start(exec.Options{})
		time.Sleep(ms(10))
		_ = r.Do(t.Context(), live.Pause)
		synctest.Wait()
		if s := r.State(); s != live.Pausing {
			t.Errorf("%s while a lane works", s)
		}
		time.Sleep(time.Second)
		if s := r.State(); s != live.Paused || len(out.got()) != 3 {
			t.Errorf("%s, %v came out", s, out.got())
		}
		r.Drain()
		if err := wait(); err != nil || out.committed != 1 {
			t.Errorf("%v, committed %d", err, out.committed)
		}
	})
}

func TestWhatCannotRunInLanesIsRefused(t *testing.T) {
	g := newGraph(t)
	g.source("in", &source{})
	g.transform("timed", &transform{}, "in")
	g.sink("out", &sink{}, "timed")
	g.by["timed"].Chained = true
	if _, err := exec.Build(g.p, g, exec.Options{Transforms: func(*plan.Node) (op.Transform, error) { return clocked{&transform{}}, nil }}); err == nil {
		t.Error("a node that waits for times runs in the goroutine of another one")
	}
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: alike(1, 2, 3)})
		g.lanes("first", 2, func() *transform { return limit(1) }, "in")
		g.sink("out", &sink{}, "first")
		r := g.build(exec.Options{})
		err := r.Run(t.Context())
		g.check(r)
		var ne *exec.NodeError
		if !errors.As(err, &ne) || ne.Node != "first" || !strings.Contains(err.Error(), "bug: ") {
			t.Error(err)
		}
	})
}
