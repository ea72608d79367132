package exec_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/live"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

func TestAChainHasNoQueueAndItsTimeIsWhoseItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		in := g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1}}}, 1000)})
		g.transform("mid", &transform{}, "in")
		g.transform("slow", &transform{process: func(port int, b *batch.Batch, out op.Emitter) error {
			time.Sleep(ms(30))
			return passOn(port, b, out)
		}}, "mid")
		g.sink("out", &sink{delay: ms(10)}, "slow")
		g.chain("mid", "slow", "out")
		r, wait := g.start(exec.Options{})
		time.Sleep(10*time.Second + ms(5))
		// One that is worked on, one that waits behind it, and one in the reader's hand.
		if n := in.reads() - len(g.sinks["out"].got()); n != 3 {
			t.Errorf("%d batches are on the way", n)
		}
		top, _ := r.Topology(t.Context())
		s := r.Snapshot()
		for i, e := range top.Edges {
			if !e.Chained || e.Capacity != 0 || s.Edges[i].Queued != 0 || s.Edges[i].FullFor != 0 {
				t.Errorf("%s: %+v %+v", e.ID, e, s.Edges[i])
			}
			if s.Edges[i].RowsSent == 0 {
				t.Errorf("%s: nothing was sent", e.ID)
			}
		}
		for i, want := range [][2]float64{{0, 1}, {0, 0}, {0.75, 0}, {0.25, 0}} { // busy, blocked
			if n := s.Nodes[i]; abs(n.Busy-want[0]) > 0.03 || abs(n.Blocked-want[1]) > 0.03 {
				t.Errorf("%s: busy %.2f, blocked %.2f, want %v", top.Nodes[i].ID, n.Busy, n.Blocked, want)
			}
		}
		if v := live.Judge(top, s); v.Mood != live.MoodBottleneck || v.Node != "slow" {
			t.Errorf("verdict %+v", v)
		}
		r.Stop()
		_ = wait()
	})
}

func abs(v float64) float64 { return max(v, -v) }

// A branch of a chain that ends in a queue waits there, and that is blocked time of the one that writes to it.
func TestTheEndOfAChainIsBlockedByItsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1}}}, 1000)})
		g.transform("mid", &transform{}, "in")
		g.transform("last", &transform{}, "mid")
		g.sink("out", &sink{delay: time.Hour}, "last")
		g.chain("mid", "last")
		r, wait := g.start(exec.Options{})
		time.Sleep(time.Minute)
		s := r.Snapshot()
		if s.Nodes[1].Blocked > 0.01 || s.Nodes[2].Blocked < 0.99 || s.Nodes[2].Busy > 0.01 || s.Edges[2].Queued != 4 {
			t.Errorf("%+v\n%+v", s.Nodes, s.Edges)
		}
		r.Stop()
		_ = wait()
	})
}

func TestRejectsLeaveAChain(t *testing.T) {
	for _, chain := range [][]string{{"picky"}, {"picky", "out"}, {"picky", "bad"}, {"picky", "out", "bad"}} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.source("in", &source{steps: []step{{rows: []int64{1, -2, 3}}, {rows: []int64{-5}}, {rows: []int64{7}}}})
			g.transform("first", &transform{}, "in")
			g.transform("picky", picky(), "first")
			out := g.sink("out", &sink{}, "picky")
			bad := g.sink("bad", &sink{}, "picky.rejected")
			g.chain(append(chain, "first")...)
			r := g.run(exec.Options{})
			if !slices.Equal(out.rows, []int64{1, 3, 7}) || len(bad.text) != 2 || !strings.HasPrefix(bad.text[0], "|picky|negative: -2|") {
				t.Errorf("%v: rows %v, rejects %v", chain, out.rows, bad.text)
			}
			if n := r.Snapshot().Nodes[2]; n.Passed != 3 || n.Rejected != 2 || n.Reasons["negative"] != 2 {
				t.Errorf("%v: %+v", chain, n)
			}
		})
	}
}

// A limit in a chain ends a live run, also one that wants nothing.
func TestALimitInAChainClosesUpwards(t *testing.T) {
	for _, rows := range []int{0, 5} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			in := g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{1, 2}}}, 50), live: true})
			g.transform("mid", &transform{}, "in")
			g.transform("first", limit(rows), "mid")
			g.transform("last", &transform{}, "first")
			out := g.sink("out", &sink{}, "last")
			g.chain("mid", "first", "last", "out")
			r := g.run(exec.Options{})
			if len(out.rows) != rows || out.committed != 1 || in.reads() > rows/2+2 {
				t.Errorf("%d rows, committed %d, %d read", len(out.rows), out.committed, in.reads())
			}
			for i, n := range r.Snapshot().Nodes {
				if !n.Ended {
					t.Errorf("node %d has not ended", i)
				}
			}
		})
	}
}

