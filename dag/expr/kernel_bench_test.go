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
	e := compileOver(b, text, in.Schema()).Evaluator(memory.DefaultAllocator)
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

func benchmarkSelect(b *testing.B, text string) {
	in := benchBatch(b)
	e := compileOver(b, text, in.Schema()).Evaluator(memory.DefaultAllocator)
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
