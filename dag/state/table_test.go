package state

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/schema"
)

// A table gives every different key one slot, in the order of first appearance, whatever the types, the cut into batches
// and the hashes; it gives keys back as they came first, and its marks are the slots that were marked.
func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := rapid.SliceOfN(rapid.SampledFrom(allTypes), 0, 3).Draw(t, "types")
		table, err := NewTable(types...)
		if err != nil {
			t.Fatal(err)
		}
		// Without these bits most hashes are alike, and keys must be told apart by themselves.
		collide := rapid.Bool().Draw(t, "collide")
		if collide {
			table.bad = ^uint64(0x3)
		}
		var counts Fixed[int64]
		table.Attach("counts", &counts)

		model, wantCounts := map[string]int32{}, map[int32]int64{}
		marked := map[int32]bool{}
		var slots []int32
		vectors := make([]Vector, len(types))
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			n := rapid.IntRange(0, 40).Draw(t, "n")
			rows := drawRows(t, n)
			arrays, keys := make([]arrow.Array, len(types)), make([]*Vector, len(types))
			for k, dt := range types {
				arrays[k], keys[k] = drawArray(t, dt, n), &vectors[k]
				keys[k].LoadKeys(arrays[k], rows)
			}
			if slots, err = table.Slots(keys, count(rows, n), slots); err != nil {
				t.Fatal(err)
			}
			back := map[int32]string{}
			for i, s := range slots {
				key := ""
				for _, a := range arrays {
					key += show(a, rowAt(rows, i), true) + "|"
				}
				want, known := model[key]
				if !known {
					want = s
					model[key] = s
					if !collide && int(s) != len(model)-1 {
						t.Fatalf("new key %s got slot %d, want %d", key, s, len(model)-1)
					}
				}
				if s != want {
					t.Fatalf("key %s got slot %d, want %d", key, s, want)
				}
				if other, used := back[s]; used && other != key {
					t.Fatalf("keys %s and %s share slot %d", key, other, s)
				}
				back[s] = key
				counts.V[s]++
				wantCounts[s]++
				marked[s] = true
			}
			table.Mark(slots)
			if table.Len() != len(model) || len(counts.V) != len(model) {
				t.Fatalf("%d slots with %d counts, want %d", table.Len(), len(counts.V), len(model))
			}
			for s, n := range counts.V {
				if n != wantCounts[int32(s)] {
					t.Fatalf("slot %d counts %d, want %d", s, n, wantCounts[int32(s)])
				}
			}
			checkMarks(t, table, marked)
			checkKeys(t, table, types, model)
			switch rapid.IntRange(0, 5).Draw(t, "then") {
			case 0:
				table.Clear()
				model, wantCounts, marked = map[string]int32{}, map[int32]int64{}, map[int32]bool{}
			case 1:
				table.Unmark()
				marked = map[int32]bool{}
			}
		}
	})
}

func checkMarks(t *rapid.T, table *Table, want map[int32]bool) {
	list := slices.Clone(table.Marked())
	if len(list) != len(want) {
		t.Fatalf("marked %v, want %v", list, want)
	}
	for _, s := range list {
		if !want[s] {
			t.Fatalf("marked %v, want %v", list, want)
		}
	}
}

func checkKeys(t *rapid.T, table *Table, types []arrow.DataType, model map[string]int32) {
	all := make([]int32, table.Len())
	for i := range all {
		all[i] = int32(i)
	}
	got := make([]string, table.Len())
	for k := range types {
		arr, err := table.Key(k).Build(memory.DefaultAllocator, all)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i] += show(arr, i, true) + "|"
		}
	}
	for i, key := range got {
		if s, known := model[key]; !known || int(s) != i {
			t.Fatalf("slot %d gives the key %s, which has slot %d (%v)", i, key, s, known)
		}
	}
}

// The hash of a key is what stored state is found by. It must not change with the batch around it, nor from one build to
// the next.
func TestHashIsStable(t *testing.T) {
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	bld.AppendValues([]string{"", "word", "a text that is not short"}, nil)
	bld.AppendNull()
	ints := array.NewInt64Builder(memory.DefaultAllocator)
	ints.AppendValues([]int64{0, 1, -1}, nil)
	ints.AppendNull()
	var a, b Vector
	a.LoadKeys(bld.NewArray(), nil)
	b.LoadKeys(ints.NewArray(), nil)
	hashes := make([]uint64, 4)
	hashRows([]*Vector{&a, &b}, 0, hashes)
	got := strings.Trim(fmt.Sprintf("%x", hashes), "[]")
	const want = "f13a838bdcdd3d15 5f39819ab799e4c e485a3dda3bd692e 7f21a36c22bbf6b2"
	if got != want {
		t.Errorf("hashes are %s, want %s: state stored by an earlier build would not be found", got, want)
	}
}