// An operator that hides the failure of what reads it hides it from nobody.
func TestAFailureInAChainCannotBeSwallowed(t *testing.T) {
	for _, lanes := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1}}}, 10)})
			calls := 0
			g.lanes("careless", lanes, func() *transform {
				return &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
					out.Pass(in.Rows())
					_ = out.Emit("", in.Retain())
					return nil
				}}
			}, "in")
			g.lanes("inner", lanes, func() *transform {
				return &transform{process: func(int, *batch.Batch, op.Emitter) error {
					if lanes == 1 {
						calls++
					}
					return errors.New("disk on fire")
				}}
			}, "careless")
			g.sink("out", &sink{}, "inner")
			g.chain("inner")
			r := g.build(exec.Options{})
			err := r.Run(t.Context())
			g.check(r)
			if err == nil || err.Error() != "inner: process: disk on fire" || calls > 1 {
				t.Errorf("%v, after %d calls", err, calls)
			}
		})
	}
}

// What steps through a run, and what pauses it, waits until a chain is done, though no reader of a queue falls idle then.
func TestAChainBelowASourceIsKnownToBeDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.p.Trigger.Kind = plan.Once
		g.add("in", &plan.Scan{Kind: "fake", Schema: numbers})
		slow := g.sink("out", &sink{delay: time.Second}, "in")
		g.chain("out")
		h := &hand{rows: make(chan []int64)}
		run, err := exec.Build(g.p, handing{g, h}, exec.Options{Allocator: g.mem})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- run.Run(t.Context()) }()
		h.rows <- []int64{1, 2}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := run.Cut(ctx); err != nil {
			t.Fatal(err)
		}
		if len(slow.epochs) != 1 || len(slow.epochs[0]) != 2 {
			t.Errorf("epochs %v", slow.epochs)
		}
		h.rows <- []int64{3}
		synctest.Wait()
		if err := run.Do(t.Context(), live.Pause); err != nil {
			t.Fatal(err)
		}
		if s := run.State(); s != live.Pausing {
			t.Errorf("%s while the sink writes", s)
		}
		time.Sleep(2 * time.Second)
		if s := run.State(); s != live.Paused {
			t.Errorf("%s after it has written", s)
		}
		_ = run.Do(t.Context(), live.Resume)
		close(h.rows)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheRowsInsideAChainCanBeLookedAt(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.source("in", &source{steps: []step{{rows: []int64{1, 2, 3}}, {after: time.Second, rows: []int64{4, 5}}}})
			g.lanes("mid", lanes, func() *transform { return &transform{} }, "in")
			g.lanes("even", lanes, func() *transform { return keep(func(v int64) bool { return v%2 == 0 }) }, "mid")
			g.sink("out", &sink{}, "even")
			g.chain("mid", "even", "out")
			r := g.run(exec.Options{Watched: true})
			p, err := r.Peek(t.Context(), "mid.->even.0", 10)
			if err != nil || len(p.Batches) != 2 || len(p.Batches[1].Rows) != 3 || p.Batches[0].Rows[1][0].Text != "5" {
				t.Errorf("%+v %v", p, err)
			}
		})
	}
}

// Of a chain that is stuck only the node that is gets the blame.
func TestTheStuckNodeOfAChainIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		free := make(chan struct{})
		g.source("in", &source{steps: []step{{rows: []int64{1}}}})
		g.transform("mid", &transform{}, "in")
		g.transform("stuck", &transform{process: func(port int, in *batch.Batch, out op.Emitter) error {
			<-free
			return passOn(port, in, out)
		}}, "mid")
		g.sink("out", &sink{}, "stuck")
		g.chain("mid", "stuck", "out")
		r := g.build(exec.Options{})
		done := make(chan error, 1)
		go func() { done <- r.Run(t.Context()) }()
		synctest.Wait()
		r.Stop()
		if err := <-done; !errors.Is(err, exec.ErrStopped) {
			t.Error(err)
		}
		events, _ := r.Events(t.Context(), 0)
		var blamed []string
		for e := range events {
			if strings.Contains(e.Text, "left behind") {
				blamed = append(blamed, e.Node)
			}
		}
		if !slices.Equal(blamed, []string{"stuck"}) {
			t.Errorf("%v did not return", blamed)
		}
		close(free)
		synctest.Wait()
	})
}
