package batch

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// rowText is a row as text, the oracle for copies of rows.
func rowText(rec arrow.RecordBatch, row int) string {
	var dst []byte
	for _, c := range rec.Columns() {
		dst = append(AppendText(dst, c, row), '|')
	}
	return string(dst)
}

func validate(t *testing.T, rec arrow.RecordBatch) {
	t.Helper()
	for i, c := range rec.Columns() {
		if err := array.ValidateFull(c); err != nil {
			t.Errorf("column %s: %v", rec.ColumnName(i), err)
		}
	}
}

func TestColumnMatchesArrowsBuilders(t *testing.T) {
	mem := checked(t)
	c := NewColumn(schema.List(schema.Struct(column("a", schema.Int), column("b", schema.String))), mem)
	defer c.Release()
	c.AppendNull()
	c.Append() // empty
	c.Elem().Field(0).AppendInt(1)
	c.Elem().Field(1).AppendString("x")
	c.Elem().Append()
	c.Elem().AppendNull()
	c.Append()
	got := c.Finish()
	defer got.Release()
	want, _, err := array.FromJSON(mem, c.Type(), stringsReader(`[null, [], [{"a": 1, "b": "x"}, null]]`))
	if err != nil {
		t.Fatal(err)
	}
	defer want.Release()
	if !array.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRandomColumnsAreValid(t *testing.T) {
	mem := checked(t)
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 0))
		rec := randomRecord(rng, everyType, rng.IntN(200), int(seed%4)*3, mem)
		validate(t, rec)
		rec.Release()
	}
}

func TestTruncateForgetsWholeAndBegunRows(t *testing.T) {
	mem := checked(t)
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		nulls := int(seed%3) * 4
		b := NewBuilder(everyType, mem)
		var want []string
		for len(want) < 30 {
			rows := b.Rows()
			for i := range everyType.NumFields() {
				appendRandom(b.Column(i), rng, nulls)
			}
			if rng.IntN(3) == 0 { // as a decoder does with a row that turns out wrong: some columns have a value, some not
				for i := range rng.IntN(everyType.NumFields()) {
					b.Column(i).Truncate(rows)
				}
				list := b.Column(8)
				list.Elem().AppendString("of a row that is never closed")
				b.Truncate(rows)
				continue
			}
			want = append(want, "")
		}
		keep := rng.IntN(30)
		b.Truncate(keep)
		for range 5 {
			for i := range everyType.NumFields() {
				appendRandom(b.Column(i), rng, nulls)
			}
		}
		rec := b.Record()
		validate(t, rec)
		if int(rec.NumRows()) != keep+5 {
			t.Errorf("seed %d: %d rows, want %d", seed, rec.NumRows(), keep+5)
		}
		rec.Release()
		b.Release()
	}
}

func TestTruncatedRowsLeaveNoTrace(t *testing.T) {
	mem := checked(t)
	for seed := range uint64(30) {
		build := func(noise bool) arrow.RecordBatch {
			rng, noiseRng := rand.New(rand.NewPCG(seed, 2)), rand.New(rand.NewPCG(seed, 3))
			b := NewBuilder(everyType, mem)
			defer b.Release()
			for row := range 50 {
				for i := range everyType.NumFields() {
					if noise {
						for range noiseRng.IntN(3) {
							appendRandom(b.Column(i), noiseRng, 5)
						}
						b.Column(i).Truncate(row)
					}
					appendRandom(b.Column(i), rng, 3)
				}
			}
			return b.Record()
		}
		plain, noisy := build(false), build(true)
		if !array.RecordEqual(plain, noisy) {
			t.Errorf("seed %d: rows that were taken back show", seed)
		}
		plain.Release()
		noisy.Release()
	}
}

func TestColumnIsUsedAgainAfterFinish(t *testing.T) {
	mem := checked(t)
	b := NewBuilder(everyType, mem)
	defer b.Release()
	for round := range 4 {
		rng := rand.New(rand.NewPCG(uint64(round), 4))
		for i := range everyType.NumFields() {
			for range 100 >> (2 * round) {
				appendRandom(b.Column(i), rng, 2)
			}
		}
		rec := b.Record()
		validate(t, rec)
		rng = rand.New(rand.NewPCG(uint64(round), 4))
		fresh := randomRecord(rng, everyType, 100>>(2*round), 2, mem)
		if !array.RecordEqual(rec, fresh) {
			t.Errorf("round %d: a used builder builds something else than a fresh one", round)
		}
		rec.Release()
		fresh.Release()
	}
}

func TestUnequalColumnsPanic(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("a", schema.Int), column("b", schema.Int)}, nil)
	b := NewBuilder(s, memory.DefaultAllocator)
	b.Column(0).AppendInt(1)
	defer func() {
		if r := recover(); fmt.Sprint(r) != "batch: column b has another number of rows than the first" {
			t.Errorf("recovered %v", r)
		}
	}()
	b.Record()
}

func BenchmarkAppendInt(b *testing.B) {
	c := NewColumn(schema.Int, memory.DefaultAllocator)
	benchRows(b, 4096, func() {
		for i := range 4096 {
			c.AppendInt(int64(i))
		}
		c.Finish().Release()
	})
}

func BenchmarkAppendBytes(b *testing.B) {
	c := NewColumn(schema.String, memory.DefaultAllocator)
	text := []byte("a line of some thirty characters")
	benchRows(b, 4096, func() {
		for range 4096 {
			c.AppendBytes(text)
		}
		c.Finish().Release()
	})
}

func benchRows(b *testing.B, rows int, f func()) {
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