func TestTableRefusesMoreSlotsThanItCanNumber(t *testing.T) {
	table := must(NewTable(schema.Int))
	table.limit = 3
	bld := array.NewInt64Builder(memory.DefaultAllocator)
	bld.AppendValues([]int64{1, 2, 3, 1, 2}, nil)
	var v Vector
	v.LoadKeys(bld.NewArray(), nil)
	if _, err := table.Slots([]*Vector{&v}, 5, nil); err != nil {
		t.Fatalf("3 keys: %v", err)
	}
	bld.AppendValues([]int64{1, 4}, nil)
	v.LoadKeys(bld.NewArray(), nil)
	if _, err := table.Slots([]*Vector{&v}, 2, nil); !errors.Is(err, ErrFull) {
		t.Fatalf("the 4th key: %v, want ErrFull", err)
	}
	table.Clear()
	if _, err := table.Slots([]*Vector{&v}, 2, nil); err != nil || table.Len() != 2 {
		t.Fatalf("after Clear: %d slots, %v", table.Len(), err)
	}
}

func TestTableTellsItsMemoryAndGivesItBack(t *testing.T) {
	table := must(NewTable(schema.String))
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	fill := func(n int) {
		for i := range n {
			bld.Append(fmt.Sprintf("a key that does not fit into its view: %d", i))
		}
		var v Vector
		v.LoadKeys(bld.NewArray(), nil)
		must(table.Slots([]*Vector{&v}, n, nil))
	}
	fill(100_000)
	large := table.Bytes()
	if least := int64(100_000 * (40 + 16 + 8)); large < least {
		t.Errorf("100,000 keys take %d bytes, want at least %d", large, least)
	}
	for range 3 {
		table.Clear()
		fill(10)
	}
	table.Clear()
	if small := table.Bytes(); small > large/10 {
		t.Errorf("after small epochs the table still holds %d bytes of %d", small, large)
	}
}

func TestAttachedTwiceIsABug(t *testing.T) {
	table := must(NewTable())
	table.Attach("n", &Fixed[int64]{})
	defer func() {
		if recover() == nil {
			t.Error("two columns of one name were taken")
		}
	}()
	table.Attach("n", &Fixed[int64]{})
}

func TestUnknownTypesAreRefused(t *testing.T) {
	for _, dt := range []arrow.DataType{arrow.PrimitiveTypes.Uint8, schema.List(arrow.PrimitiveTypes.Int16), arrow.BinaryTypes.LargeString} {
		if _, err := NewTable(dt); err == nil {
			t.Errorf("a table with keys of type %s was made", dt)
		}
	}
}

// Floats that are one key are one value in a set, too.
func TestSetCountsDistinctValues(t *testing.T) {
	bld := array.NewFloat64Builder(memory.DefaultAllocator)
	bld.AppendValues([]float64{0, math.Copysign(0, -1), math.NaN(), -math.NaN(), 1, 1, 0}, nil)
	var v Vector
	v.LoadKeys(bld.NewArray(), nil)
	set := must(NewSet(schema.Float))
	set.Grow(2)
	sizes := make([]int64, 2)
	for range 2 {
		if err := set.Add([]int32{0, 0, 0, 0, 0, 1, 1}, &v, sizes); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(sizes, []int64{3, 2}) {
		t.Errorf("sizes are %v, want [3 2]", sizes)
	}
}

// Null is a key of its own even where a hash does not tell it from 0, in a batch that has no null itself.
func TestNullIsNotZero(t *testing.T) {
	for _, dt := range []arrow.DataType{schema.Int, schema.String} {
		table := must(NewTable(dt))
		table.bad = math.MaxUint64
		bld := array.NewBuilder(memory.DefaultAllocator, dt)
		var slots [3]int32
		for i := range slots {
			if i == 1 {
				bld.AppendEmptyValue()
			} else {
				bld.AppendNull()
			}
			var v Vector
			v.LoadKeys(bld.NewArray(), nil)
			slots[i] = must(table.Slots([]*Vector{&v}, 1, nil))[0]
		}
		if slots != [3]int32{0, 1, 0} {
			t.Errorf("%s: null, zero and null have the slots %v, want [0 1 0]", dt, slots)
		}
	}
}
