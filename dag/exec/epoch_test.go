package exec_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// cuts are the times of a sink's epochs since the start.
func cutsSince(s *sink, start time.Time) []time.Duration {
	var out []time.Duration
	for _, c := range s.cuts {
		out = append(out, c.Sub(start))
	}
	return out
}

func TestTriggers(t *testing.T) {
	load := func(n int, each time.Duration) []step {
		var steps []step
		for i := range n {
			steps = append(steps, step{work: each, rows: []int64{int64(i)}})
		}
		return steps
	}
	tests := []struct {
		name    string
		trigger plan.Trigger
		steps   []step
		cuts    []time.Duration
		epochs  [][]int64
	}{
		{"asap cuts the first row at once", plan.Trigger{},
			[]step{{after: ms(30), rows: []int64{1}}, {after: ms(5000), rows: []int64{2}}},
			[]time.Duration{ms(30), ms(5030)}, [][]int64{{1}, {2}}},
		{"asap collects rows after a cut until the inputs pause", plan.Trigger{},
			[]step{{after: ms(10), rows: []int64{1}}, {after: ms(20), rows: []int64{2}}, {after: ms(20), rows: []int64{3}}, {after: ms(1000), rows: []int64{4}}},
			[]time.Duration{ms(10), ms(110), ms(1050)}, [][]int64{{1}, {2, 3}, {4}}},
		{"asap cuts every 500 ms under load", plan.Trigger{}, load(18, ms(60)),
			[]time.Duration{ms(60), ms(560), ms(1060), ms(1080)},
			[][]int64{{0}, count(1, 9), count(9, 17), {17}}},
		{"asap cuts at a pause in the middle of load", plan.Trigger{},
			append(load(3, ms(60)), step{after: ms(1000), rows: []int64{9}}),
			[]time.Duration{ms(60), ms(180), ms(1180)}, [][]int64{{0}, {1, 2}, {9}}},
		{"a duration cuts on its grid, and nothing where nothing came", plan.Trigger{Kind: plan.Every, Interval: 2 * time.Second},
			[]step{{after: ms(300), rows: []int64{1}}, {after: ms(1000), rows: []int64{2}}, {after: ms(5000), rows: []int64{3}}, {after: ms(3000), rows: []int64{4}}},
			[]time.Duration{ms(2000), ms(8000), ms(9300)}, [][]int64{{1, 2}, {3}, {4}}},
		{"once is one epoch", plan.Trigger{Kind: plan.Once}, append(load(12, ms(100)), step{after: ms(5000), rows: []int64{99}}),
			[]time.Duration{ms(6200)}, [][]int64{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99}}},
		{"available_now takes several", plan.Trigger{Kind: plan.AvailableNow}, load(10, ms(60)),
			[]time.Duration{ms(60), ms(560), ms(600)}, [][]int64{{0}, count(1, 9), {9}}},
		{"nothing is no epoch", plan.Trigger{}, []step{{after: ms(2000)}}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.p.Trigger = tt.trigger
				g.source("in", &source{steps: tt.steps})
				out := g.sink("out", &sink{}, "in")
				start := time.Now()
				r := g.run(exec.Options{})
				if got := cutsSince(out, start); !slices.Equal(got, tt.cuts) {
					t.Errorf("cuts at %v, want %v", got, tt.cuts)
				}
				if !slices.EqualFunc(out.epochs, tt.epochs, slices.Equal[[]int64]) {
					t.Errorf("epochs %v, want %v", out.epochs, tt.epochs)
				}
				if n := r.Summary().Epochs; n != uint64(len(tt.epochs)) {
					t.Errorf("%d epochs counted, want %d", n, len(tt.epochs))
				}
			})
		})
	}
}

func TestATriggerCutsAtMostTenTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		var steps []step
		for i := range 300 {
			steps = append(steps, step{after: ms(7), rows: []int64{int64(i)}})
		}
		g.source("in", &source{steps: steps})
		out := g.sink("out", &sink{}, "in")
		g.run(exec.Options{})
		for i := 1; i < len(out.cuts)-1; i++ { // the last one comes with the end
			if gap := out.cuts[i].Sub(out.cuts[i-1]); gap < ms(100) || gap > ms(510) {
				t.Errorf("epochs %d and %d are %v apart", i-1, i, gap)
			}
		}
	})
}

