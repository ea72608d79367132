package state

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"
)

// Rows come back as they went in until they are removed, whatever slots they have; what is attached to a slot begins with nothing.
func TestRowsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(allTypes), 1, 3).Draw(t, "types")
		fields := make([]arrow.Field, len(types))
		for i, dt := range types {
			fields[i] = arrow.Field{Name: string(rune('a' + i)), Type: dt, Nullable: true}
		}
		s := arrow.NewSchema(fields, nil)
		store := must(NewRows(s, nil))
		var notes Fixed[int64]
		store.Attach("notes", &notes)
		model := map[int32]string{}
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			n := rapid.IntRange(0, 20).Draw(t, "n")
			columns := make([]arrow.Array, len(types))
			for i, dt := range types {
				columns[i] = drawArray(t, dt, n)
			}
			rows := drawRows(t, n)
			slots := must(store.Append(array.NewRecordBatch(s, columns, int64(n)), rows))
			if len(slots) != count(rows, n) {
				t.Fatalf("%d slots for %d rows", len(slots), count(rows, n))
			}
			for i, slot := range slots {
				if old, used := model[slot]; used {
					t.Fatalf("slot %d was given again while it held %s", slot, old)
				}
				if notes.V[slot] != 0 {
					t.Fatalf("slot %d begins with %d", slot, notes.V[slot])
				}
				notes.V[slot] = 7
				for _, c := range columns {
					model[slot] += show(c, rowAt(rows, i), false) + "|"
				}
			}
			var gone []int32
			for slot := range int32(store.Len()) {
				if model[slot] != "" && rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
					gone = append(gone, slot)
					delete(model, slot)
				}
			}
			store.Remove(gone)
			if all := store.All(nil); store.Live() != len(model) || len(all) != len(model) {
				t.Fatalf("%d rows at %v, want %d", store.Live(), all, len(model))
			}
			for slot, want := range model {
				got := ""
				for _, c := range must(store.Build(memory.DefaultAllocator, []int32{slot})) {
					got += show(c, 0, false) + "|"
				}
				if got != want {
					t.Fatalf("slot %d gives %s, want %s", slot, got, want)
				}
			}
		}
	})
}
