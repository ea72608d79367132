package state

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// Values and lists give back, bit by bit, what was put in, for every type.
func TestValuesAndListsKeepWhatIsPutIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(batch.NewPool())
		defer func() {
			if n := mem.CurrentAlloc(); n != 0 {
				t.Fatalf("%d bytes were not given back", n)
			}
		}()
		dt := rapid.SampledFrom(allTypes).Draw(t, "type")
		values, err := NewValues(dt)
		if err != nil {
			t.Fatal(err)
		}
		lists, err := NewLists(dt)
		if err != nil {
			t.Fatal(err)
		}
		want, wantLists := []string{}, [][]string{}
		var v Vector
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			for range rapid.IntRange(0, 3).Draw(t, "new") {
				want, wantLists = append(want, "null"), append(wantLists, nil)
			}
			values.Grow(len(want))
			lists.Grow(len(want))
			n := rapid.IntRange(0, 20).Draw(t, "n")
			if len(want) == 0 {
				n = 0
			}
			arr := drawArray(t, dt, n)
			rows := drawRows(t, n)
			v.Load(arr, rows)
			slots := make([]int32, count(rows, n))
			for i := range slots {
				s := rapid.IntRange(0, len(want)-1).Draw(t, "slot")
				slots[i] = int32(s)
				values.Set(int32(s), &v, i)
				want[s] = show(arr, rowAt(rows, i), false)
				wantLists[s] = append(wantLists[s], want[s])
			}
			if err := lists.Append(slots, &v); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 4).Draw(t, "clear") == 0 {
				values.Clear()
				lists.Clear()
				want, wantLists = []string{}, [][]string{}
			}
			if rapid.Bool().Draw(t, "compact") {
				values.compact()
			}
			checkValues(t, mem, values, want)
			checkLists(t, mem, lists, dt, wantLists)
		}
	})
}

func everySlot(n int) []int32 {
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(n - 1 - i)
	}
	return all
}

func checkValues(t *rapid.T, mem memory.Allocator, values *Values, want []string) {
	slots := everySlot(len(want))
	arr, err := values.Build(mem, slots)
	if err != nil {
		t.Fatal(err)
	}
	defer arr.Release()
	if !arrow.TypeEqual(arr.DataType(), values.Type) {
		t.Fatalf("built %s, want %s", arr.DataType(), values.Type)
	}
	for i, s := range slots {
		if got := show(arr, i, false); got != want[s] || values.Null(s) != (want[s] == "null") {
			t.Fatalf("slot %d holds %s, want %s", s, got, want[s])
		}
	}
}

func checkLists(t *rapid.T, mem memory.Allocator, lists *Lists, elem arrow.DataType, want [][]string) {
	slots := everySlot(len(want))
	arr, err := lists.Build(mem, schema.List(elem).(*arrow.ListType), slots)
	if err != nil {
		t.Fatal(err)
	}
	defer arr.Release()
	for i, s := range slots {
		expect := "[" + strings.Join(append(slices.Clone(want[s]), ""), ",") + "]"
		if got := show(arr, i, false); got != expect {
			t.Fatalf("list %d is %s, want %s", s, got, expect)
		}
	}
}

// Replacing long texts over and over does not let the column grow.
func TestReplacedTextsAreGivenBack(t *testing.T) {
	values := must(NewValues(schema.String))
	values.Grow(10)
	bld := array.NewStringBuilder(memory.DefaultAllocator)
	var v Vector
	for round := range 1000 {
		for i := range 10 {
			bld.Append(strings.Repeat("x", 1000) + fmt.Sprint(round, i))
		}
		v.Load(bld.NewArray(), nil)
		for i := range 10 {
			values.Set(int32(i), &v, i)
		}
	}
	if n := values.Bytes(); n > 8<<20 {
		t.Errorf("ten texts of 1 KB take %d bytes after 10,000 replacements", n)
	}
	arr := must(values.Build(memory.DefaultAllocator, []int32{7}))
	if got := arr.ValueStr(0); !strings.HasSuffix(got, "x999 7") {
		t.Errorf("text is ...%s", got[len(got)-8:])
	}
}

