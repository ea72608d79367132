package columnar

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// event is the row of the benchmarks of other formats: nine columns, about 219 bytes as JSON.
var event = arrow.NewSchema([]arrow.Field{
	{Name: "ts", Type: schema.Timestamp}, {Name: "user_id", Type: schema.String}, {Name: "device", Type: schema.String},
	{Name: "temp", Type: schema.Float}, {Name: "status", Type: schema.String}, {Name: "url", Type: schema.String},
	{Name: "bytes", Type: schema.Int}, {Name: "agent", Type: schema.String}, {Name: "ok", Type: schema.Bool},
}, nil)

const benchRows, benchBatch = 200_000, 8192

func someBenchRows() []*batch.Batch {
	r := rand.New(rand.NewPCG(1, 1))
	b := batch.NewBuilder(event, memory.DefaultAllocator)
	defer b.Release()
	var all []*batch.Batch
	for i := range benchRows {
		b.Column(0).AppendInt(int64(i) * 20)
		b.Column(1).AppendString(fmt.Sprintf("user-%d", r.IntN(1_000_000)))
		b.Column(2).AppendString(fmt.Sprintf("dev-%d", r.IntN(1000)))
		b.Column(3).AppendFloat(float64(1000+r.IntN(4000)) / 100)
		b.Column(4).AppendString([]string{"ok", "ok", "ok", "warn", "error", "offline"}[r.IntN(6)])
		b.Column(5).AppendString(fmt.Sprintf("https://example.com/api/v1/items/%d", r.IntN(100_000)))
		b.Column(6).AppendInt(r.Int64N(100_000))
		b.Column(7).AppendString("Mozilla/5.0 (X11; Linux x86_64) agent")
		b.Column(8).AppendBool(r.IntN(2) == 0)
		if (i+1)%benchBatch == 0 || i == benchRows-1 {
			all = append(all, b.Batch())
		}
	}
	return all
}

var kinds = []struct {
	name, format string
	config       any
}{
	{"parquet/zstd", "parquet", nil}, {"parquet/snappy", "parquet", Parquet{Compression: "snappy", RowGroupRows: 100_000}},
	{"parquet/none", "parquet", Parquet{Compression: "none", RowGroupRows: 100_000}},
	{"arrow/none", "arrow", nil}, {"arrow/lz4", "arrow", Arrow{Compression: "lz4"}},
}

func BenchmarkRead(b *testing.B) {
	rows := someBenchRows()
	for _, k := range kinds {
		data := written(b, k.format, k.config, event, rows...)
		for _, c := range []struct {
			name       string
			want       []bool
			conditions []Condition
		}{
			{"all", nil, nil},
			{"3of9", []bool{false, true, false, true, true, false, false, false, false}, nil},
			{"none", make([]bool, 9), nil},
			{"onegroup", nil, []Condition{{0, "<", int64(1000)}}},
		} {
			b.Run(k.name+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				for range b.N {
					r, err := fit(b, opened(b, k.format, data), event).Read(ReadOptions{Want: c.want, Conditions: c.conditions, Rows: benchBatch, Allocator: memory.DefaultAllocator})
					if err != nil {
						b.Fatal(err)
					}
					n := int64(0)
					for {
						p, err := r.Next()
						if err == io.EOF {
							break
						}
						if err != nil {
							b.Fatal(err)
						}
						n += p.Skipped + p.Record.NumRows()
						p.Record.Release()
					}
					r.Close()
					if n != benchRows {
						b.Fatal(n)
					}
				}
				b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			})
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	rows := someBenchRows()
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for range b.N {
				size = len(written(b, k.format, k.config, event, rows...))
			}
			b.ReportMetric(float64(benchRows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			b.ReportMetric(float64(size)/benchRows, "B/row")
		})
	}
	runtime.KeepAlive(rows)
}
