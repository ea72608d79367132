package exec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/live"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// idleGraph is a run that does nothing until it is drained.
func idleGraph(t *testing.T) *graph {
	g := newGraph(t)
	g.source("in", &source{live: true})
	g.sink("out", &sink{}, "in")
	return g
}

func TestEventsAreNumberedAndSayWhatWasDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := idleGraph(t)
		r, wait := g.start(exec.Options{Events: 10})
		synctest.Wait()
		log := g.sources["in"].rt.Log()
		for i := range 25 {
			log.Info(fmt.Sprint("line ", i+1))
		}
		ctx, cancel := context.WithCancel(t.Context())
		late, _ := r.Events(ctx, 0)
		first := <-late
		if first.Seq != 16 || first.Dropped != 15 || first.Text != "line 16" || first.Node != "in" || first.Level != live.Info {
			t.Errorf("first is %+v", first)
		}
		for i := 17; i <= 25; i++ {
			if e := <-late; e.Seq != uint64(i) || e.Dropped != 0 {
				t.Errorf("event %d is %+v", i, e)
			}
		}
		middle, _ := r.Events(ctx, 20)
		if e := <-middle; e.Seq != 21 || e.Dropped != 0 {
			t.Errorf("after 20 comes %+v", e)
		}
		go log.Warn("news", "count", 3, "why", "two words")
		if e := <-late; e.Seq != 26 || e.Level != live.Warn || e.Text != `news  count=3 why="two words"` {
			t.Errorf("then %+v", e)
		}
		cancel()
		for range late {
		}
		for range middle {
		}
		r.Drain()
		if err := wait(); err != nil {
			t.Fatal(err)
		}
		all, _ := r.Events(t.Context(), 25)
		n := 0
		for range all { // is closed, since the run is over
			n++
		}
		if n != 1 {
			t.Errorf("%d events after the end", n)
		}
	})
}

func TestEventsAreBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := idleGraph(t)
		r, wait := g.start(exec.Options{})
		synctest.Wait()
		out := g.sinks["out"].rt.Stdout()
		for range 500 {
			if _, err := out.Write(bytes.Repeat([]byte("ä"), 50_000)); err != nil {
				t.Fatal(err)
			}
		}
		r.Drain()
		_ = wait()
		events, _ := r.Events(t.Context(), 0)
		total := 0
		for e := range events {
			if e.Level != live.Output || e.Node != "out" || !strings.HasSuffix(e.Text, "ä…") {
				t.Fatalf("%s %s ...%q", e.Level, e.Node, e.Text[len(e.Text)-10:])
			}
			total += len(e.Text)
		}
		if total > 1<<20 || total < 1<<19 {
			t.Errorf("%d bytes are kept", total)
		}
	})
}

func TestWarningsAreLimitedByCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := idleGraph(t)
		var text bytes.Buffer
		r, wait := g.start(exec.Options{Log: slog.NewTextHandler(&text, &slog.HandlerOptions{
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}})})
		synctest.Wait()
		rt := g.sources["in"].rt
		for range 100 {
			rt.WarnEvery("refused", "cannot connect", "try", 1)
			rt.WarnEvery("reset", "connection lost")
			time.Sleep(ms(250))
		}
		r.Drain()
		_ = wait()
		lines := strings.Split(strings.TrimSpace(text.String()), "\n")
		want := []string{
			`level=WARN msg="cannot connect" node=in try=1`,
			`level=WARN msg="connection lost" node=in`,
			`level=WARN msg="cannot connect" node=in try=1 left_out=39`,
			`level=WARN msg="connection lost" node=in left_out=39`,
			`level=WARN msg="cannot connect" node=in try=1 left_out=39`,
			`level=WARN msg="connection lost" node=in left_out=39`,
		}
		if !slices.Equal(lines, want) {
			t.Errorf("logged\n%s", text.String())
		}
	})
}

func TestSnapshotsTheLatestWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{after: time.Second, rows: count(0, 7)}}, live: true})
		g.sink("out", &sink{}, "in")
		r, wait := g.start(exec.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		slow, _ := r.Snapshots(ctx)
		gone, _ := r.Snapshots(ctx)
		time.Sleep(10*time.Second + ms(10))
		synctest.Wait()
		s := <-slow
		if age := time.Since(s.At); age > ms(250) || s.Nodes[1].RowsIn != 7 || s.State != live.Running {
			t.Errorf("a slow reader gets a snapshot %v old: %+v", age, s)
		}
		next := <-slow
		if d := next.At.Sub(s.At); d != ms(250) || next.Seq <= s.Seq {
			t.Errorf("the next comes after %v", d)
		}
		r.Drain()
		if err := wait(); err != nil {
			t.Fatal(err)
		}
		var last live.Snapshot
		for last = range slow { // closed after the last one
		}
		if last.State != live.Finished || last.Edges[0].RowsReceived != 7 || !last.Nodes[0].Ended {
			t.Errorf("last %+v", last)
		}
		cancel()
		for range gone {
		}
	})
}

// TestPeekAfterAShortRun looks for the first time when everything is over.
func TestPeekAfterAShortRun(t *testing.T) {
	for _, watched := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := newGraph(t)
			g.source("in", &source{steps: []step{{rows: []int64{1, 2}}, {rows: []int64{3}}}})
			g.sink("out", &sink{}, "in")
			r, wait := g.start(exec.Options{Watched: watched})
			if err := wait(); err != nil {
				t.Fatal(err)
			}
			p, err := r.Peek(t.Context(), "in.->out.0", 10)
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]int{true: 2}[watched]; len(p.Batches) != want {
				t.Errorf("watched %v: %d batches, want %d", watched, len(p.Batches), want)
			}
		})
	}
}

func TestPeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{
			{after: time.Second, rows: count(0, 1000)},
			{after: time.Second, rows: []int64{1}}, {rows: []int64{2}}, {rows: []int64{3, 4}},
		}, live: true})
		g.sink("out", &sink{}, "in")
		r, wait := g.start(exec.Options{})
		top, _ := r.Topology(t.Context())
		edge := top.Edges[0].ID
		if edge != "in.->out.0" {
			t.Errorf("edge %s", edge)
		}
		if _, err := r.Peek(t.Context(), "nowhere", 10); err == nil {
			t.Error("peeked at an edge that is not there")
		}
		ctx, cancel := context.WithCancel(t.Context())
		watch, _ := r.Snapshots(ctx)
		time.Sleep(ms(1010))
		p, err := r.Peek(t.Context(), edge, 5)
		if err != nil || len(p.Batches) != 1 || len(p.Batches[0].Rows) != 5 || p.Batches[0].Total != 1000 || p.Columns[0].Name != "n" || !p.Columns[0].Number {
			t.Errorf("%v %+v", err, p)
		}
		time.Sleep(ms(2000)) // nobody looks while the last rows pass, but somebody watches
		p, _ = r.Peek(t.Context(), edge, 300)
		var texts []string
		for _, b := range p.Batches {
			for _, row := range b.Rows {
				texts = append(texts, fmt.Sprint(b.Number, ":", row[0].Text))
			}
		}
		if len(texts) != 204 || !slices.Equal(texts[:5], []string{"4:3", "4:4", "3:2", "2:1", "1:0"}) {
			t.Errorf("%d rows: %v", len(texts), texts[:min(len(texts), 8)])
		}
		cancel()
		for range watch {
		}
		time.Sleep(10 * time.Second) // nobody watches: nothing is kept
		p, _ = r.Peek(t.Context(), edge, 300)
		if len(p.Batches) != 0 {
			t.Errorf("%d batches kept for nobody", len(p.Batches))
		}
		r.Drain()
		_ = wait()
	})
}

func TestEpochsAreShownWholeAndInFileOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{after: ms(1000), rows: []int64{1}}, {after: ms(1000), rows: []int64{2}}}})
		var out bytes.Buffer
		show := func(id string, delay time.Duration) {
			s := g.sink(id, &sink{}, "in")
			s.epoch = func(epoch uint64) error {
				time.Sleep(delay)
				s.rt.Show(epoch, fmt.Appendf(nil, "%s %d of %d\n", id, epoch, s.rt.Showing()))
				return nil
			}
			g.by[id].Op = &plan.Write{Kind: "fake", Shown: true}
		}
		show("slow", ms(300))
		show("fast", 0)
		r := g.build(exec.Options{Output: &out})
		events, _ := r.Events(t.Context(), 0)
		if err := r.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		g.check(r)
		if got, want := out.String(), "slow 0 of 2\nfast 0 of 2\nslow 1 of 2\nfast 1 of 2\n"; got != want {
			t.Errorf("shown\n%s", got)
		}
		var texts []string
		for e := range events {
			texts = append(texts, e.Node+": "+e.Text)
		}
		if !slices.Contains(texts, "slow: slow 1 of 2") {
			t.Errorf("events %q", texts)
		}
	})
}

// pipe fails like a pipe whose reader has gone.
type pipe struct {
	left int
	err  error
}

func (p *pipe) Write(b []byte) (int, error) {
	if p.left--; p.left < 0 {
		return 0, p.err
	}
	return len(b), nil
}

func TestAClosedOutputEndsTheRunQuietly(t *testing.T) {
	for _, how := range []string{"written", "shown"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.source("in", &source{steps: slices.Repeat([]step{{after: ms(500), rows: []int64{1}}}, 1000)})
				out := g.sink("out", &sink{}, "in")
				other := g.sink("other", &sink{}, "in")
				if how == "written" {
					out.write = printTo(out)
				} else {
					out.epoch = func(epoch uint64) error { out.rt.Show(epoch, []byte("x\n")); return nil }
				}
				start := time.Now()
				r := g.run(exec.Options{Output: &pipe{left: 3, err: &os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}}})
				if d := time.Since(start); d != 2*time.Second {
					t.Errorf("took %v", d)
				}
				s := r.Summary()
				if !s.OutputClosed || s.State != live.Finished || s.Error != "" {
					t.Errorf("%+v", s)
				}
				if len(other.rows) != int(s.Nodes[0].Passed) || other.committed != 1 {
					t.Errorf("the other sink has %d rows of %d", len(other.rows), s.Nodes[0].Passed)
				}
			})
		})
	}
}

func TestRejectsAreNoWarningOnceTheReaderOfTheOutputIsGone(t *testing.T) {
	for name, gone := range map[string]bool{"there": false, "gone": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.source("in", &source{steps: []step{{rows: []int64{1}}}})
				out := g.sink("out", &sink{}, "in")
				out.write = printTo(out)
				g.transform("picky", &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
					time.Sleep(time.Second)
					return out.Reject(in, []batch.Failure{{Row: 0, Reason: "not one"}})
				}}, "in")
				g.sink("rest", &sink{}, "picky")
				left := 1 << 20
				if gone {
					left = 0
				}
				r := g.run(exec.Options{Output: &pipe{left: left, err: syscall.EPIPE}})
				s := r.Summary()
				if s.OutputClosed != gone || s.Nodes[2].Rejected != 1 {
					t.Errorf("%+v", s)
				}
				events, _ := r.Events(t.Context(), 0)
				warned := false
				for e := range events {
					warned = warned || strings.HasPrefix(e.Text, "row ")
				}
				if warned == gone {
					t.Errorf("warned %v", warned)
				}
			})
		})
	}
}

func TestABrokenOutputFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{rows: []int64{1}}}, 10)})
		out := g.sink("out", &sink{}, "in")
		out.write = printTo(out)
		r := g.build(exec.Options{Output: &pipe{err: fmt.Errorf("no space")}})
		if err := r.Run(t.Context()); err == nil || err.Error() != "out: write: no space" {
			t.Errorf("got %v", err)
		}
		g.check(r)
	})
}

