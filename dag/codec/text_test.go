package codec

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

func TestTextDecoder(t *testing.T) {
	d := decoder(t, "text", TextSchema)
	rows, rejects := taken(t, d, "a line", "", "東京", "bad \xff byte", "cut \xe6\x9d", "\xed\xa0\x80", "\x00 is text")
	want := []string{`{"value":"a line"}`, `{"value":""}`, `{"value":"東京"}`, `{"value":"\u0000 is text"}`}
	if len(rows) != len(want) {
		t.Fatalf("rows %s", rows)
	}
	for i := range want {
		if rows[i] != want[i] {
			t.Errorf("row %d: %s", i, rows[i])
		}
	}
	for i, want := range []batch.Reject{
		{Reason: InvalidUTF8, Detail: "at byte 4", Raw: []byte("bad \xff byte")},
		{Reason: InvalidUTF8, Detail: "at byte 4", Raw: []byte("cut \xe6\x9d")},
		{Reason: InvalidUTF8, Detail: "at byte 0", Raw: []byte("\xed\xa0\x80")},
	} {
		r := rejects[i]
		if r.Reason != want.Reason || r.Detail != want.Detail || string(r.Raw) != string(want.Raw) || !r.At.Equal(noon) {
			t.Errorf("reject %d: %+v", i, r)
		}
	}
}

func TestDecodersCopyWhatTheyKeep(t *testing.T) {
	d := decoder(t, "text", nil)
	line := []byte("first")
	d.Decode(line)
	d.Reject(LineTooLong, "9 bytes", line)
	copy(line, "XXXXX")
	b := d.Batch(noon)
	defer b.Release()
	if got := rows(b); got[0] != `{"value":"first"}` || string(b.Rejects[0].Raw) != "first" {
		t.Errorf("%s, %s", got, b.Rejects[0].Raw)
	}
}

func TestTextEncoder(t *testing.T) {
	mem := checked(t)
	s := arrow.NewSchema([]arrow.Field{column("line", schema.String)}, nil)
	b := batch.NewBuilder(s, mem)
	defer b.Release()
	for _, text := range []string{"a", "left out", "", "東京"} {
		b.Column(0).AppendString(text)
	}
	b.Column(0).AppendNull()
	in := b.Batch()
	defer in.Release()
	part := in.WithSelection([]int32{0, 2, 3, 4})
	defer part.Release()
	if got, failed := NewEncoder("text", s).Append([]byte(">"), part); string(got) != ">a\n\n東京\n\n" || failed != nil {
		t.Errorf("%q, %v", got, failed)
	}
}

func TestCheck(t *testing.T) {
	of := func(fields ...arrow.Field) *arrow.Schema { return arrow.NewSchema(fields, nil) }
	for _, c := range []struct {
		format string
		s      *arrow.Schema
		write  bool
		want   string
	}{
		{"text", nil, false, ""},
		{"text", TextSchema, false, ""},
		{"text", of(column("line", schema.String)), true, ""},
		{"text", of(column("n", schema.Int)), false, "format text reads one column, value: string; leave out schema, or say format: json"},
		{"text", of(column("word", schema.String), column("n", schema.Int)), true,
			"format text writes exactly one string column; here: word: string, n: int; select one, or say format: json"},
		{"text", of(column("n", schema.Int)), true, "format text writes exactly one string column; here: n: int; select one, or say format: json"},
		{"text", of(), true, "format text writes exactly one string column; here: none; select one, or say format: json"},
		{"json", nil, false, "format json needs a schema; add schema: {column: type}, or say format: text to have each line as it is"},
		{"json", of(), false, "format json needs a schema; add schema: {column: type}, or say format: text to have each line as it is"},
		{"json", everything, false, ""},
		{"json", everything, true, ""},
		{"json", batch.RejectSchema, true, ""},
		{"json", of(column("a", arrow.PrimitiveTypes.Int32), column("b", schema.List(arrow.PrimitiveTypes.Float32))), true,
			"format json cannot write a: type int32, b: type float32"},
		{"json", of(column("a", arrow.Null)), true, ""},
		{"json", of(column("a", arrow.Null)), false, "format json cannot read a: type any"},
		{"jsn", nil, false, `unknown format "jsn"; did you mean "json"?`},
		{"protobuf", nil, true, `unknown format "protobuf"; formats: text, json, csv, kv, parquet, arrow`},
	} {
		got := ""
		if err := Check(c.format, c.s, c.write); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s, %v, write %v:\n got %s\nwant %s", c.format, c.s, c.write, got, c.want)
		}
	}
}
