package state

import (
	"testing"

	"pgregory.net/rapid"
)

// Find knows the keys that are in the table, whatever came and went before, and takes none in.
func TestFind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(allTypes), 0, 3).Draw(t, "types")
		table := must(NewTable(types...))
		if rapid.Bool().Draw(t, "collide") {
			table.bad = ^uint64(0x3)
		}
		vectors, keys := make([]Vector, len(types)), make([]*Vector, len(types))
		draw := func() (names []string) {
			n := rapid.IntRange(0, 40).Draw(t, "n")
			rows := drawRows(t, n)
			names = make([]string, count(rows, n))
			for k, dt := range types {
				arr := drawArray(t, dt, n)
				keys[k] = &vectors[k]
				keys[k].LoadKeys(arr, rows)
				for i := range names {
					names[i] += show(arr, rowAt(rows, i), true) + "|"
				}
			}
			return names
		}
		model := map[string]int32{}
		var slots []int32
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			names := draw()
			slots = must(table.Slots(keys, len(names), slots))
			for i, name := range names {
				model[name] = slots[i]
			}
			if rapid.Bool().Draw(t, "remove") {
				var gone []int32
				for name, s := range model {
					if rapid.Bool().Draw(t, "this one") {
						gone = append(gone, s)
						delete(model, name)
					}
				}
				table.Remove(gone)
			}
			names = draw()
			live := table.Live()
			slots = table.Find(keys, len(names), slots)
			for i, name := range names {
				want, known := model[name]
				if !known {
					want = -1
				}
				if slots[i] != want {
					t.Fatalf("key %s is found at %d, want %d", name, slots[i], want)
				}
			}
			if table.Live() != live || live != len(model) {
				t.Fatalf("%d keys, then %d, want %d", live, table.Live(), len(model))
			}
		}
	})
}