// crowded is an output that takes a piece of what it is given, and then nothing for a while.
type crowded struct {
	bytes.Buffer
	until time.Time
	errno syscall.Errno
}

func (c *crowded) Write(b []byte) (int, error) {
	if time.Now().Before(c.until) {
		n, _ := c.Buffer.Write(b[:len(b)/3])
		return n, &os.PathError{Op: "write", Path: "/dev/stdout", Err: c.errno}
	}
	return c.Buffer.Write(b)
}

// A full disk, or a terminal that another program has made not to wait, is waited for, and takes each byte once.
func TestAnOutputThatTakesNothingIsWaitedFor(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EAGAIN} {
		for _, how := range []string{"written", "shown"} {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.source("in", &source{steps: slices.Repeat([]step{{after: time.Second, rows: []int64{1}}}, 5)})
				out := g.sink("out", &sink{}, "in")
				if out.write = printTo(out); how == "shown" {
					out.write = nil
					out.epoch = func(epoch uint64) error { out.rt.Show(epoch, []byte("row\n")); return nil }
				}
				to := &crowded{until: time.Now().Add(time.Minute), errno: errno}
				r := g.run(exec.Options{Output: to})
				if text := to.String(); strings.Trim(text, "row\n") != "" || strings.Count(text, "row\n")*4 != len(text) || len(text) == 0 {
					t.Errorf("%v, %s: %q", errno, how, text)
				}
				warnings := 0
				events, _ := r.Events(t.Context(), 0)
				for e := range events {
					if e.Level == live.Warn && strings.Contains(e.Text, "cannot write to the output, trying on") {
						warnings++
					}
				}
				if warnings < 1 || warnings > 7 {
					t.Errorf("%v, %s: %d warnings in a minute", errno, how, warnings)
				}
			})
		}
	}
	synctest.Test(t, func(t *testing.T) { // it ends with the run
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1}}}, live: true})
		out := g.sink("out", &sink{}, "in")
		out.write = printTo(out)
		r, wait := g.start(exec.Options{Output: &crowded{until: time.Now().Add(time.Hour), errno: syscall.ENOSPC}})
		time.Sleep(10 * time.Second)
		begun := time.Now()
		r.Drain()
		if err := wait(); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "gave up") || time.Since(begun) > 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}

func TestStatusAndSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rejectGraph(t)
		in := g.sources["in"]
		in.live = true
		for i := range in.steps {
			in.steps[i].after = ms(200)
		}
		g.sink("out", &sink{}, "picky")
		r, wait := g.start(exec.Options{})
		time.Sleep(ms(700))
		synctest.Wait()
		in.rt.Status("connecting localhost:1100, retry in 2s")
		if got, want := r.Status(), "epoch 1  in 6 rows/s  rejected 5  in: connecting localhost:1100, retry in 2s"; got != want {
			t.Errorf("status %q", got)
		}
		time.Sleep(ms(1300))
		r.Drain()
		if err := wait(); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := r.Summary().WriteSummary(&b); err != nil {
			t.Fatal(err)
		}
		want := `finished after 2s, 2 epochs
  node   kind  in  out  passed  filtered  late  rejected  held
  in     fake   7    4       4         0     0         3     0
    rejected 2: too long
    rejected 1: no utf-8
  picky  fake   4    2       2         0     0         2     0
    rejected 2: negative
  out    fake   2    0       2         0     0         0     0
account: ok
`
		if b.String() != want {
			t.Errorf("summary\n%s", b.String())
		}
	})
}

func printTo(s *sink) func(in *batch.Batch, out op.Emitter) error {
	return func(*batch.Batch, op.Emitter) error {
		_, err := fmt.Fprintln(s.rt.Stdout(), "row")
		return err
	}
}
