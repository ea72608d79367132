package codec

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// BenchmarkChunk decodes a chunk of records one by one, as a framer cuts them, and many at once.
func BenchmarkChunk(b *testing.B) {
	fields := arrow.NewSchema([]arrow.Field{
		{Name: "ts", Type: schema.Int, Nullable: true},
		{Name: "user", Type: schema.String, Nullable: true},
		{Name: "temp", Type: schema.Float, Nullable: true},
		{Name: "status", Type: schema.String, Nullable: true},
		{Name: "url", Type: schema.String, Nullable: true},
	}, nil)
	rows := func(format string) []byte {
		var chunk []byte
		for i := range 2500 {
			chunk = fmt.Appendf(chunk, format, 1767225600000+i*20, i*7919%1000000, float64(1000+i%4000)/100, "ok", i)
		}
		return chunk
	}
	for _, c := range []struct {
		name  string
		o     DecoderOptions
		chunk []byte
	}{
		{"text", DecoderOptions{Format: "text", Schema: TextSchema}, bytes.Repeat(append(bytes.Repeat([]byte("0123456789 "), 9), '\n'), 2500)},
		{"csv", DecoderOptions{Format: "csv", Schema: fields, Config: CSV{Delimiter: ","}}, rows("%d,user-%d,%.2f,%s,https://shop.example.com/en/collection/%d\n")},
		{"csv in quotes", DecoderOptions{Format: "csv", Schema: fields, Config: CSV{Delimiter: ","}}, rows("%d,\"user-%d\",%.2f,\"%s\",\"https://shop.example.com/en/collection/%d\"\n")},
		{"kv", DecoderOptions{Format: "kv", Schema: fields}, rows("ts=%d user=user-%d temp=%.2f status=%s url=\"https://shop.example.com/en/collection/%d\"\n")},
	} {
		for _, wanted := range []bool{true, false} {
			for _, bulk := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/wanted=%v/bulk=%v", c.name, wanted, bulk), func(b *testing.B) {
					o := c.o
					o.Allocator, o.Now = memory.DefaultAllocator, time.Now
					if !wanted {
						o.Want = make([]bool, o.Schema.NumFields())
					}
					d := NewDecoder(o)
					defer d.Close()
					f := NewFramer(o.Format, o.Config, 0)
					many, ok := d.(Bulk)
					count := 0
					b.SetBytes(int64(len(c.chunk)))
					for b.Loop() {
						f.Feed(c.chunk)
						if bulk && ok {
							f.Skip(many.DecodeLines(f.Rest(), 1<<20, f.Longest()))
						}
						for f.Next() {
							d.Decode(f.Line())
						}
						batch := d.Batch(time.Time{})
						if len(batch.Rejects) > 0 {
							b.Fatal(batch.Rejects[0])
						}
						count += batch.Rows()
						batch.Release()
					}
					b.ReportMetric(float64(count)/b.Elapsed().Seconds()/1e6, "Mrows/s")
				})
			}
		}
	}
}
