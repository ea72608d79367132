package batch

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

func stringsReader(s string) *strings.Reader { return strings.NewReader(s) }

func texts(b *Batch) []string {
	rows := make([]string, b.Rows())
	for i := range rows {
		rows[i] = rowText(b.Record, b.Row(i))
	}
	return rows
}

func equalTexts(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: row %d\n got %s\nwant %s", what, i, got[i], want[i])
		}
	}
}

// randomBatch is a batch over a slice of a record, so that its arrays have offsets, with some rows selected.
func randomBatch(rng *rand.Rand, mem memory.Allocator) *Batch {
	rec := randomRecord(rng, everyType, 1+rng.IntN(120), rng.IntN(3)*4, mem)
	defer rec.Release()
	from := rng.Int64N(rec.NumRows() + 1)
	b := New(rec.NewSlice(from, from+rng.Int64N(rec.NumRows()-from+1)))
	if rng.IntN(3) == 0 {
		return b
	}
	defer b.Release()
	sel := []int32{}
	for i := range int32(b.Record.NumRows()) {
		if rng.IntN(3) > 0 {
			sel = append(sel, i)
		}
	}
	return b.WithSelection(sel)
}

func TestCompactKeepsTheRowsThatCount(t *testing.T) {
	mem := checked(t)
	for seed := range uint64(100) {
		b := randomBatch(rand.New(rand.NewPCG(seed, 5)), mem)
		b.Part, b.Seq, b.Arrived = 3, 7, time.Unix(1, 0)
		c := Compact(b, mem)
		if c.Sel != nil || c.Part != 3 || c.Seq != 7 || !c.Arrived.Equal(b.Arrived) {
			t.Errorf("origin lost: %+v", c)
		}
		equalTexts(t, "compacted", texts(c), texts(b))
		validate(t, c.Record)
		b.Release()
		c.Release()
	}
}

func TestCompactOfAFullBatchCopiesNothing(t *testing.T) {
	mem := checked(t)
	b := New(randomRecord(rand.New(rand.NewPCG(1, 1)), everyType, 10, 2, mem))
	defer b.Release()
	if c := Compact(b, mem); c != b {
		t.Error("another batch for one that is full")
	} else {
		c.Release()
	}
	b.Rejects = []Reject{{Reason: "wrong type"}}
	c := Compact(b, mem)
	defer c.Release()
	if c.Record != b.Record || len(c.Rejects) != 0 {
		t.Error("rejects are told twice, or the rows were copied")
	}
}

func TestTakeTakesAnyOrder(t *testing.T) {
	mem := checked(t)
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 6))
		rec := randomRecord(rng, everyType, 1+rng.IntN(60), rng.IntN(3)*4, mem)
		rows := make([]int32, rng.IntN(100))
		want := make([]string, len(rows))
		for i := range rows {
			rows[i] = int32(rng.Int64N(rec.NumRows()))
			want[i] = rowText(rec, int(rows[i]))
		}
		got := New(Take(rec, rows, mem))
		equalTexts(t, "taken", texts(got), want)
		validate(t, got.Record)
		got.Release()
		rec.Release()
	}
}

func TestAppendRowsOfOtherFixedWidths(t *testing.T) {
	mem := checked(t)
	for _, text := range []string{`[1, null, 3, -4]`} {
		for _, dt := range []arrow.DataType{arrow.PrimitiveTypes.Int8, arrow.PrimitiveTypes.Int16, arrow.PrimitiveTypes.Int32,
			arrow.PrimitiveTypes.Float32, arrow.PrimitiveTypes.Float64, &arrow.Decimal128Type{Precision: 9}} {
			arr, _, err := array.FromJSON(mem, dt, stringsReader(text))
			if err != nil {
				t.Fatal(err)
			}
			out := TakeArray(arr, []int32{3, 1, 0, 3}, mem)
			for i, from := range []int{3, 1, 0, 3} {
				if out.ValueStr(i) != arr.ValueStr(from) {
					t.Errorf("%v: row %d is %s, want %s", dt, i, out.ValueStr(i), arr.ValueStr(from))
				}
			}
			out.Release()
			arr.Release()
		}
	}
}

func TestSlice(t *testing.T) {
	mem := checked(t)
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		b := randomBatch(rng, mem)
		from := rng.IntN(b.Rows() + 1)
		to := from + rng.IntN(b.Rows()-from+1)
		s := Slice(b, from, to)
		equalTexts(t, "sliced", texts(s), texts(b)[from:to])
		b.Release()
		s.Release()
	}
}

func TestConcat(t *testing.T) {
	mem := checked(t)
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 8))
		var parts []*Batch
		var want []string
		for range 1 + rng.IntN(5) {
			b := randomBatch(rng, mem)
			parts = append(parts, b)
			want = append(want, texts(b)...)
		}
		parts[len(parts)-1].Part = 1
		c := Concat(everyType, parts, mem)
		equalTexts(t, "concatenated", texts(c), want)
		validate(t, c.Record)
		wantPart := Mixed
		if len(parts) == 1 {
			wantPart = 1
		}
		if c.Part != wantPart {
			t.Errorf("part %d, want %d", c.Part, wantPart)
		}
		c.Release()
		for _, b := range parts {
			b.Release()
		}
	}
}

func BenchmarkCompact(b *testing.B) {
	s := arrow.NewSchema([]arrow.Field{column("a", schema.Int), column("b", schema.String), column("c", schema.Float)}, nil)
	rec := randomRecord(rand.New(rand.NewPCG(1, 2)), s, 4096, 0, memory.DefaultAllocator)
	var sel []int32
	for i := int32(0); i < 4096; i += 2 {
		sel = append(sel, i)
	}
	in := New(rec)
	half := in.WithSelection(sel)
	benchRows(b, len(sel), func() { Compact(half, memory.DefaultAllocator).Release() })
}
