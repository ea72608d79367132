package expr

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// A literal is made once and kept: that rows of the batch in hand failed before is none of its business.
func TestLiteralsBesideFailures(t *testing.T) {
	mem := memory.NewCheckedAllocator(batch.NewPool())
	defer mem.AssertSize(t, 0)
	s := arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Int}}, nil)
	set := NewSet(mem, compileOver(t, "10 % n", s), compileOver(t, `"x"`, s), compileOver(t, "7", s))
	defer set.Close()
	for range 2 {
		b := array.NewInt64Builder(mem)
		b.AppendValues([]int64{3, 0, 4}, nil)
		col := b.NewArray()
		in := batch.New(array.NewRecordBatch(s, []arrow.Array{col}, 3))
		col.Release()
		b.Release()
		set.Begin(in)
		for i, want := range []string{"", "x", "7"} {
			values, err := set.Eval(i, nil)
			if err != nil {
				t.Fatal(err)
			}
			for row := 0; i > 0 && row < 3; row++ {
				if got := values.ValueStr(row); got != want {
					t.Errorf("row %d: %s, want %s", row, got, want)
				}
			}
			values.Release()
		}
		if failed := set.Failures(); len(failed) != 1 || failed[0].Row != 1 {
			t.Errorf("failed: %v", failed)
		}
		set.End()
		in.Release()
	}
}
