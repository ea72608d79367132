package batch

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

func TestBlank(t *testing.T) {
	mem := memory.NewCheckedAllocator(NewPool())
	defer mem.AssertSize(t, 0)
	for _, dt := range []struct {
		name  string
		blank *Blank
	}{
		{"int", NewBlank(schema.Int, mem)},
		{"string", NewBlank(schema.String, mem)},
		{"bool", NewBlank(schema.Bool, mem)},
		{"list", NewBlank(schema.List(schema.String), mem)},
		{"map", NewBlank(schema.Map(schema.Int), mem)},
		{"struct", NewBlank(schema.Struct(), mem)},
	} {
		for _, n := range []int{3, 3, 1, 0, 100, 7} {
			a := dt.blank.Array(n)
			if a.Len() != n || a.NullN() != n {
				t.Errorf("%s: %d entries, %d of them null; want %d nulls", dt.name, a.Len(), a.NullN(), n)
			}
			a.Release()
		}
		dt.blank.Release()
	}
}
