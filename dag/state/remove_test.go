package state

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/schema"
)

// A table from which keys are removed knows exactly those that came since, and what it keeps for them begins with nothing,
// whatever the slots held before.
func TestTableForgetsRemovedKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(allTypes), 0, 2).Draw(t, "types")
		table := must(NewTable(types...))
		if rapid.Bool().Draw(t, "collide") {
			table.bad = ^uint64(0x3)
		}
		var counts Fixed[int64]
		last, lists, sets := must(NewValues(schema.String)), must(NewLists(schema.String)), must(NewSet(schema.String))
		var sizes Fixed[int64]
		table.Attach("counts", &counts)
		table.Attach("last", last)
		table.Attach("lists", lists)
		table.Attach("sets", sets)
		table.Attach("sizes", &sizes)

		type kept struct {
			slot  int32
			texts []string
		}
		model := map[string]*kept{}
		marked := map[int32]bool{}
		var slots []int32
		vectors := make([]Vector, len(types))
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			n := rapid.IntRange(0, 30).Draw(t, "n")
			arrays, keys := make([]arrow.Array, len(types)), make([]*Vector, len(types))
			for k, dt := range types {
				arrays[k], keys[k] = drawArray(t, dt, n), &vectors[k]
				keys[k].LoadKeys(arrays[k], nil)
			}
			texts := drawArray(t, schema.String, n)
			var text Vector
			text.LoadKeys(texts, nil)
			slots = must(table.Slots(keys, n, slots))
			fresh := map[string]bool{}
			for i, s := range slots {
				key := ""
				for _, a := range arrays {
					key += show(a, i, true) + "|"
				}
				if model[key] == nil {
					fresh[key] = true
					for other, k := range model {
						if k.slot == s {
							t.Fatalf("the new key %s got the slot of %s", key, other)
						}
					}
					model[key] = &kept{slot: s}
				}
				if k := model[key]; k.slot != s {
					t.Fatalf("key %s got slot %d, want %d", key, s, k.slot)
				}
				model[key].texts = append(model[key].texts, show(texts, i, true))
				counts.V[s]++
				last.Set(s, &text, i)
				marked[s] = true
			}
			if len(table.Fresh()) != len(fresh) {
				t.Fatalf("%d fresh keys, want %d", len(table.Fresh()), len(fresh))
			}
			table.Mark(slots)
			if err := lists.Append(slots, &text); err != nil {
				t.Fatal(err)
			}
			if err := sets.Add(slots, &text, sizes.V); err != nil {
				t.Fatal(err)
			}

			var gone []int32
			for _, key := range slices.Sorted(maps.Keys(model)) {
				if rapid.IntRange(0, 2).Draw(t, "remove "+key) == 0 {
					gone = append(gone, model[key].slot)
					delete(marked, model[key].slot)
					delete(model, key)
				}
			}
			table.Remove(gone)

			if table.Live() != len(model) {
				t.Fatalf("%d keys, want %d", table.Live(), len(model))
			}
			checkMarks(t, table, marked)
			all := map[int32]bool{}
			for _, s := range table.All(nil) {
				all[s] = true
			}
			for key, k := range model {
				if !all[k.slot] || int(counts.V[k.slot]) != len(k.texts) {
					t.Fatalf("key %s counts %d, want %d", key, counts.V[k.slot], len(k.texts))
				}
				got := must(lists.Build(memory.DefaultAllocator, schema.List(schema.String).(*arrow.ListType), []int32{k.slot}))
				if want := "[" + strings.Join(k.texts, ",") + ",]"; show(got, 0, true) != want {
					t.Fatalf("key %s keeps %s, want %s", key, show(got, 0, true), want)
				}
				different := slices.Compact(slices.Sorted(slices.Values(k.texts)))
				if int(sizes.V[k.slot]) != len(different) {
					t.Fatalf("key %s has %d different texts, want %v", key, sizes.V[k.slot], different)
				}
				if got := show(must(last.Build(memory.DefaultAllocator, []int32{k.slot})), 0, true); got != k.texts[len(k.texts)-1] {
					t.Fatalf("key %s has the last text %s, want %s", key, got, k.texts[len(k.texts)-1])
				}
			}
		}
	})
}
