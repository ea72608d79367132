package codec

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// eventKind is what is unusual about the lines of events.
type eventKind uint8

const (
	plainEvents   eventKind = iota
	shuffledKeys            // the keys of each line in an order of their own
	nullValues              // every fourth value is null
	escapedTexts            // every text has an escape or a character beyond ASCII
	missingFields           // every fourth member is left out
	spacedOut               // with a space behind each comma and colon, as Python writes
)

// events are lines of about 219 bytes with nine keys.
func events(n int, kind eventKind) [][]byte {
	rng := rand.New(rand.NewPCG(1, 1))
	lines := make([][]byte, n)
	for i := range lines {
		members := [][2]string{
			{"ts", fmt.Sprint(1_767_225_600_000 + i/50)},
			{"user_id", fmt.Sprintf(`"user-%d"`, rng.IntN(1_000_000))},
			{"device", fmt.Sprintf(`"dev-%d"`, rng.IntN(1000))},
			{"temp", fmt.Sprintf("%.2f", 10+40*rng.Float64())},
			{"status", fmt.Sprintf(`"%s"`, []string{"ok", "ok", "ok", "warn", "error", "offline"}[rng.IntN(6)])},
			{"url", fmt.Sprintf(`"https://example.com/a/b/%d"`, rng.IntN(100_000))},
			{"bytes", fmt.Sprint(rng.IntN(100_000))},
			{"agent", `"Mozilla/5.0 (X11; Linux x86_64) Gecko"`},
			{"ok", "true"},
		}
		comma, colon := ",", ":"
		switch kind {
		case shuffledKeys:
			rng.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		case nullValues:
			for j := range members {
				if rng.IntN(4) == 0 {
					members[j][1] = "null"
				}
			}
		case escapedTexts:
			for j := range members {
				v := &members[j][1]
				switch {
				case (*v)[0] != '"':
				case rng.IntN(2) == 0:
					*v = strings.NewReplacer("-", `\"`, "/", `\/`).Replace((*v)[:len(*v)-1]) + `\n"`
				default:
					*v = `"é` + (*v)[1:]
				}
			}
		case missingFields:
			members = slices.DeleteFunc(members, func([2]string) bool { return rng.IntN(4) == 0 })
		case spacedOut:
			comma, colon = ", ", ": "
		}
		var b bytes.Buffer
		b.WriteByte('{')
		for j, m := range members {
			if j > 0 {
				b.WriteString(comma)
			}
			b.WriteString(`"` + m[0] + `"` + colon + m[1])
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
	d := NewDecoder(DecoderOptions{Format: format, Schema: s, Allocator: batch.NewPool(), Now: time.Now})
	defer d.Close()
	for b.Loop() {
		for _, l := range lines {
			d.Decode(l)
		}
		got := d.Batch(time.Time{})
		if got.Rows() != len(lines) {
			b.Fatalf("%d rows, %v", got.Rows(), got.Rejects)
		}
		got.Release()
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

// three are the columns that most of a pipeline reads.
var three = []string{"user_id", "temp", "status"}

var eventKinds = []struct {
	name string
	kind eventKind
}{
	{"plain", plainEvents}, {"shuffled", shuffledKeys}, {"nulls", nullValues}, {"escapes", escapedTexts}, {"missing", missingFields},
	{"spaced", spacedOut},
}

// BenchmarkDecodeJSON decodes line by line: all columns, a schema of three, and all of which three are wanted.
func BenchmarkDecodeJSON(b *testing.B) {
	for _, k := range eventKinds {
		lines := events(4096, k.kind)
		b.Run("9of9/"+k.name, func(b *testing.B) { benchDecode(b, "json", eventSchema, lines) })
		b.Run("3of9/"+k.name, func(b *testing.B) { benchDecode(b, "json", pick(eventSchema, three...), lines) })
	}
}

func BenchmarkEncodeJSON(b *testing.B) {
	for _, s := range []*arrow.Schema{eventSchema, pick(eventSchema, "user_id", "temp")} {
		b.Run(fmt.Sprint(s.NumFields()), func(b *testing.B) {
			d := NewDecoder(DecoderOptions{Format: "json", Schema: s, Allocator: batch.NewPool(), Now: time.Now})
			defer d.Close()
			for _, l := range events(4096, plainEvents) {
				d.Decode(l)
			}
			got := d.Batch(time.Time{})
			defer got.Release()
			e := NewEncoder("json", got.Schema())
			var dst []byte
			for b.Loop() {
				dst, _ = e.Append(dst[:0], got)
			}
			report(b, got.Rows(), len(dst))
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

// BenchmarkDecodeJSONLines decodes a chunk.
func BenchmarkDecodeJSONLines(b *testing.B) {
	for _, k := range eventKinds {
		lines := events(4096, k.kind)
		chunk := append(bytes.Join(lines, []byte("\n")), '\n')
		for _, columns := range []int{9, 3, 1} {
			b.Run(fmt.Sprintf("%dof9/%s", columns, k.name), func(b *testing.B) {
				o := DecoderOptions{Format: "json", Schema: eventSchema, Allocator: batch.NewPool(), Now: time.Now}
				if columns < 9 {
					for _, f := range eventSchema.Fields() {
						o.Want = append(o.Want, slices.Contains(three[:columns], f.Name))
					}
				}
				d := NewDecoder(o).(Bulk)
				defer d.Close()
				for b.Loop() {
					if n := d.DecodeLines(chunk, len(lines), DefaultMaxLine); n != len(chunk) {
						b.Fatalf("%d of %d bytes", n, len(chunk))
					}
					got := d.Batch(time.Time{})
					if got.Rows() != len(lines) {
						b.Fatalf("%d rows, %v", got.Rows(), got.Rejects)
					}
					got.Release()
				}
				report(b, len(lines), len(chunk))
			})
		}
	}
}
