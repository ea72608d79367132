package exec_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/exec"
	"flowrun/dag/live"
)

func TestASlowSinkStopsTheSourceReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		in := g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1}}}, 1000)})
		g.transform("mid", &transform{}, "in")
		g.sink("out", &sink{delay: time.Hour}, "mid")
		r, wait := g.start(exec.Options{Queue: 3})
		time.Sleep(time.Minute)
		synctest.Wait()
		// Per edge three in the queue, one at the reader of it and one that the writer holds, which for the second edge is
		// the first one's reader; and two that are read ahead.
		if n := in.reads(); n > 3+3+1+1+1+2 {
			t.Errorf("%d batches read", n)
		}
		s := r.Snapshot()
		if s.Edges[1].FullFor < 50*time.Second || s.Edges[1].Queued != 3 {
			t.Errorf("edge %+v", s.Edges[1])
		}
		if s.Nodes[0].Blocked < 0.99 || s.Nodes[1].Blocked < 0.99 || s.Nodes[2].Busy < 0.99 {
			t.Errorf("shares: %+v", s.Nodes)
		}
		r.Stop()
		_ = wait()
	})
}

func TestPauseAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		in := g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{1}}}, 1000), live: true})
		out := g.sink("out", &sink{delay: ms(50)}, "in")
		r, wait := g.start(exec.Options{})
		time.Sleep(time.Second)
		if err := r.Do(t.Context(), live.Pause); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if s := r.State(); s != live.Pausing {
			t.Errorf("%s while rows are on the way", s)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s := r.State(); s != live.Paused {
			t.Errorf("%s after a while", s)
		}
		reads, rows := in.reads(), len(out.got())
		out.mu.Lock()
		shown := 0
		for _, e := range out.epochs {
			shown += len(e)
		}
		out.mu.Unlock()
		if shown != rows {
			t.Errorf("%d rows of %d are in an epoch", shown, rows)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if in.reads() != reads || len(out.got()) != rows {
			t.Error("rows flow in a pause")
		}
		if err := r.Do(t.Context(), live.Resume); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if s := r.State(); s != live.Running || len(out.got()) == rows {
			t.Errorf("%s, %d rows after resuming", s, len(out.got()))
		}
		// A drain out of a pause passes on what was read.
		_ = r.Do(t.Context(), live.Pause)
		time.Sleep(5 * time.Second)
		_ = r.Do(t.Context(), live.Drain)
		if err := wait(); err != nil {
			t.Fatal(err)
		}
		if len(out.rows) != in.reads() {
			t.Errorf("%d rows of %d", len(out.rows), in.reads())
		}
		if r.Do(t.Context(), live.Pause) == nil {
			t.Error("a run that is over can be paused")
		}
	})
}

func TestRatesAndHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{work: ms(50), after: ms(50), rows: count(0, 100)}}, 1000)})
		g.transform("half", keep(func(n int64) bool { return n < 50 }), "in")
		g.sink("out", &sink{delay: ms(20)}, "half")
		r, wait := g.start(exec.Options{})
		time.Sleep(70*time.Second + ms(30))
		s := r.Snapshot()
		for i, want := range []float64{1000, 1000, 500} {
			n := s.Nodes[i]
			if n.Rate < want*0.85 || n.Rate > want*1.15 {
				t.Errorf("node %d: %.0f rows/s", i, n.Rate)
			}
			if len(n.History) != 60 || n.History[30] < want*0.85 || n.History[30] > want*1.15 {
				t.Errorf("node %d: history %v", i, n.History)
			}
		}
		if b := s.Nodes[0].Busy; b < 0.4 || b > 0.6 {
			t.Errorf("the source is busy %.2f", b)
		}
		if b := s.Nodes[2].Busy; b < 0.15 || b > 0.25 {
			t.Errorf("the sink is busy %.2f", b)
		}
		if s.Goroutines == 0 || s.HeapBytes == 0 || s.Elapsed < 70*time.Second || s.LastCut.IsZero() {
			t.Errorf("%+v", s)
		}
		r.Drain()
		if err := wait(); err != nil {
			t.Fatal(err)
		}
	})
}
