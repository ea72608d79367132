package exec_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/batch"
	"flowrun/dag/checkpoint"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/dag/state"
)

// counter remembers how many rows came, and counts how often it was looked at.
type counter struct {
	*transform
	rows  int64
	looks int
}

func newCounter() *counter {
	c := &counter{}
	c.transform = &transform{process: func(port int, in *batch.Batch, out op.Emitter) error {
		c.rows += int64(in.Rows())
		return passOn(port, in, out)
	}}
	return c
}

func (c *counter) Remember(m *state.Memory) {
	c.looks++
	m.Ints("rows", &c.rows)
}

// A commit does not look at what an operator remembers where nothing came to it since the last one, and what was remembered stays.
func TestCommitsLookOnlyAtWhatSomethingCameTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := vfs.NewMem()
		life := func(quiet, busy []step) (once, often *counter) {
			store, err := checkpoint.Open(disk, "checkpoint")
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			var before [][]int64 // epochs of the runs before
			if p := store.Point(); p != nil {
				before = make([][]int64, p.Epoch)
			}
			g := newGraph(t)
			g.source("quiet", &source{steps: quiet})
			g.source("busy", &source{steps: busy})
			g.transform("once", nil, "quiet")
			g.transform("often", nil, "busy")
			g.sink("a", &sink{epochs: before}, "once")
			g.sink("b", &sink{epochs: before}, "often")
			once, often = newCounter(), newCounter()
			g.transforms = func(n *plan.Node) (op.Transform, error) {
				return map[string]op.Transform{"once": once, "often": often}[n.ID], nil
			}
			g.run(exec.Options{Checkpoint: &exec.Checkpoint{Store: store}})
			return once, often
		}
		later := step{after: time.Second, rows: []int64{1}}
		once, often := life([]step{{rows: []int64{1, 2}}}, []step{later, later, later, later})
		if once.rows != 2 || once.looks > 2 || often.looks < 4 {
			t.Errorf("%d rows came to one, which was looked at %d times; the other was %d times", once.rows, once.looks, often.looks)
		}
		once, often = life(nil, []step{later, later})
		if once.rows != 2 || often.rows != 6 || once.looks > 2 { // to restore it, and at the first commit
			t.Errorf("restored, and after some more: %d and %d rows, looked at %d and %d times", once.rows, often.rows, once.looks, often.looks)
		}
	})
}
