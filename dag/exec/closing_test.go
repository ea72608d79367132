package exec_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/checkpoint"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// A run that was ended while its output was stuck commits nothing more once that moves again: its operators are closed by then, and
// another run may have the checkpoint.
func TestNothingIsCommittedBehindTheEndOfARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := checkpoint.Open(vfs.NewMem(), "checkpoint")
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		g := newGraph(t)
		g.source("in", &source{live: true, steps: []step{{rows: []int64{1}}}})
		out := g.sink("out", &sink{}, "in")
		out.epoch = func(epoch uint64) error { out.rt.Show(epoch, []byte("x\n")); return nil }
		free := make(chan struct{})
		r := g.build(exec.Options{Output: stuck{free}, Checkpoint: &exec.Checkpoint{Store: store}})
		done := make(chan error, 1)
		go func() { done <- r.Run(t.Context()) }()
		time.Sleep(time.Second)
		r.Stop()
		if err := <-done; !errors.Is(err, exec.ErrStopped) || out.closed != 1 {
			t.Errorf("got %v, and the sink was closed %d times", err, out.closed)
		}
		close(free)
		synctest.Wait()
		if p := store.Point(); p != nil {
			t.Errorf("epoch %d was committed behind the end", p.Epoch)
		}
	})
}

// unspreadable remembers something that cannot be shared out to lanes.
type unspreadable struct{ *transform }

func (unspreadable) Remember(m *state.Memory) {
	m.Blob("all", func(b []byte) []byte { return append(b, 1) }, func([]byte) error { return nil })
}

// Where what was remembered cannot be given to the lanes that there are now, the run fails, and all that was opened is closed.
func TestOperatorsThatGetNoStateAreClosed(t *testing.T) {
	disk := vfs.NewMem()
	life := func(lanes int) (made []*transform, err error) {
		store, err := checkpoint.Open(disk, "checkpoint")
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		g := newGraph(t)
		g.source("in", &source{steps: []step{{rows: []int64{1}}}})
		g.lanes("mid", lanes, nil, "in")
		g.sink("out", &sink{}, "mid")
		g.transforms = func(*plan.Node) (op.Transform, error) {
			made = append(made, &transform{})
			return unspreadable{made[len(made)-1]}, nil
		}
		r := g.build(exec.Options{Checkpoint: &exec.Checkpoint{Store: store}})
		err = r.Run(t.Context())
		g.check(r)
		return made, err
	}
	if _, err := life(1); err != nil {
		t.Fatal(err)
	}
	made, err := life(2)
	if err == nil {
		t.Fatal("it was shared out")
	}
	closed := 0
	for _, tr := range made { // one of them only lends what was stored
		closed += tr.closed
	}
	if closed != 2 || len(made) != 3 {
		t.Errorf("%d of %d operators were closed", closed, len(made))
	}
}
