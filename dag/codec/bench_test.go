package codec

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// events are lines of about 219 bytes with nine keys, in one order or, with shuffle, each in its own.
func events(n int, shuffle bool) [][]byte {
	rng := rand.New(rand.NewPCG(1, 1))
	lines := make([][]byte, n)
	for i := range lines {
		members := []string{
			fmt.Sprintf(`"ts":%d`, 1_767_225_600_000+i/50),
			fmt.Sprintf(`"user_id":"user-%d"`, rng.IntN(1_000_000)),
			fmt.Sprintf(`"device":"dev-%d"`, rng.IntN(1000)),
			fmt.Sprintf(`"temp":%.2f`, 10+40*rng.Float64()),
			fmt.Sprintf(`"status":"%s"`, []string{"ok", "ok", "ok", "warn", "error", "offline"}[rng.IntN(6)]),
			fmt.Sprintf(`"url":"https://example.com/a/b/%d"`, rng.IntN(100_000)),
			fmt.Sprintf(`"bytes":%d`, rng.IntN(100_000)),
			`"agent":"Mozilla/5.0 (X11; Linux x86_64) Gecko"`,
			`"ok":true`,
		}
		if shuffle {
			rng.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		}
		var b bytes.Buffer
		for j, m := range members {
			b.WriteByte("{,"[min(j, 1)])
			b.WriteString(m)
		}
		b.WriteByte('}')
		lines[i] = b.Bytes()
	}
	return lines
}

var eventSchema = arrow.NewSchema([]arrow.Field{
	{Name: "ts", Type: schema.Timestamp, Nullable: true, Metadata: schema.Unit("ms")},
	{Name: "user_id", Type: schema.String, Nullable: true},
	{Name: "device", Type: schema.String, Nullable: true},
	{Name: "temp", Type: schema.Float, Nullable: true},
	{Name: "status", Type: schema.String, Nullable: true},
	{Name: "url", Type: schema.String, Nullable: true},
	{Name: "bytes", Type: schema.Int, Nullable: true},
	{Name: "agent", Type: schema.String, Nullable: true},
	{Name: "ok", Type: schema.Bool, Nullable: true},
}, nil)

func pick(s *arrow.Schema, names ...string) *arrow.Schema {
	var fields []arrow.Field
	for _, n := range names {
		f, _ := s.FieldsByName(n)
		fields = append(fields, f...)
	}
	return arrow.NewSchema(fields, nil)
}

func report(b *testing.B, rows, size int) {
	b.ReportAllocs()
	b.SetBytes(int64(size))
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func total(lines [][]byte) (n int) {
	for _, l := range lines {
		n += len(l) + 1
	}
	return n
}

func benchDecode(b *testing.B, format string, s *arrow.Schema, lines [][]byte) {
	d := NewDecoder(DecoderOptions{Format: format, Schema: s, Allocator: memory.DefaultAllocator, Now: time.Now})
	defer d.Close()
	for b.Loop() {
		for _, l := range lines {
			d.Decode(l)
		}
		batch := d.Batch(time.Time{})
		if batch.Rows() != len(lines) {
			b.Fatalf("%d rows, %v", batch.Rows(), batch.Rejects)
		}
		batch.Release()
	}
	report(b, len(lines), total(lines))
}

func BenchmarkDecodeText(b *testing.B) {
	lines := make([][]byte, 4096)
	for i := range lines {
		lines[i] = bytes.Repeat([]byte("0123456789"), 10)
	}
	benchDecode(b, "text", TextSchema, lines)
}

func BenchmarkDecodeJSON(b *testing.B) {
	b.Run("9of9", func(b *testing.B) { benchDecode(b, "json", eventSchema, events(4096, false)) })
	three := pick(eventSchema, "user_id", "temp", "status")
	b.Run("3of9", func(b *testing.B) { benchDecode(b, "json", three, events(4096, false)) })
	b.Run("3of9_shuffled", func(b *testing.B) { benchDecode(b, "json", three, events(4096, true)) })
}

func BenchmarkEncodeJSON(b *testing.B) {
	for _, s := range []*arrow.Schema{eventSchema, pick(eventSchema, "user_id", "temp")} {
		b.Run(fmt.Sprint(s.NumFields()), func(b *testing.B) {
			d := NewDecoder(DecoderOptions{Format: "json", Schema: s, Allocator: memory.DefaultAllocator, Now: time.Now})
			defer d.Close()
			for _, l := range events(4096, false) {
				d.Decode(l)
			}
			batch := d.Batch(time.Time{})
			defer batch.Release()
			e := NewEncoder("json", batch.Schema())
			var dst []byte
			for b.Loop() {
				dst, _ = e.Append(dst[:0], batch)
			}
			report(b, batch.Rows(), len(dst))
		})
	}
}

func BenchmarkFramer(b *testing.B) {
	for _, width := range []int{20, 100} {
		b.Run(fmt.Sprint(width), func(b *testing.B) {
			line := append(bytes.Repeat([]byte("x"), width-1), '\n')
			chunk := bytes.Repeat(line, 1<<18/width)
			f := Framer{}
			lines := 0
			for b.Loop() {
				lines = 0
				f.Feed(chunk)
				for f.Next() {
					lines++
				}
			}
			report(b, lines, len(chunk))
		})
	}
}
