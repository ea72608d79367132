package exec_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
)

// knows passes rows on with the skipped ones; answered is the filter that was answered early.
func knows() *transform {
	return &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
		out.Pass(in.Count())
		made := in.WithSelection(in.Sel)
		made.Skipped = in.Skipped
		return out.Emit("", made)
	}}
}

func answered() *transform {
	return &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
		out.Pass(in.Rows())
		out.Filter(in.Skipped)
		return out.Emit("", in.WithSelection(in.Sel))
	}}
}

func TestSkippedRowsCountUpToTheirFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1, 2}, skipped: 3}, {skipped: 4}, {rows: []int64{3}},
			{skipped: 1, rejects: []batch.Reject{{Reason: "bad"}}}}})
		g.transform("wider", knows(), "in")
		g.transform("hot", answered(), "wider")
		out := g.sink("out", &sink{}, "hot")
		r := g.run(exec.Options{})
		if len(out.rows) != 3 {
			t.Errorf("rows %v", out.rows)
		}
		s := r.Snapshot()
		if n := s.Nodes[0]; n.RowsIn != 12 || n.RowsOut != 11 || n.Passed != 11 || n.Rejected != 1 {
			t.Errorf("in %+v", n)
		}
		if n := s.Nodes[1]; n.RowsIn != 11 || n.RowsOut != 11 || n.Passed != 11 {
			t.Errorf("wider %+v", n)
		}
		if n := s.Nodes[2]; n.RowsIn != 11 || n.RowsOut != 3 || n.Passed != 3 || n.Filtered != 8 {
			t.Errorf("hot %+v", n)
		}
		for i, want := range []uint64{11, 11, 3} {
			if e := s.Edges[i]; e.RowsSent != want || e.RowsReceived != want {
				t.Errorf("edge %d %+v, want %d", i, e, want)
			}
		}
	})
}

// What does not know of skipped rows would lose them in silence, so it ends the run as the bug that it is.
func TestSkippedRowsWhereTheyDoNotBelongAreABug(t *testing.T) {
	counts := func(pass int) *transform {
		return &transform{process: func(_ int, in *batch.Batch, out op.Emitter) error {
			out.Pass(pass)
			return out.Emit("", in.WithSelection(in.Sel))
		}}
	}
	for _, c := range []struct {
		name, node, want string
		mid              *transform
	}{
		{"not counted", "mid", "3 of them were skipped", counts(2)},
		{"counted and not handed on", "mid", "of 3 skipped rows in, 0 were handed on", counts(5)},
		{"handed on to a sink", "out", "3 skipped rows came to a sink", knows()},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGraph(t)
				g.source("in", &source{steps: []step{{rows: []int64{1, 2}, skipped: 3}}})
				g.transform("mid", c.mid, "in")
				g.sink("out", &sink{}, "mid")
				r := g.build(exec.Options{})
				err := r.Run(context.Background())
				g.check(r)
				if err == nil || !strings.HasPrefix(err.Error(), c.node+": ") || !strings.Contains(err.Error(), "bug: ") || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want one of %s with %q", err, c.node, c.want)
				}
			})
		})
	}
}
