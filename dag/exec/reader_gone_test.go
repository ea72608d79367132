package exec_test

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/batch"
	"flowrun/dag/checkpoint"
	"flowrun/dag/exec"
	"flowrun/dag/op"
)

// Where the reader of the output goes while a commit that is not the last is under way, sinks are asked for nothing more once what they
// had prepared was given up, and the run ends quietly.
func TestAReaderThatGoesInTheMiddleOfACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := checkpoint.Open(vfs.NewMem(), "ck")
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		g := newGraph(t)
		g.source("in", &source{steps: slices.Repeat([]step{{after: ms(500), rows: []int64{1}}}, 1000)})
		slow := g.sink("shown", &sink{}, "in")
		slow.epoch = func(epoch uint64) error { slow.rt.Show(epoch, []byte("x\n")); return nil }
		kept := g.sink("kept", &sink{}, "in")
		givenUp := func() error {
			if kept.aborted > 0 {
				return errors.New("it was given up")
			}
			return nil
		}
		kept.write = func(*batch.Batch, op.Emitter) error { return givenUp() }
		kept.prepare = func(op.Emitter) (op.Prepared, error) { return op.Prepared("token"), givenUp() }
		r := g.run(exec.Options{Checkpoint: &exec.Checkpoint{Store: store}, Output: &pipe{left: 3, err: syscall.EPIPE}})
		if s := r.Summary(); !s.OutputClosed || s.Error != "" {
			t.Errorf("%+v", s)
		}
		if kept.aborted != 1 || kept.committed != 3 || store.Point().Commit != 3 {
			t.Errorf("%d commits of the sink and %d of the store, %d given up", kept.committed, store.Point().Commit, kept.aborted)
		}
	})
}
