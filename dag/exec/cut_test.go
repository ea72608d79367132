package exec_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// hand is a source that gives what it is handed, when it is.
type hand struct {
	rows chan []int64
	rt   op.Runtime
}

func (h *hand) Open(_ context.Context, rt op.Runtime, _ []byte) error { h.rt = rt; return nil }
func (h *hand) Committed(context.Context, op.Position) error          { return nil }
func (h *hand) Close() error                                          { return nil }

func (h *hand) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	select {
	case rows, ok := <-h.rows:
		if !ok {
			return nil, nil, io.EOF
		}
		return makeBatch(h.rt.Allocator(), rows...), nil, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// handing gives a graph's sources by hand.
type handing struct {
	*graph
	hand *hand
}

func (h handing) Source(*plan.Node) (op.Source, error) { return h.hand, nil }

func TestCutEndsAnEpochOfWhatHasFlowedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGraph(t)
		g.p.Trigger.Kind = plan.Once // cuts nothing by itself
		g.add("in", &plan.Scan{Kind: "fake", Schema: numbers})
		g.transform("pass", &transform{}, "in")
		out := g.sink("out", &sink{}, "pass")
		h := &hand{rows: make(chan []int64)}
		run, err := exec.Build(g.p, handing{g, h}, exec.Options{
			Allocator: g.mem, Transforms: func(n *plan.Node) (op.Transform, error) { return g.nodes[n.ID], nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- run.Run(t.Context()) }()

		cut := func() {
			synctest.Wait() // the source waits for rows, so it hands nothing on
			if err := run.Cut(t.Context()); err != nil {
				t.Fatal(err, run.Summary().Error)
			}
		}
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatal(err)
		default:
		}
		h.rows <- []int64{1, 2}
		cut()
		cut() // nothing came, so that this is no epoch
		h.rows <- []int64{3}
		h.rows <- []int64{4}
		cut()
		h.rows <- []int64{5}
		close(h.rows)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		g.check(run)
		if want := [][]int64{{1, 2}, {3, 4}, {5}}; !slices.EqualFunc(out.epochs, want, slices.Equal[[]int64]) {
			t.Errorf("epochs %v, want %v", out.epochs, want)
		}
		if err := run.Cut(t.Context()); !errors.Is(err, exec.ErrEnded) {
			t.Errorf("a cut after the end gives %v", err)
		}
	})
}
