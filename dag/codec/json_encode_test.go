package codec

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

func TestJSONFloats(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", math.Copysign(0, -1): "-0.0", 1: "1.0", -1: "-1.0", 0.5: "0.5", 12.34: "12.34", -0.05: "-0.05", 1e-5: "0.00001",
		0.1: "0.1", 1.00001: "1.00001", 123456.789: "123456.789", 999999999.99999: "999999999.99999", 57.650000000000006: "57.650000000000006",
		1e9: "1000000000.0", 1e15: "1000000000000000.0", 1e20: "100000000000000000000.0", 1e21: "1e+21", 1e-7: "1e-7", 1.5e-10: "1.5e-10",
		math.MaxFloat64: "1.7976931348623157e+308", 5e-324: "5e-324", math.Inf(1): "null", math.Inf(-1): "null",
	} {
		if got := string(appendFloat(nil, v)); got != want {
			t.Errorf("%g is written %s, want %s", v, got, want)
		}
	}
	if got := string(appendFloat(nil, math.NaN())); got != "null" {
		t.Errorf("NaN is written %s", got)
	}
}

// Every float must read back as itself, and in no more digits than the shortest form has.
func TestJSONFloatsReadBack(t *testing.T) {
	count := func(s string) (n int) {
		digits := strings.Trim(strings.Split(strings.NewReplacer(".", "", "-", "").Replace(s), "e")[0], "0")
		return len(digits)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Float64(),
			rapid.Custom(func(t *rapid.T) float64 {
				return float64(rapid.Int64Range(-1e12, 1e12).Draw(t, "n")) / math.Pow10(rapid.IntRange(0, 9).Draw(t, "decimals"))
			}),
		).Draw(t, "v")
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return
		}
		text := string(appendFloat(nil, v))
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Float64bits(back) != math.Float64bits(v) || !json.Valid([]byte(text)) {
			t.Fatalf("%g is written %s and read back as %g, %v", v, text, back, err)
		}
		if short := strconv.FormatFloat(v, 'e', -1, 64); count(text) > count(short) {
			t.Fatalf("%g is written %s, shorter is %s", v, text, short)
		}
		var n number
		d := &jsonDecoder{}
		n, end := d.number(d.alone([]byte(text)), 0)
		if mine, ok := n.float([]byte(text)); !ok || end != len(text) || math.Float64bits(mine) != math.Float64bits(v) {
			t.Fatalf("%s is decoded as %g", text, mine)
		}
	})
}

func TestJSONStrings(t *testing.T) {
	for in, want := range map[string]string{
		"":                          `""`,
		"plain":                     `"plain"`,
		"<a href='x'>&":             `"<a href='x'>&"`,
		"quote \" and \\ ":          `"quote \" and \\ "`,
		"\n\r\t\b\f\x00\x1f":        `"\n\r\t\b\f\u0000\u001f"`,
		"東京 \u2028 \x7f":            "\"東京 \u2028 \x7f\"",
		"twenty characters \" long": `"twenty characters \" long"`,
	} {
		got := string(appendQuoted(nil, []byte(in)))
		if got != want {
			t.Errorf("%q is written %s", in, got)
		}
		var back string
		if err := json.Unmarshal([]byte(got), &back); err != nil || back != in {
			t.Errorf("%s is read back as %q, %v", got, back, err)
		}
	}
}

// drawn appends a random value that JSON can hold.
func drawn(t *rapid.T, c *batch.Column, nullable bool) {
	if nullable && rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		c.AppendNull()
		return
	}
	switch dt := c.Type().(type) {
	case *arrow.BooleanType:
		c.AppendBool(rapid.Bool().Draw(t, "bool"))
	case *arrow.Int64Type, *arrow.DurationType:
		c.AppendInt(rapid.Int64().Draw(t, "int"))
	case *arrow.TimestampType:
		c.AppendInt(rapid.Int64Range(-62_167_219_200_000_000, 253_402_300_799_999_999).Draw(t, "us"))
	case *arrow.Date32Type:
		c.AppendInt(rapid.Int64Range(firstDay, lastDay).Draw(t, "days"))
	case *arrow.Float64Type:
		c.AppendFloat(rapid.Float64().Draw(t, "float"))
	case *arrow.StringType:
		c.AppendString(rapid.String().Draw(t, "text"))
	case *arrow.BinaryType:
		c.AppendBytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case *arrow.ListType:
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			drawn(t, c.Elem(), true)
		}
		c.Append()
	case *arrow.MapType:
		for _, k := range rapid.SliceOfNDistinct(rapid.String(), 0, 3, rapid.ID[string]).Draw(t, "keys") {
			c.Key().AppendString(k)
			drawn(t, c.Value(), true)
		}
		c.Append()
	case *arrow.StructType:
		for i, f := range dt.Fields() {
			drawn(t, c.Field(i), f.Nullable)
		}
		c.Append()
	}
}

