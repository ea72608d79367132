package exec_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// picky rejects negative rows and passes the others.
func picky() *transform {
	return &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
		sel := []int32{}
		var failed []batch.Failure
		for i, v := range values(in) {
			if v < 0 {
				failed = append(failed, batch.Failure{Row: int32(in.Row(i)), Reason: "negative", Detail: fmt.Sprint(v)})
			} else {
				sel = append(sel, int32(in.Row(i)))
			}
		}
		if err := out.Reject(in, failed); err != nil {
			return err
		}
		out.Pass(len(sel))
		return out.Emit("", in.WithSelection(sel))
	}}
}

func rejectGraph(t *testing.T) *graph {
	g := newGraph(t)
	g.source("in", &source{steps: []step{
		{rows: []int64{1, -2, 3}, rejects: []batch.Reject{{Reason: "too long", Raw: []byte("xxx")}}},
		{rejects: []batch.Reject{{Reason: "no utf-8", Detail: "at 3", Raw: []byte("yyy")}, {Reason: "too long", Raw: []byte("zzz")}}},
		{rows: []int64{-5}},
	}})
	g.transform("picky", picky(), "in")
	return g
}

func TestRejectsAreRoutedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rejectGraph(t)
		out := g.sink("out", &sink{}, "picky")
		bad := g.sink("bad", &sink{}, "in.rejected", "picky.rejected")
		r := g.run(exec.Options{BatchRows: 1})
		if !slices.Equal(out.rows, []int64{1, 3}) {
			t.Errorf("rows %v", out.rows)
		}
		var ins, picks []string
		for _, line := range bad.text {
			if strings.HasPrefix(line, "|in|") {
				ins = append(ins, line)
			} else {
				picks = append(picks, line)
			}
		}
		wantIn := []string{"|in|too long|eHh4", "|in|no utf-8: at 3|eXl5", "|in|too long|enp6"}
		wantPick := []string{`|picky|negative: -2|eyJuIjotMn0=`, `|picky|negative: -5|eyJuIjotNX0=`} // {"n":-2}
		if !slices.Equal(ins, wantIn) || !slices.Equal(picks, wantPick) {
			t.Errorf("rejects %q %q", ins, picks)
		}
		s := r.Summary()
		if a := s.Nodes[0]; a.In != 7 || a.Passed != 4 || a.Rejected != 3 || a.Reasons["too long"] != 2 || a.Reasons["no utf-8"] != 1 {
			t.Errorf("account %+v", a)
		}
		if a := s.Nodes[1]; a.In != 4 || a.Passed != 2 || a.Rejected != 2 || a.Out != 2 {
			t.Errorf("account %+v", a)
		}
	})
}

func TestRejectsAreDroppedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rejectGraph(t)
		g.sink("out", &sink{}, "picky")
		r := g.run(exec.Options{})
		if a := r.Summary().Nodes[1]; a.Rejected != 2 || a.Reasons["negative"] != 2 {
			t.Errorf("account %+v", a)
		}
		events, _ := r.Events(t.Context(), 0)
		dropped := map[string]int{}
		for e := range events {
			if strings.HasPrefix(e.Text, "row dropped") {
				dropped[e.Node+" "+e.Text]++
			}
		}
		if len(dropped) != 3 { // one per node and reason, within ten seconds
			t.Errorf("logged %v", dropped)
		}
	})
}

func TestRejectsFailTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rejectGraph(t)
		g.sink("out", &sink{}, "picky")
		g.by["picky"].OnError = plan.Fail
		r := g.build(exec.Options{})
		err := r.Run(t.Context())
		var re *exec.RejectError
		if !errors.As(err, &re) || re.Reason != "negative" || !strings.HasPrefix(err.Error(), "picky: row rejected: negative: -2") {
			t.Errorf("got %v", err)
		}
		g.check(r)
		if a := r.Summary().Nodes[1]; a.Rejected != 0 || len(a.Reasons) != 0 {
			t.Errorf("the row that ended the run has a fate: %+v", a)
		}
	})
}

// A source that waits in Read for what may never come does not keep a run that its own reject ends.
func TestARejectOfALiveSourceFailsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := rejectGraph(t)
		g.sources["in"].live = true
		g.sources["in"].steps = g.sources["in"].steps[:1]
		g.sink("out", &sink{}, "picky")
		g.by["in"].OnError = plan.Fail
		r := g.build(exec.Options{})
		if err := r.Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "in: row rejected: too long (") {
			t.Errorf("got %v", err)
		}
		g.check(r)
	})
}

