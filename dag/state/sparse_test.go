package state

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

func TestATableWithFewOfItsSlotsInUseIsSparse(t *testing.T) {
	table := must(NewTable(arrow.PrimitiveTypes.Int64))
	show := func(m *Memory) { table.Remember(m, "t") }
	var v Vector
	for i, words := 0, v.Fill(100); i < 100; i++ {
		words[i] = uint64(i)
	}
	slots := must(table.Slots([]*Vector{&v}, 100, nil))
	for _, c := range []struct {
		remove, least int
		want          bool
	}{{0, 10, false}, {74, 10, false}, {2, 10, true}, {0, 101, false}} {
		table.Remove(slots[:c.remove])
		if slots = slots[c.remove:]; Sparse(show, c.least) != c.want {
			t.Errorf("%d of 100 slots in use, at least %d: sparse is %v", len(slots), c.least, !c.want)
		}
	}
	if Sparse(func(m *Memory) { m.Blob("b", nil, nil) }, 0) {
		t.Error("what cannot be moved is sparse")
	}
}
