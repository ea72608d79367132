package discard

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/nodes"
)

// It keeps no batch, and leaves the fate of rows to the runner: they count as passed.
func TestDropsEverything(t *testing.T) {
	rt := optest.New(t)
	s, err := nodes.Connectors{}.Sink(&plan.Node{Kind: "discard", Op: &plan.Write{Kind: "discard", Config: Config{}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(t.Context(), rt, nil); err != nil {
		t.Fatal(err)
	}
	rows := batch.NewBuilder(arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}}, nil), rt.Allocator())
	defer rows.Release()
	rows.Column(0).AppendInt(1)
	b := rows.Batch()
	var out optest.Emitter
	if err := s.Write(t.Context(), b, &out); err != nil {
		t.Fatal(err)
	}
	b.Release()
	if err := s.Epoch(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if out.Passed+out.Filtered+out.Held+out.Behind+len(out.Failures) != 0 {
		t.Errorf("fates %+v", &out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// It has nothing to commit, however often it is asked.
func TestNothingToCommit(t *testing.T) {
	for range 2 {
		p, err := sink{}.Prepare(t.Context(), &optest.Emitter{})
		if err != nil || p != nil {
			t.Errorf("Prepare = %v, %v", p, err)
		}
		if err := (sink{}).Commit(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
}