// What the stop of the run cut off is counted and told, and does not spoil a good end.
func TestWhatTheStopCutOffFailsNoRun(t *testing.T) {
	cut := batch.Reject{Reason: "unfinished", Cut: true}
	for _, tt := range []struct {
		name    string
		rejects []batch.Reject
		fails   bool
	}{
		{"alone", []batch.Reject{cut}, false},
		{"behind one that nobody cut", []batch.Reject{{Reason: "unfinished"}, cut}, true},
		{"before one that nobody cut", []batch.Reject{cut, {Reason: "unfinished"}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.source("in", &source{steps: []step{{rows: []int64{1, 2}, rejects: tt.rejects}}})
				out := g.sink("out", &sink{}, "in")
				g.by["in"].OnError = plan.Fail
				r := g.build(exec.Options{})
				if err := r.Run(t.Context()); (err != nil) != tt.fails {
					t.Fatalf("got %v", err)
				}
				g.check(r)
				if tt.fails {
					return
				}
				if a := r.Summary().Nodes[0]; a.In != 3 || a.Rejected != 1 || a.Reasons["unfinished"] != 1 || out.committed != 1 {
					t.Errorf("account %+v, committed %d", a, out.committed)
				}
				events, _ := r.Events(t.Context(), 0)
				var told bool
				for e := range events {
					told = told || e.Node == "in" && strings.HasPrefix(e.Text, "row dropped")
				}
				if !told {
					t.Error("the log does not tell of it")
				}
			})
		})
	}
}

func TestRowsThatANodeMadeCanBeRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1, 2}}}})
		g.transform("sum", &transform{
			process: func(_ int, in *batch.Batch, out op.Emitter) error { out.Hold(in.Rows()); return nil },
			barrier: func(_ uint64, out op.Emitter) error {
				b := makeBatch(g.mem, 7)
				defer b.Release()
				return out.RejectOutput(b, []batch.Failure{{Row: 0, Reason: "does not fit"}})
			},
		}, "in")
		out := g.sink("out", &sink{}, "sum")
		bad := g.sink("bad", &sink{}, "sum.rejected")
		r := g.run(exec.Options{})
		if len(out.rows) != 0 || len(bad.text) != 1 {
			t.Errorf("%v %v", out.rows, bad.text)
		}
		if a := r.Summary().Nodes[1]; a.Held != 2 || a.Rejected != 0 || a.RejectedOut != 1 || a.Reasons["does not fit"] != 1 {
			t.Errorf("account %+v", a)
		}
	})
}

func TestASinkRejects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1, 2, 3}}}})
		out := &sink{}
		one := func(in *batch.Batch, out op.Emitter) error {
			return out.Reject(in, []batch.Failure{{Row: 1, Reason: "no form"}})
		}
		out.write = one
		out.prepare = func(e op.Emitter) (op.Prepared, error) {
			b := makeBatch(g.mem, 8, 9)
			defer b.Release()
			return nil, one(b, e)
		}
		g.sink("out", out, "in")
		bad := g.sink("bad", &sink{}, "out.rejected")
		r := g.run(exec.Options{})
		if len(bad.text) != 2 {
			t.Errorf("rejects %q", bad.text)
		}
		if a := r.Summary().Nodes[1]; a.In != 3 || a.Passed != 1 || a.Rejected != 2 {
			t.Errorf("account %+v", a)
		}
	})
}

func TestReasonsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		var rejects []batch.Reject
		for i := range 1000 {
			rejects = append(rejects, batch.Reject{Reason: fmt.Sprint("reason ", i)})
		}
		g.source("in", &source{steps: []step{{rejects: rejects}}})
		g.sink("out", &sink{}, "in")
		r := g.run(exec.Options{})
		a := r.Summary().Nodes[0]
		if len(a.Reasons) != 65 || a.Reasons["other"] != 936 {
			t.Errorf("%d reasons, other %d", len(a.Reasons), a.Reasons["other"])
		}
		if r.Summary().Epochs != 0 {
			t.Error("rejects that nobody reads made an epoch")
		}
	})
}
