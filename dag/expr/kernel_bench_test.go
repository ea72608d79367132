package expr

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

const benchRows = 8192

// recycler is an allocator that gives out again what was freed, as that of a run does, so that a benchmark measures kernels
// and not the collector. It is used by one goroutine.
type recycler struct{ free map[int][][]byte }

func newRecycler() *recycler { return &recycler{free: map[int][][]byte{}} }

func (r *recycler) Allocate(size int) []byte {
	class := 64
	for class < size {
		class *= 2
	}
	if n := len(r.free[class]); n > 0 {
		b := r.free[class][n-1]
		r.free[class] = r.free[class][:n-1]
		return b[:size]
	}
	return memory.DefaultAllocator.Allocate(class)[:size]
}

func (r *recycler) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := r.Allocate(size)
	copy(grown, b)
	r.Free(b)
	return grown
}

func (r *recycler) Free(b []byte) {
	if cap(b) > 0 {
		r.free[cap(b)] = append(r.free[cap(b)], b)
	}
}

// benchBatch has numbers in random order, seven tenths of status ok, and lines of 42 bytes.
func benchBatch(b *testing.B) *batch.Batch {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "status", Type: schema.String, Nullable: true},
		{Name: "temp", Type: schema.Float, Nullable: true},
		{Name: "n", Type: schema.Int, Nullable: true},
		{Name: "value", Type: schema.String, Nullable: true},
	}, nil)
	r := array.NewRecordBuilder(memory.DefaultAllocator, s)
	defer r.Release()
	state := uint64(1)
	for i := range benchRows {
		state = state*6364136223846793005 + 1442695040888963407
		status := "ok"
		if state>>33%10 >= 7 {
			status = "failed"
		}
		r.Field(0).(*array.StringBuilder).Append(status)
		r.Field(1).(*array.Float64Builder).Append(float64(state >> 40 % 60))
		r.Field(2).(*array.Int64Builder).Append(int64(i))
		r.Field(3).(*array.StringBuilder).Append(" To be or not to be, that is THE question ")
	}
	x := batch.New(r.NewRecordBatch())
	b.Cleanup(x.Release)
	return x
}

func benchmarkEval(b *testing.B, text string) {
	in := benchBatch(b)
	e := compileOver(b, text, in.Schema()).Evaluator(newRecycler())
	defer e.Close()
	b.ReportAllocs()
	for b.Loop() {
		values, _, err := e.Eval(in)
		if err != nil {
			b.Fatal(err)
		}
		values.Release()
	}
	reportRows(b)
}

// benchmarkNulls is benchmarkEval where a tenth of the numbers are null.
func benchmarkNulls(b *testing.B, text string) {
	in := benchBatch(b)
	r := array.NewFloat64Builder(memory.DefaultAllocator)
	defer r.Release()
	from := in.Record.Column(1).(*array.Float64)
	for i := range benchRows {
		if i*7%10 == 0 {
			r.AppendNull()
			continue
		}
		r.Append(from.Value(i))
	}
	temps := r.NewArray()
	columns := append([]arrow.Array{}, in.Record.Columns()...)
	columns[1] = temps
	holed := batch.New(array.NewRecordBatch(in.Schema(), columns, benchRows))
	temps.Release()
	defer holed.Release()
	e := compileOver(b, text, in.Schema()).Evaluator(newRecycler())
	defer e.Close()
	b.ReportAllocs()
	for b.Loop() {
		values, _, err := e.Eval(holed)
		if err != nil {
			b.Fatal(err)
		}
		values.Release()
	}
	reportRows(b)
}

func benchmarkSelect(b *testing.B, text string) {
	in := benchBatch(b)
	e := compileOver(b, text, in.Schema()).Evaluator(newRecycler())
	defer e.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := e.Select(in); err != nil {
			b.Fatal(err)
		}
	}
	reportRows(b)
}

func reportRows(b *testing.B) {
	rows := float64(b.N) * benchRows
	b.ReportMetric(rows/b.Elapsed().Seconds()/1e6, "Mrows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/rows, "ns/row")
}

func BenchmarkFilterNumeric(b *testing.B)     { benchmarkSelect(b, `temp > 30`) }
func BenchmarkFilterText(b *testing.B)        { benchmarkSelect(b, `status == "ok"`) }
func BenchmarkFilterBoth(b *testing.B)        { benchmarkSelect(b, `status == "ok" and temp > 30`) }
func BenchmarkProjectCompare(b *testing.B)    { benchmarkEval(b, `temp > 30`) }
func BenchmarkProjectArithmetic(b *testing.B) { benchmarkEval(b, `temp * 9 / 5 + 32`) }
func BenchmarkProjectInts(b *testing.B)       { benchmarkEval(b, `n * 9 + 32`) }
func BenchmarkLower(b *testing.B)             { benchmarkEval(b, `lower(value)`) }
func BenchmarkTrim(b *testing.B)              { benchmarkEval(b, `trim(value)`) }
func BenchmarkSplitLower(b *testing.B)        { benchmarkEval(b, `split(lower(trim(value)), " ")`) }
func BenchmarkConditional(b *testing.B)       { benchmarkEval(b, `temp > 30 ? temp : 0`) }
func BenchmarkCastToText(b *testing.B)        { benchmarkEval(b, `string(n)`) }
func BenchmarkFunctionCall(b *testing.B)      { benchmarkEval(b, `hash(n)`) }
func BenchmarkMachineFallback(b *testing.B)   { benchmarkEval(b, `len(filter([1, 2, n], # > 1))`) }
func BenchmarkNullsArithmetic(b *testing.B)   { benchmarkNulls(b, `temp * 9 / 5 + 32`) }
func BenchmarkNullsLogic(b *testing.B)        { benchmarkNulls(b, `temp > 30 and temp < 50 or n == 3`) }
func BenchmarkContainsRare(b *testing.B)      { benchmarkSelect(b, `value contains "sleep"`) }
func BenchmarkContainsOften(b *testing.B)     { benchmarkSelect(b, `value contains "question"`) }
func BenchmarkMatches(b *testing.B)           { benchmarkSelect(b, `value matches "sle+p"`) }
func BenchmarkInTexts(b *testing.B)           { benchmarkSelect(b, `status in ["warn", "error", "failed"]`) }
func BenchmarkEndsWith(b *testing.B)          { benchmarkSelect(b, `value endsWith "sleep"`) }
