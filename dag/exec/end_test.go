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
)

func TestOrderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		var steps []step
		for i := range int64(200) {
			steps = append(steps, step{rows: count(i*10, i*10+10)})
		}
		g.source("in", &source{steps: steps})
		g.transform("a", &transform{}, "in")
		g.transform("b", keep(func(n int64) bool { return n%3 != 0 }), "a")
		out := g.sink("out", &sink{}, "b")
		g.run(exec.Options{Queue: 1})
		if !slices.IsSorted(out.rows) || len(out.rows) != 1333 {
			t.Errorf("%d rows, sorted: %v", len(out.rows), slices.IsSorted(out.rows))
		}
		if out.prepared != 1 || out.committed != 1 || out.aborted != 0 {
			t.Errorf("prepared %d, committed %d, aborted %d", out.prepared, out.committed, out.aborted)
		}
		if c := g.sources["in"].committed; c != position(200) {
			t.Errorf("the source was told %v", c)
		}
	})
}

func TestDrainLosesNothingThatWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		var steps []step
		for i := range int64(10_000) {
			steps = append(steps, step{work: ms(1), rows: []int64{i}})
		}
		in := g.source("in", &source{steps: steps})
		var end bool
		g.transform("slow", &transform{
			process: func(port int, b *batch.Batch, out op.Emitter) error {
				time.Sleep(ms(5))
				return passOn(port, b, out)
			},
			watermark: func(wm time.Time, _ op.Emitter) (time.Time, error) {
				end = true
				return wm, nil
			},
		}, "in")
		out := g.sink("out", &sink{}, "slow")
		r, wait := g.start(exec.Options{})
		time.Sleep(ms(700))
		r.Drain()
		r.Drain()
		if s := r.State(); s != live.Draining {
			t.Errorf("%s while draining", s)
		}
		if err := wait(); err != nil {
			t.Fatal(err)
		}
		if want := count(0, int64(in.reads())); !slices.Equal(out.rows, want) {
			t.Errorf("%d rows came out of %d taken", len(out.rows), len(want))
		}
		if end {
			t.Error("a drain moved the watermark to the end of time")
		}
		if in.committed != position(in.reads()) || out.committed != 1 {
			t.Errorf("told the source %v, committed %d", in.committed, out.committed)
		}
		if s := r.Summary(); s.State != live.Finished || s.OnTheWay != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestStopEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, how := range []string{"stop", "context", "stop while draining"} {
			g := newGraph(t)
			g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1, 2, 3}}}, 100)})
			out := g.sink("out", &sink{delay: time.Hour}, "in")
			r := g.build(exec.Options{})
			ctx, cancel := context.WithCancelCause(t.Context())
			done := make(chan error, 1)
			go func() { done <- r.Run(ctx) }()
			time.Sleep(ms(100))
			start := time.Now()
			want := exec.ErrStopped
			switch how {
			case "stop":
				r.Stop()
			case "stop while draining":
				r.Drain()
				time.Sleep(ms(100))
				start = time.Now()
				r.Stop()
			case "context":
				want = errors.New("enough")
				cancel(want)
			}
			err := <-done
			cancel(nil)
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v", how, err)
			}
			if d := time.Since(start); d > 0 {
				t.Errorf("%s: took %v", how, d)
			}
			if out.committed != 0 {
				t.Errorf("%s: committed", how)
			}
			g.check(r)
			s := r.Summary()
			if s.OnTheWay == 0 || s.State != live.Failed {
				t.Errorf("%s: %+v", how, s)
			}
			if in, sink := s.Nodes[0], s.Nodes[1]; in.In != in.Out || in.Out != sink.In+s.OnTheWay {
				t.Errorf("%s: %d in, %d out, %d on the way, %d arrived", how, in.In, in.Out, s.OnTheWay, sink.In)
			}
		}
	})
}

func TestALimitClosesWhatFeedsOnlyIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		var steps []step
		for i := range int64(1000) {
			steps = append(steps, step{after: ms(10), rows: []int64{i}})
		}
		in := g.source("in", &source{steps: steps, live: true})
		g.transform("pass", &transform{}, "in")
		g.transform("first", limit(25), "pass")
		out := g.sink("out", &sink{}, "first")
		start := time.Now()
		r := g.run(exec.Options{}) // ends by itself though the source is live
		if !slices.Equal(out.rows, count(0, 25)) {
			t.Errorf("rows %v", out.rows)
		}
		if d := time.Since(start); d > time.Second || in.reads() > 40 {
			t.Errorf("took %v, read %d", d, in.reads())
		}
		if s := r.Summary(); s.Nodes[0].In != uint64(in.reads()) {
			t.Errorf("%d of %d read rows are accounted for", s.Nodes[0].In, in.reads())
		}
	})
}

func TestALimitOnOneBranchLeavesTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{1, 2}}}, 100)})
		g.transform("first", limit(3), "in")
		few := g.sink("few", &sink{}, "first")
		all := g.sink("all", &sink{}, "in")
		g.run(exec.Options{})
		if len(few.rows) != 3 || len(all.rows) != 200 {
			t.Errorf("%d and %d rows", len(few.rows), len(all.rows))
		}
		if len(few.epochs) != len(all.epochs) {
			t.Errorf("%d and %d epochs", len(few.epochs), len(all.epochs))
		}
	})
}

func TestALimitOfNothingReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{live: true})
		g.transform("none", limit(0), "in")
		out := g.sink("out", &sink{}, "none")
		g.run(exec.Options{})
		if len(out.epochs) != 0 || out.committed != 1 {
			t.Errorf("%d epochs, committed %d", len(out.epochs), out.committed)
		}
	})
}

func TestFailuresEndTheRunAndNameTheNode(t *testing.T) {
	bad := errors.New("disk on fire")
	tests := []failureCase{
		{"open of a source", func(g *graph) { g.sources["in"].openErr = bad }, "in: open: disk on fire"},
		{"open of a sink", func(g *graph) { g.sinks["out"].openErr = bad }, "out: open: disk on fire"},
		{"read", func(g *graph) { g.sources["in"].steps[50].err = bad }, "in: read: disk on fire"},
		{"panic in read", func(g *graph) { g.sources["in"].steps[50].crash = true }, "in: read: bug: panic: boom"},
		{"process", func(g *graph) {
			g.nodes["mid"].process = func(int, *batch.Batch, op.Emitter) error { return bad }
		}, "mid: process: disk on fire"},
		{"panic in process", func(g *graph) {
			g.nodes["mid"].process = func(int, *batch.Batch, op.Emitter) error { panic("boom") }
		}, "mid: process: bug: panic: boom"},
		{"barrier", func(g *graph) {
			g.nodes["mid"].barrier = func(uint64, op.Emitter) error { return bad }
		}, "mid: barrier: disk on fire"},
		{"watermark", func(g *graph) {
			g.nodes["mid"].watermark = func(time.Time, op.Emitter) (time.Time, error) { return time.Time{}, bad }
		}, "mid: watermark: disk on fire"},
		{"write", func(g *graph) { g.sinks["out"].writeErr = bad }, "out: write: disk on fire"},
		{"epoch", func(g *graph) { g.sinks["out"].epoch = func(uint64) error { return bad } }, "out: epoch: disk on fire"},
		{"prepare", func(g *graph) {
			g.sinks["out"].prepare = func(op.Emitter) (op.Prepared, error) { return nil, bad }
		}, "out: prepare: disk on fire"},
		{"commit", func(g *graph) { g.sinks["out"].commitErr = bad }, "out: commit: disk on fire"},
		{"close", func(g *graph) { g.sinks["out"].closeErr = bad }, "out: close: disk on fire"},
		{"rows without a fate", func(g *graph) {
			g.nodes["mid"].process = func(_ int, in *batch.Batch, out op.Emitter) error {
				out.Pass(in.Rows() - 1)
				return out.Emit("", in.Retain())
			}
		}, "mid: process: bug: account: of 2 rows in, 1 passed, 0 filtered, 0 late, 0 rejected, 0 held"},
		{"an output that is not there", func(g *graph) {
			g.nodes["mid"].process = func(_ int, in *batch.Batch, out op.Emitter) error {
				out.Pass(in.Rows())
				return out.Emit("late", in.Retain())
			}
		}, `mid: process: bug: rows for output "late", which the node does not have`},
		{"fates without rows", func(g *graph) {
			g.nodes["mid"].barrier = func(_ uint64, out op.Emitter) error { out.Pass(1); return nil }
		}, "mid: barrier: bug: account: fates counted outside of Process"},
	}
	ways := map[string]func(g *graph){
		"queued":             func(*graph) {},
		"in one chain":       func(g *graph) { g.chain("mid", "out", "other") },
		"in lanes":           func(g *graph) { g.by["mid"].Parallelism = 3 },
		"in lanes unordered": func(g *graph) { g.by["mid"].Parallelism, g.by["mid"].Unordered = 3, true },
	}
	for _, tt := range tests {
		for name, way := range ways {
			tt.run(t, name, way)
		}
	}
}

type failureCase struct {
	name  string
	spoil func(g *graph)
	want  string
}

func (tt failureCase) run(t *testing.T, name string, way func(g *graph)) {
	t.Run(tt.name+" "+name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.source("in", &source{steps: slices.Repeat([]step{{work: ms(1), rows: []int64{1, 2}}}, 100)})
			g.transform("mid", &transform{}, "in")
			g.sink("out", &sink{}, "mid")
			other := g.sink("other", &sink{}, "in")
			tt.spoil(g)
			way(g)
			r := g.build(exec.Options{})
			err := r.Run(t.Context())
			if err == nil || err.Error() != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			var ne *exec.NodeError
			if !errors.As(err, &ne) {
				t.Errorf("%T is no NodeError", err)
			}
			g.check(r)
			if other.committed+other.aborted != other.prepared {
				t.Errorf("prepared %d, committed %d, aborted %d", other.prepared, other.committed, other.aborted)
			}
			if s := r.Snapshot(); s.State != live.Failed || s.Error != tt.want {
				t.Errorf("snapshot says %s %q", s.State, s.Error)
			}
		})
	})
}

func TestAPanicLeavesItsStackInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{crash: true}}})
		g.sink("out", &sink{}, "in")
		r := g.build(exec.Options{})
		_ = r.Run(t.Context())
		events, err := r.Events(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		var stack bool
		for e := range events {
			stack = stack || e.Node == "in" && strings.Contains(e.Text, "fakes_test.go")
		}
		if !stack {
			t.Error("no stack in the log")
		}
	})
}

func TestARunRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{})
		g.sink("out", &sink{}, "in")
		r := g.run(exec.Options{})
		if r.Run(t.Context()) == nil {
			t.Error("ran twice")
		}
	})
}

// stuck is an output that nobody reads.
type stuck struct{ free chan struct{} }

func (s stuck) Write(p []byte) (int, error) { <-s.free; return len(p), nil }

func TestStopDoesNotWaitForAStuckOutput(t *testing.T) {
	for _, how := range []string{"written", "shown"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.source("in", &source{steps: slices.Repeat([]step{{after: ms(10), rows: []int64{1}}}, 1000)})
				out := g.sink("out", &sink{}, "in")
				other := g.sink("other", &sink{}, "in")
				if how == "written" {
					out.write = printTo(out)
				} else {
					out.epoch = func(epoch uint64) error { out.rt.Show(epoch, []byte("x\n")); return nil }
				}
				free := make(chan struct{})
				r := g.build(exec.Options{Output: stuck{free}})
				done := make(chan error, 1)
				go func() { done <- r.Run(t.Context()) }()
				time.Sleep(ms(1000))
				r.Drain()
				time.Sleep(ms(1000))
				r.Stop()
				start := time.Now()
				if err := <-done; !errors.Is(err, exec.ErrStopped) {
					t.Errorf("got %v", err)
				}
				if d := time.Since(start); d > time.Second {
					t.Errorf("took %v", d)
				}
				if other.closed != 1 || out.closed != map[string]int{"written": 0, "shown": 1}[how] {
					t.Errorf("closed %d and %d times", other.closed, out.closed)
				}
				if s := r.Summary(); s.State != live.Failed || r.Snapshot().State != live.Failed {
					t.Errorf("state %s", s.State)
				}
				close(free)
				synctest.Wait()
			})
		})
	}
}

func TestAFailureDoesNotWaitForAStuckOperatorForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1}}, {work: time.Second, err: errors.New("gone")}}})
		out := g.sink("out", &sink{}, "in")
		free := make(chan struct{})
		out.write = func(*batch.Batch, op.Emitter) error { <-free; return nil } // does not see the end of its ctx
		r := g.build(exec.Options{})
		start := time.Now()
		if err := r.Run(t.Context()); err == nil || err.Error() != "in: read: gone" {
			t.Errorf("got %v", err)
		}
		if d := time.Since(start); d != 6*time.Second {
			t.Errorf("took %v", d)
		}
		events, _ := r.Events(t.Context(), 0)
		var told bool
		for e := range events {
			told = told || e.Node == "out" && e.Level == live.Warn
		}
		if !told || g.sources["in"].closed != 1 || out.closed != 0 {
			t.Errorf("told %v, closed %d and %d times", told, g.sources["in"].closed, out.closed)
		}
		close(free)
		synctest.Wait()
		g.mem.AssertSize(t, 0)
	})
}

// Whoever ends a failing run at once does not wait for what is stuck in it, and still learns why it failed.
func TestAFailingRunCanBeEndedAtOnce(t *testing.T) {
	for _, tt := range []struct {
		how  string
		at   time.Duration // behind the failure
		ends time.Duration
	}{
		{"stop", 2 * time.Second, 2 * time.Second},
		{"context", 2 * time.Second, 2 * time.Second},
		{"stop", ms(100), ms(500)}, // as long as any run that is ended at once
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.source("in", &source{steps: []step{{rows: []int64{1}}, {work: time.Second, err: errors.New("gone")}}})
			free := make(chan struct{})
			g.sink("out", &sink{write: func(*batch.Batch, op.Emitter) error { <-free; return nil }}, "in")
			r := g.build(exec.Options{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			start := time.Now()
			go func() { done <- r.Run(ctx) }()
			time.Sleep(time.Second + tt.at)
			if tt.how == "stop" {
				r.Stop()
			} else {
				cancel()
			}
			if err := <-done; err == nil || err.Error() != "in: read: gone" {
				t.Errorf("%s: got %v", tt.how, err)
			}
			if d := time.Since(start); d != time.Second+tt.ends {
				t.Errorf("%s after %v: took %v", tt.how, tt.at, d)
			}
			close(free)
			synctest.Wait()
			g.mem.AssertSize(t, 0)
		})
	}
}