// What the encoder writes, the decoder reads back as the same columns.
func TestJSONRoundTrip(t *testing.T) {
	plain := schema.Plain(everything)
	fields := everything.Fields()
	for i := range fields {
		fields[i].Metadata = arrow.Metadata{} // timestamps as text
	}
	read := arrow.NewSchema(fields, nil)
	mem := memory.NewCheckedAllocator(batch.NewPool())
	defer mem.AssertSize(t, 0)
	rapid.Check(t, func(t *rapid.T) {
		b := batch.NewBuilder(plain, mem)
		defer b.Release()
		n := rapid.IntRange(1, 6).Draw(t, "rows")
		for range n {
			for i := range plain.NumFields() {
				drawn(t, b.Column(i), true)
			}
		}
		in := b.Batch()
		defer in.Release()
		out, failed := NewEncoder("json", plain).Append(nil, in)
		if len(failed) > 0 {
			t.Fatalf("failed: %+v", failed)
		}
		d := NewDecoder(DecoderOptions{Format: "json", Schema: read, Allocator: mem, Now: time.Now})
		defer d.Close()
		f := &Framer{}
		f.Feed(out)
		for f.Next() {
			if !json.Valid(f.Line()) {
				t.Fatalf("no JSON: %s", f.Line())
			}
			d.Decode(f.Line())
		}
		back := d.Batch(noon)
		defer back.Release()
		if len(back.Rejects) > 0 || !array.RecordEqual(in.Record, back.Record) {
			t.Fatalf("rejects %+v, rows\n%s%v", back.Rejects, out, rows(back))
		}
		var byRow []byte
		for i := range n {
			byRow = append(AppendRow(byRow, in, i), '\n')
		}
		if string(byRow) != string(out) {
			t.Fatalf("AppendRow writes\n%s, the encoder\n%s", byRow, out)
		}
	})
}

func TestEncodersWriteTheRowsThatCount(t *testing.T) {
	mem := checked(t)
	s := arrow.NewSchema([]arrow.Field{column("a", schema.Int), column("t", schema.String)}, nil)
	b := batch.NewBuilder(s, mem)
	defer b.Release()
	for i, text := range []string{"zero", "one", "two", "three"} {
		b.Column(0).AppendInt(int64(i))
		if i == 2 {
			b.Column(1).AppendNull()
		} else {
			b.Column(1).AppendString(text)
		}
	}
	whole := b.Batch()
	defer whole.Release()
	part := whole.WithSelection([]int32{1, 2})
	defer part.Release()
	sliced := batch.Slice(whole, 1, 3)
	defer sliced.Release()
	want := `{"a":1,"t":"one"}` + "\n" + `{"a":2,"t":null}` + "\n"
	e := NewEncoder("json", s)
	for _, in := range []*batch.Batch{part, sliced} {
		if got, failed := e.Append([]byte("before "), in); string(got) != "before "+want || failed != nil {
			t.Errorf("%s%v", got, failed)
		}
	}
}

func TestMomentsWithoutAForm(t *testing.T) {
	mem := checked(t)
	s := arrow.NewSchema([]arrow.Field{
		column("at", schema.Timestamp), column("days", schema.List(schema.Date)), column("m", schema.Map(schema.Timestamp)),
		column("o", schema.Struct(column("d", schema.Date))),
	}, nil)
	b := batch.NewBuilder(s, mem)
	defer b.Release()
	const far = math.MaxInt64
	for row := range 5 {
		pick := func(at int, bad, good int64) int64 {
			if row == at {
				return bad
			}
			return good
		}
		b.Column(0).AppendInt(pick(1, far, 0))
		b.Column(1).Elem().AppendInt(pick(2, math.MaxInt32, 0))
		b.Column(1).Elem().AppendInt(0)
		b.Column(1).Append()
		b.Column(2).Key().AppendString("k")
		b.Column(2).Value().AppendInt(pick(3, -far, 0))
		b.Column(2).Append()
		b.Column(3).Field(0).AppendInt(pick(4, math.MinInt32, 0))
		b.Column(3).Append()
	}
	in := b.Batch()
	defer in.Release()
	out, failed := NewEncoder("json", s).Append(nil, in)
	if want := `{"at":"1970-01-01T00:00:00Z","days":["1970-01-01","1970-01-01"],"m":{"k":"1970-01-01T00:00:00Z"},"o":{"d":"1970-01-01"}}` + "\n"; string(out) != want {
		t.Errorf("%s", out)
	}
	if len(failed) != 4 {
		t.Fatalf("%+v", failed)
	}
	for i, name := range []string{"at", "days", "m", "o"} {
		f := failed[i]
		if f.Row != int32(i+1) || f.Reason != NoForm || f.Detail != name+" holds a moment outside the years 0 to 9999" {
			t.Errorf("%+v", f)
		}
	}
	if got := string(AppendRow(nil, in, 1)); !strings.HasPrefix(got, `{"at":"+294247-01-10T04:00:54.775807Z",`) || !json.Valid([]byte(got)) {
		t.Errorf("the row of a reject: %s", got)
	}
}

func TestRejectedInputsAreWrittenAsText(t *testing.T) {
	mem := checked(t)
	in := batch.FromRejects([]batch.Reject{
		{At: noon, Node: "lines", Reason: WrongType, Detail: `a is "x", not an int`, Raw: []byte(`{"a":"x"}`)},
		{At: noon, Node: "lines", Reason: InvalidUTF8, Raw: []byte("a\xff")},
	}, mem)
	defer in.Release()
	want := `{"at":"2026-01-01T12:00:00Z","node":"lines","reason":"wrong type: a is \"x\", not an int","raw":"{\"a\":\"x\"}"}` + "\n" +
		`{"at":"2026-01-01T12:00:00Z","node":"lines","reason":"invalid UTF-8","raw":"base64:Yf8="}` + "\n"
	if got, failed := NewEncoder("json", batch.RejectSchema).Append(nil, in); string(got) != want || failed != nil {
		t.Errorf("%s", got)
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	d := NewDecoder(DecoderOptions{Format: "json", Schema: eventSchema, Allocator: memory.DefaultAllocator, Now: time.Now})
	defer d.Close()
	for _, l := range events(500, plainEvents) {
		d.Decode(l)
	}
	b := d.Batch(noon)
	defer b.Release()
	e := NewEncoder("json", b.Schema())
	dst, _ := e.Append(nil, b)
	if allocs := testing.AllocsPerRun(10, func() { dst, _ = e.Append(dst[:0], b) }); allocs > 0 {
		t.Errorf("%v allocations a batch", allocs)
	}
}