// Texts are equal and ordered as their bytes are, short and long.
func TestTextsAreOrderedByBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Custom(func(t *rapid.T) []byte {
			return rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xFF}), 0, 18).Draw(t, "bytes")
		})
		x, y := text.Draw(t, "x"), text.Draw(t, "y")
		if rapid.Bool().Draw(t, "longer") {
			y = append(slices.Clone(x), y...)
		}
		bld := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
		bld.Append(x)
		bld.Append(y)
		var v Vector
		v.Load(bld.NewArray(), nil)
		values, err := NewValues(schema.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		values.Grow(1)
		values.Set(0, &v, 1)
		if got, want := values.CompareText(&v, 0, 0), bytes.Compare(x, y); got != want {
			t.Fatalf("%q against %q is %d, want %d", x, y, got, want)
		}
		if got, want := values.arena.equal(v.views[0], v.data, values.views[0]), bytes.Equal(x, y); got != want {
			t.Fatalf("%q equal to %q is %v", x, y, got)
		}
		var buf [16]byte
		if got := v.Text(0, &buf); !bytes.Equal(got, x) {
			t.Fatalf("%q became %q", x, got)
		}
	})
}

func TestOrderOfWords(t *testing.T) {
	floats := []float64{math.Inf(-1), -1e300, -1, -5e-324, 0, 5e-324, 1, 1e300, math.Inf(1), math.NaN()}
	for i, x := range floats {
		for j, y := range floats {
			a, b := OrderOf(math.Float64bits(x), true), OrderOf(math.Float64bits(y), true)
			if got, want := cmp.Compare(a, b), cmp.Compare(i, j); got != want {
				t.Errorf("%v against %v is %d, want %d", x, y, got, want)
			}
		}
		if back := math.Float64frombits(WordOf(OrderOf(math.Float64bits(x), true), true)); math.Float64bits(back) != math.Float64bits(x) {
			t.Errorf("%v became %v", x, back)
		}
	}
	if OrderOf(math.Float64bits(-math.NaN()), true) != OrderOf(math.Float64bits(math.NaN()), true) {
		t.Error("two NaN have two places")
	}
	if OrderOf(math.Float64bits(math.Copysign(0, -1)), true) != OrderOf(0, true) {
		t.Error("-0.0 and 0.0 have two places")
	}
}

func TestListsRefuseMoreThanTheyCanNumber(t *testing.T) {
	lists := must(NewLists(schema.Int))
	lists.limit = 3
	lists.Grow(1)
	bld := array.NewInt64Builder(memory.DefaultAllocator)
	bld.AppendValues([]int64{1, 2}, nil)
	var v Vector
	v.Load(bld.NewArray(), nil)
	if err := lists.Append([]int32{0, 0}, &v); err != nil {
		t.Fatal(err)
	}
	if err := lists.Append([]int32{0, 0}, &v); !errors.Is(err, ErrFull) {
		t.Errorf("the 4th value: %v, want ErrFull", err)
	}
}

func TestInt128AgainstBigInt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Int128
		want := new(big.Int)
		edge := rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64, 0, 1, -1})
		for range rapid.IntRange(0, 200).Draw(t, "n") {
			y := rapid.OneOf(edge, rapid.Int64()).Draw(t, "y")
			x = x.Add(y)
			want.Add(want, big.NewInt(y))
		}
		v, fits := x.Int64()
		if fits != want.IsInt64() || fits && v != want.Int64() {
			t.Fatalf("%v is %d (%v), want %s", x, v, fits, want)
		}
		if f, _ := new(big.Float).SetInt(want).Float64(); x.Float64() != f {
			t.Fatalf("%s is %v, want %v", want, x.Float64(), f)
		}
		n := rapid.Int64Range(1, math.MaxInt64).Draw(t, "divisor")
		quo := new(big.Int).Quo(want, big.NewInt(n))
		if q, fits := x.Div(n); fits != quo.IsInt64() || fits && q != quo.Int64() {
			t.Fatalf("%s / %d is %d (%v), want %s", want, n, q, fits, quo)
		}
	})
}

func TestArrayOfMakesEveryWordType(t *testing.T) {
	mem := memory.NewCheckedAllocator(batch.NewPool())
	defer mem.AssertSize(t, 0)
	for _, dt := range append(slices.Clone(allTypes[:3]), schema.Timestamp, schema.Date, schema.Duration, arrow.Null) {
		words := []uint64{1, 0, 1, 0, 1, 0, 1, 0, 1}
		nulls := make([]bool, len(words))
		nulls[2] = true
		arr := ArrayOf(mem, dt, words, nulls)
		if arr.Len() != len(words) || !arrow.TypeEqual(arr.DataType(), dt) || dt != arrow.Null && !arr.IsNull(2) {
			t.Errorf("%s: %s", dt, arr)
		}
		if dt != arrow.Null {
			var v Vector
			v.Load(arr, nil)
			if words[2] = 0; !slices.Equal(v.Words, words) {
				t.Errorf("%s: loaded as %v", dt, v.Words)
			}
		}
		arr.Release()
	}
}
