package codec

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// demanding is everything, of which some is never null.
var demanding = func() *arrow.Schema {
	fields := slices.Clone(everything.Fields())
	for i := range fields {
		fields[i].Nullable = i%5 != 1
	}
	return arrow.NewSchema(fields, nil)
}()

// told is what a user sees of a reject.
func told(rejects []batch.Reject) []string {
	out := make([]string, len(rejects))
	for i, r := range rejects {
		out[i] = fmt.Sprintf("%s: %s: %q", r.Reason, r.Detail, r.Raw)
	}
	return out
}

// results are rows as JSON and rejects.
type results struct{ rows, rejects []string }

// drain takes what is pending.
func (r *results) drain(t testing.TB, d Decoder) {
	b := d.Batch(noon)
	if b == nil {
		return
	}
	defer b.Release()
	for i, c := range b.Record.Columns() {
		if err := array.ValidateFull(c); err != nil {
			t.Fatalf("column %d: %v", i, err)
		}
	}
	r.rows, r.rejects = append(r.rows, rows(b)...), append(r.rejects, told(b.Rejects)...)
}

const shortLine = 700

// byLine frames a stream whole and decodes it line by line.
func byLine(t testing.TB, s *arrow.Schema, input []byte) (out results) {
	d := decoder(t, "json", s)
	f := Framer{Max: shortLine}
	f.Feed(input)
	for f.Next() {
		if n, over := f.Over(); over {
			d.Reject(LineTooLong, fmt.Sprint(n), f.Line())
		} else {
			d.Decode(f.Line())
		}
		out.drain(t, d)
	}
	return out
}

// byChunk decodes a stream as a source with chunks does: what DecodeLines leaves it takes with the framer, line by line.
func byChunk(t testing.TB, s *arrow.Schema, input []byte, rng *rand.Rand) (out results) {
	d := decoder(t, "json", s).(Bulk)
	var rest []byte
	for len(input) > 0 || len(rest) > 0 {
		// Nothing may be read behind the chunk, and nothing written to it.
		chunk := append(bytes.Clone(rest), input[:min(len(input), 1+rng.IntN(2000))]...)
		input = input[len(chunk)-len(rest):]
		chunk = chunk[:len(chunk):len(chunk)]
		before := bytes.Clone(chunk)
		limit := 1 + rng.IntN(5)
		n := d.DecodeLines(chunk, limit, shortLine)
		if !bytes.Equal(chunk, before) {
			t.Fatal("the chunk was written to")
		}
		if n > 0 && chunk[n-1] != '\n' {
			t.Fatalf("it took %d bytes, which are no whole lines: %q", n, chunk)
		}
		if p := d.Pending(); p > limit {
			t.Fatalf("%d rows and rejects instead of %d", p, limit)
		} else if end := bytes.IndexByte(chunk[n:], '\n'); p < limit && end >= 0 && len(bytes.TrimSuffix(chunk[n:n+end], []byte("\r"))) <= shortLine {
			t.Fatalf("it stopped at a line that it could take: %q", chunk[n:])
		}
		out.drain(t, d)
		rest = chunk[n:]
		if end := bytes.IndexByte(rest, '\n'); n == 0 && end >= 0 { // a line that is too long
			f := Framer{Max: shortLine}
			f.Feed(rest)
			f.Next()
			size, _ := f.Over()
			d.Reject(LineTooLong, fmt.Sprint(size), f.Line())
			out.drain(t, d)
			rest = rest[end+1:]
		}
		if len(input) == 0 && !bytes.Contains(rest, []byte{'\n'}) {
			break
		}
	}
	return out
}

func compared(t testing.TB, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("result %d:\n got %s\nwant %s", i, g, w)
		}
	}
}

// Lines out of chunks become what they become one by one, wherever the chunks are cut.
func TestDecodeLinesIsDecodeLineByLine(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(100) {
		s := newScribe(seed)
		var input strings.Builder
		for range 60 {
			input.WriteString(s.record(demanding.Fields()) + s.pick("\n", "\n", "\r\n", "\r\r\n", "\n\n"))
		}
		want := byLine(t, demanding, []byte(input.String()))
		got := byChunk(t, demanding, []byte(input.String()), s.Rand)
		compared(t, got.rows, want.rows)
		compared(t, got.rejects, want.rejects)
		seen["row"] += len(want.rows)
		for _, w := range want.rejects {
			reason, _, _ := strings.Cut(w, ":")
			seen[reason]++
		}
	}
	for _, reason := range []string{"row", InvalidUTF8, InvalidJSON, WrongType, OutOfRange, MissingField, UnwantedNull, DuplicateKey, LineTooLong} {
		if seen[reason] < 20 {
			t.Errorf("%d of %s, in %v: the test tells little about them", seen[reason], reason, seen)
		}
	}
}

func TestDecodeLinesTakesWholeLines(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("i", schema.Int)}, nil)
	long := `{"i":1` + strings.Repeat(" ", 100) + "}\n"
	for _, c := range []struct {
		chunk     string
		rows      int
		took      int
		wantRows  string
		wantCount int
	}{
		{"", 10, 0, "", 0},
		{`{"i":1}`, 10, 0, "", 0},
		{"{\"i\":1}\n{\"i\":2}", 10, 8, `{"i":1}`, 1},
		{"{\"i\":1}\r\n{\"i\":2}\r\n", 10, 18, `{"i":1}{"i":2}`, 2},
		{"\n \n\t\r\n{\"i\":1}\n", 10, 14, `{"i":1}`, 1},
		{"{\"i\":1}\n{\"i\":2}\n{\"i\":3}\n", 2, 16, `{"i":1}{"i":2}`, 2},
		{"{\"i\":1}\n{\"i\":\n2}\n{\"i\":3}\n", 10, 25, `{"i":1}{"i":3}`, 4},
		{"{\"i\":1}\n" + long + "{\"i\":2}\n", 10, 8, `{"i":1}`, 1},
		{"{\"i\":1}\n" + strings.Repeat("x", 200) + "\n", 10, 8, `{"i":1}`, 1},
	} {
		for _, behind := range []int{0, 1, 7, margin, 100} {
			// What stands behind the chunk is no part of it.
			whole := []byte(c.chunk + strings.Repeat("{\"i\":9}\n", 20))
			d := decoder(t, "json", s).(Bulk)
			n := d.DecodeLines(whole[:len(c.chunk):len(c.chunk)+behind], c.rows, 100)
			count := d.Pending()
			got := ""
			if b := d.Batch(noon); b != nil {
				got = strings.Join(rows(b), "")
				b.Release()
			}
			if n != c.took || got != c.wantRows || count != c.wantCount {
				t.Errorf("%q: took %d bytes, rows %s, %d in all", c.chunk, n, got, count)
			}
		}
	}
}

// FuzzJSONLines holds lines out of chunks to what they are one by one.
func FuzzJSONLines(f *testing.F) {
	for _, v := range []string{`{"s":"a"}`, `{"i":1}` + "\r", "", " ", `{"s":"`, `{"m":{"a":"1","a":"2"}}`, `{"f":1.5e-3,"l":[1,`, `{"s":"\u00`, "{\"s\":\"é\"}"} {
		f.Add([]byte(v+"\n"+v+"\n{}\n"), uint64(1))
	}
	f.Fuzz(func(t *testing.T, input []byte, seed uint64) {
		got, want := byChunk(t, fuzzed, input, rand.New(rand.NewPCG(seed, 1))), byLine(t, fuzzed, input)
		compared(t, got.rows, want.rows)
		compared(t, got.rejects, want.rejects)
	})
}
