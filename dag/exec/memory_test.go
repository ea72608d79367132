package exec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"flowrun/dag/batch"
	"flowrun/dag/exec"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// A checked program does not let a run end well whose buffers did not come back.
func TestRunTellsOfMemoryThatDidNotComeBack(t *testing.T) {
	if !batch.Checked {
		t.Skip("needs the build tag flowrundebug")
	}
	g := newGraph(t)
	g.source("in", &source{steps: []step{{rows: count(0, 5)}}})
	var kept *batch.Batch
	g.sink("out", &sink{write: func(in *batch.Batch, _ op.Emitter) error {
		kept = in.Retain()
		return nil
	}}, "in")
	r, err := exec.Build(g.p, g, exec.Options{Transforms: func(*plan.Node) (op.Transform, error) { return nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		text := fmt.Sprint(recover())
		if !strings.Contains(text, "buffers were not given back") || !strings.Contains(text, "makeBatch") {
			t.Error(text)
		}
		kept.Release()
	}()
	r.Run(context.Background())
}