// An epoch shows every sink the same prefix of the source, whatever the way.
func TestADiamondIsCutConsistently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		var steps []step
		for i := range int64(500) {
			steps = append(steps, step{work: ms(3), rows: count(i*7, i*7+7)})
		}
		g.source("in", &source{steps: steps})
		slow := keep(func(n int64) bool { return n%2 == 0 })
		fast := slow.process
		slow.process = func(port int, in *batch.Batch, out op.Emitter) error {
			time.Sleep(ms(2))
			return fast(port, in, out)
		}
		g.transform("even", slow, "in")
		g.transform("odd", keep(func(n int64) bool { return n%2 != 0 }), "in")
		g.transform("both", &transform{}, "even", "odd")
		// Counts what came by port and shows both at the barrier: they differ by one at the most in any prefix.
		seen := [2]int64{}
		g.transform("balance", &transform{
			process: func(port int, in *batch.Batch, out op.Emitter) error {
				seen[port] += int64(in.Rows())
				out.Hold(in.Rows())
				return nil
			},
			barrier: func(_ uint64, out op.Emitter) error {
				return out.Emit("", makeBatch(g.mem, seen[0], seen[1]))
			},
		}, "even", "odd")
		all := g.sink("all", &sink{delay: ms(1)}, "in")
		merged := g.sink("merged", &sink{}, "both")
		balance := g.sink("sums", &sink{}, "balance")
		g.run(exec.Options{Queue: 2})
		if len(all.epochs) < 3 {
			t.Fatalf("only %d epochs", len(all.epochs))
		}
		total := int64(0)
		for i, rows := range all.epochs {
			same := slices.Sorted(slices.Values(merged.epochs[i]))
			if !slices.Equal(rows, same) {
				t.Errorf("epoch %d: %d rows by one way, %d by the other", i, len(rows), len(same))
			}
			total += int64(len(rows))
			if b := balance.epochs[i]; len(b) != 2 || b[0]+b[1] != total {
				t.Errorf("epoch %d: the sides have %v, want %d together", i, b, total)
			}
		}
		if total != 3500 {
			t.Errorf("%d rows in all", total)
		}
	})
}

// A source that has ended still passes barriers on, and a source that blocks does too.
func TestSourcesThatAreSilentDoNotHoldBackACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("ended", &source{steps: []step{{rows: []int64{100}}}})
		g.source("silent", &source{live: true})
		g.source("talks", &source{steps: []step{{after: ms(1000), rows: []int64{1}}, {after: ms(1000), rows: []int64{2}}}, live: true})
		g.transform("union", &transform{}, "ended", "silent", "talks")
		out := g.sink("out", &sink{}, "union")
		r, wait := g.start(exec.Options{})
		time.Sleep(ms(3000))
		synctest.Wait()
		out.mu.Lock()
		epochs := len(out.epochs)
		out.mu.Unlock()
		if epochs != 3 {
			t.Errorf("%d epochs, want 3", epochs)
		}
		r.Drain()
		if err := wait(); err != nil {
			t.Error(err)
		}
		if c := g.sources["ended"].committed; c != position(1) {
			t.Errorf("the ended source was told %v", c)
		}
	})
}

// The end of a bounded input releases what a transform holds, in an epoch of its own if need be.
func TestTheEndReleasesAndIsAnEpochIfItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: count(0, 5)}, {after: ms(1000)}}})
		var held int64
		g.transform("sum", &transform{
			process: func(_ int, in *batch.Batch, out op.Emitter) error {
				for _, v := range values(in) {
					held += v
				}
				out.Hold(in.Rows())
				return nil
			},
			watermark: func(wm time.Time, out op.Emitter) (time.Time, error) {
				if wm.Equal(op.EndOfTime) {
					return wm, out.Emit("", makeBatch(g.mem, held))
				}
				return wm, nil
			},
		}, "in")
		out := g.sink("out", &sink{}, "sum")
		g.run(exec.Options{})
		if want := [][]int64{nil, {10}}; !slices.EqualFunc(out.epochs, want, slices.Equal[[]int64]) {
			t.Errorf("epochs %v, want %v", out.epochs, want)
		}
	})
}
