package codec

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// FuzzCSV holds what is well-formed to encoding/csv: each record becomes a row with the same fields. What is not may be
// rejected in any number of records, and what was read must be written so that it is read again.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n", "\"a\"\"b\",\"c\nd\"\r\ne,f", "\"\",\n\n,\"", "a\"b,c\n", "\"a\"b,\n", "é,\"\r\n\"\n", "a,b,c\n"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, input []byte, size uint8) {
		rows, rejects := fields(t, "csv", CSV{Delimiter: ","}, input, int(size)+1)
		r := csv.NewReader(bytes.NewReader(input))
		r.FieldsPerRecord = 2
		want, err := r.ReadAll()
		// The library drops a CR at the end of the input, and we the mark of the byte order at its beginning.
		if err == nil && utf8.Valid(input) && !bytes.HasSuffix(input, []byte{'\r'}) && !bytes.HasPrefix(input, byteOrderMark) {
			if rejects > 0 || len(rows) != len(want) {
				t.Fatalf("%q: %d rows and %d rejects, want %d rows", input, len(rows), rejects, len(want))
			}
			for i, row := range rows {
				for j, got := range row {
					if got = strings.ReplaceAll(got, "\r\n", "\n"); got != want[i][j] {
						t.Fatalf("%q: row %d has %q, want %q", input, i, got, want[i][j])
					}
				}
			}
		}
		again(t, "csv", CSV{Delimiter: ","}, rows)
	})
}

// FuzzKV holds the reader to what the writer makes of the values that it has read.
func FuzzKV(f *testing.F) {
	for _, s := range []string{"a=1 b=2\n", "b=\"x \\\"y\\\\\" a=\n", "a=b=c", "\"a\"=\"\\n\" =x\n", "a=\"", "b\t=1", "a=\"x\"y\n"} {
		f.Add([]byte(s), uint8(3))
	}
	f.Fuzz(func(t *testing.T, input []byte, size uint8) {
		rows, rejects := fields(t, "kv", nil, input, int(size)+1)
		lines := bytes.Count(input, []byte{'\n'}) + 1
		if len(rows)+rejects > lines {
			t.Fatalf("%d rows and %d rejects of %d lines", len(rows), rejects, lines)
		}
		again(t, "kv", nil, rows)
	})
}

// fields reads a stream into two columns of strings; a null is the empty string, which the oracle does not tell apart.
func fields(t *testing.T, format string, config any, input []byte, size int) (rows [][2]string, rejects int) {
	s := columns(t, "a string", "b string")
	d := NewDecoder(DecoderOptions{Format: format, Config: config, Schema: s, Allocator: memory.DefaultAllocator, Now: time.Now})
	defer d.Close()
	fr := NewFramer(format, config, 0)
	for len(input) > 0 {
		n := min(size, len(input))
		fr.Feed(input[:n])
		for input = input[n:]; fr.Next(); {
			d.Decode(fr.Line())
		}
	}
	if fr.Flush() {
		d.Decode(fr.Line())
	}
	b := d.Batch(time.Now())
	if b == nil {
		return nil, 0
	}
	defer b.Release()
	for i := range b.Rows() {
		rows = append(rows, [2]string{b.Record.Column(0).(*array.String).Value(i), b.Record.Column(1).(*array.String).Value(i)})
	}
	return rows, len(b.Rejects)
}

// again writes rows and reads them back.
func again(t *testing.T, format string, config any, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	var lines []string
	for _, r := range rows {
		line, err := json.Marshal(map[string]string{"a": r[0], "b": r[1]})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	text := write(t, format, config, columns(t, "a string", "b string"), lines...)
	back, rejects := fields(t, format, config, []byte(text), 5)
	if rejects > 0 || len(back) != len(rows) {
		t.Fatalf("%q was written as %q and read as %q, %d rejects", rows, text, back, rejects)
	}
	for i := range rows {
		if back[i] != rows[i] {
			t.Fatalf("%q was written as %q and read as %q", rows[i], text, back[i])
		}
	}
}
