package codec

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func checked(t testing.TB) memory.Allocator {
	mem := memory.NewCheckedAllocator(batch.NewPool())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return mem
}

func column(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

func decoder(t testing.TB, format string, s *arrow.Schema) Decoder {
	d := NewDecoder(DecoderOptions{Format: format, Schema: s, Allocator: checked(t), Now: func() time.Time { return noon }})
	t.Cleanup(d.Close)
	return d
}

// rows gives the rows of b as JSON.
func rows(b *batch.Batch) []string {
	out := make([]string, b.Rows())
	for i := range out {
		out[i] = string(AppendRow(nil, b, b.Row(i)))
	}
	return out
}

// taken decodes records and gives the rows as JSON and the rejects.
func taken(t testing.TB, d Decoder, records ...string) ([]string, []batch.Reject) {
	t.Helper()
	for _, r := range records {
		d.Decode([]byte(r))
	}
	b := d.Batch(noon)
	if b == nil {
		return nil, nil
	}
	defer b.Release()
	for i, c := range b.Record.Columns() {
		if err := array.ValidateFull(c); err != nil {
			t.Errorf("column %d: %v", i, err)
		}
	}
	return rows(b), b.Rejects
}

var everything = arrow.NewSchema([]arrow.Field{
	column("b", schema.Bool),
	column("i", schema.Int),
	column("f", schema.Float),
	column("s", schema.String),
	column("raw", schema.Bytes),
	column("at", schema.Timestamp),
	{Name: "ms", Type: schema.Timestamp, Nullable: true, Metadata: schema.Unit("ms")},
	column("day", schema.Date),
	column("took", schema.Duration),
	column("list", schema.List(schema.Int)),
	column("lists", schema.List(schema.List(schema.String))),
	column("map", schema.Map(schema.Float)),
	column("pos", schema.Struct(column("lat", schema.Float), arrow.Field{Name: "name", Type: schema.String})),
	column("items", schema.List(schema.Struct(column("sku", schema.String), column("n", schema.Int)))),
}, nil)

// TestJSONValues decodes one member and writes it back.
func TestJSONValues(t *testing.T) {
	for _, c := range []struct{ member, want string }{
		{`"b":true`, `"b":true`},
		{`"b":false`, `"b":false`},
		{`"b":null`, `"b":null`},
		{`"i":0`, `"i":0`},
		{`"i":-0`, `"i":0`},
		{`"i":9223372036854775807`, `"i":9223372036854775807`},
		{`"i":-9223372036854775808`, `"i":-9223372036854775808`},
		{`"f":3`, `"f":3.0`},
		{`"f":-0.0`, `"f":-0.0`},
		{`"f":1e3`, `"f":1000.0`},
		{`"f":1E-7`, `"f":1e-7`},
		{`"f":0.1`, `"f":0.1`},
		{`"f":9007199254740993`, `"f":9007199254740992.0`},
		{`"f":123456789012345678901234567890`, `"f":1.2345678901234568e+29`},
		{`"f":0.00000000000000000000000000000001e32`, `"f":1.0`},
		{`"f":5e-324`, `"f":5e-324`},
		{`"f":1e-400`, `"f":0.0`},
		{`"s":""`, `"s":""`},
		{`"s":"plain"`, `"s":"plain"`},
		{`"s":"Zürich 東京 🦉"`, `"s":"Zürich 東京 🦉"`},
		{`"s":"\"\\\/\b\f\n\r\t"`, `"s":"\"\\/\b\f\n\r\t"`},
		{`"s":"\u0041\u00e9\u6771\ud83e\udD89"`, `"s":"Aé東🦉"`},
		{`"s":"\u0000\u001f\u007f"`, `"s":"\u0000\u001f` + "\x7f" + `"`},
		{`"s":"long enough to be looked at by words \u0041 and then \" some more of it"`, `"s":"long enough to be looked at by words A and then \" some more of it"`},
		{`"raw":""`, `"raw":""`},
		{`"raw":"Yf9i"`, `"raw":"Yf9i"`},
		{`"raw":"\u0059f9\u0069"`, `"raw":"Yf9i"`},
		{`"raw":"YQ=="`, `"raw":"YQ=="`},
		{`"at":"2026-01-02T03:04:05Z"`, `"at":"2026-01-02T03:04:05Z"`},
		{`"at":"2026-01-02t03:04:05.120z"`, `"at":"2026-01-02T03:04:05.12Z"`},
		{`"at":"2026-01-02 03:04:05.123456789+02:30"`, `"at":"2026-01-02T00:34:05.123456Z"`},
		{`"at":"1969-12-31T23:59:59.5-00:30"`, `"at":"1970-01-01T00:29:59.5Z"`},
		{`"at":"0000-01-01T00:00:00Z"`, `"at":"0000-01-01T00:00:00Z"`},
		{`"ms":1767225600123`, `"ms":"2026-01-01T00:00:00.123Z"`},
		{`"ms":1767225600123.4567`, `"ms":"2026-01-01T00:00:00.123456Z"`},
		{`"ms":1.767225600123e12`, `"ms":"2026-01-01T00:00:00.123Z"`},
		{`"ms":-1`, `"ms":"1969-12-31T23:59:59.999Z"`},
		{`"ms":-0.0001`, `"ms":"1969-12-31T23:59:59.999999Z"`},
		{`"day":"2024-02-29"`, `"day":"2024-02-29"`},
		{`"took":"1h30m"`, `"took":"1h30m0s"`},
		{`"took":"-2d12h0.5s"`, `"took":"-60h0m0.5s"`},
		{`"took":"1w"`, `"took":"168h0m0s"`},
		{`"took":"1.5µs"`, `"took":"1µs"`},
		{`"took":"600ns600ns"`, `"took":"1µs"`},
		{`"took":"0"`, `"took":"0s"`},
		{`"list":[]`, `"list":[]`},
		{`"list":[1, null , -3]`, `"list":[1,null,-3]`},
		{`"lists":[["a"],[],null,["b","c"]]`, `"lists":[["a"],[],null,["b","c"]]`},
		{`"map":{}`, `"map":{}`},
		{`"map":{"a":1, "b" : null,"\u0063":2.5}`, `"map":{"a":1.0,"b":null,"c":2.5}`},
		{`"pos":{"name":"x","lat":1.5}`, `"pos":{"lat":1.5,"name":"x"}`},
		{`"pos":{"name":"x", "other":[{}]}`, `"pos":{"lat":null,"name":"x"}`},
		{`"items":[{"sku":"a","n":1},{},null,{"n":2}]`, `"items":[{"sku":"a","n":1},{"sku":null,"n":null},null,{"sku":null,"n":2}]`},
		{`"\u0069":7`, `"i":7`},
	} {
		rows, rejects := taken(t, decoder(t, "json", everything), "{"+c.member+"}")
		if len(rejects) > 0 || len(rows) != 1 {
			t.Errorf("%s: %+v", c.member, rejects)
			continue
		}
		if !strings.Contains(rows[0], c.want) {
			t.Errorf("%s: want %s in %s", c.member, c.want, rows[0])
		}
		if nulls := strings.Count(rows[0], "null") - strings.Count(c.want, "null"); nulls != everything.NumFields()-1 && c.want != `"b":null` {
			t.Errorf("%s: the other columns are not null: %s", c.member, rows[0])
		}
	}
}

func TestJSONRejects(t *testing.T) {
	strict := arrow.NewSchema(append([]arrow.Field{{Name: "id", Type: schema.Int}}, everything.Fields()...), nil)
	for _, c := range []struct{ record, reason, detail string }{
		// types
		{`{"id":1,"i":5.0}`, WrongType, "i is 5.0, not an int, at byte 12"},
		{`{"id":1,"i":"5"}`, WrongType, `i is "5", not an int, at byte 12`},
		{`{"id":1,"i":1e3}`, WrongType, "i is 1e3, not an int, at byte 12"},
		{`{"id":1,"f":"12,50"}`, WrongType, `f is "12,50", not a float, at byte 12`},
		{`{"id":1,"b":1}`, WrongType, "b is 1, not a bool, at byte 12"},
		{`{"id":1,"s":1}`, WrongType, "s is 1, not a string, at byte 12"},
		{`{"id":1,"s":[1,2]}`, WrongType, "s is [1, not a string, at byte 12"},
		{`{"id":1,"b":"true"}`, WrongType, `b is "true", not a bool, at byte 12`},
		{`{"id":1,"i":true}`, WrongType, "i is true, not an int, at byte 12"},
		{`{"id":1,"raw":"not base64!"}`, WrongType, `raw is "not base64!", not bytes in base64, at byte 14`},
		{`{"id":1,"raw":"YQ"}`, WrongType, `raw is "YQ", not bytes in base64, at byte 14`},
		{`{"id":1,"raw":"Yf9i\n"}`, WrongType, `raw is "Yf9i\n", not bytes in base64, at byte 14`},
		{`{"id":1,"at":"2026-02-29T00:00:00Z"}`, WrongType, `at is "2026-02-29T00:00:00Z", not a timestamp in RFC 3339, at byte 13`},
		{`{"id":1,"at":"2026-01-01T00:00:00"}`, WrongType, `at is "2026-01-01T00:00:00", not a timestamp in RFC 3339, at byte 13`},
		{`{"id":1,"at":"2026-01-01T24:00:00Z"}`, WrongType, `at is "2026-01-01T24:00:00Z", not a timestamp in RFC 3339, at byte 13`},
		{`{"id":1,"at":"2026-01-01T00:00:00.Z"}`, WrongType, `at is "2026-01-01T00:00:00.Z", not a timestamp in RFC 3339, at byte 13`},
		{`{"id":1,"at":1767225600}`, WrongType, "at is 1767225600, not a timestamp in RFC 3339, at byte 13"},
		{`{"id":1,"ms":"2026-01-01T00:00:00Z"}`, WrongType, `ms is "2026-01-01T00:00:00Z", not a timestamp in ms, at byte 13`},
		{`{"id":1,"ms":9223372036854775807}`, OutOfRange, "ms is 9223372036854775807, no moment that can be held, at byte 13"},
		{`{"id":1,"day":"2026-1-1"}`, WrongType, `day is "2026-1-1", not a date like 2006-01-02, at byte 14`},
		{`{"id":1,"day":"2026-00-10"}`, WrongType, `day is "2026-00-10", not a date like 2006-01-02, at byte 14`},
		{`{"id":1,"took":"5"}`, WrongType, `took is "5", not a duration like 1h30m, at byte 15`},
		{`{"id":1,"took":5}`, WrongType, `took is 5, not a duration like 1h30m, at byte 15`},
		{`{"id":1,"took":""}`, WrongType, `took is "", not a duration like 1h30m, at byte 15`},
		{`{"id":1,"took":"99999999999999w"}`, WrongType, `took is "99999999999999w", not a duration like 1h30m, at byte 15`},
		{`{"id":1,"list":{"a":1}}`, WrongType, `list is {"a":1, not a list, at byte 15`},
		{`{"id":1,"list":[1,"x"]}`, WrongType, `list[] is "x", not an int, at byte 18`},
		{`{"id":1,"map":[]}`, WrongType, "map is [, not a map, at byte 14"},
		{`{"id":1,"map":{"a":{}}}`, WrongType, "map{} is {, not a float, at byte 19"},
		{`{"id":1,"pos":[]}`, WrongType, "pos is [, not an object, at byte 14"},
		{`{"id":1,"items":[{"n":"x"}]}`, WrongType, `items[].n is "x", not an int, at byte 22`},
		{`[1]`, WrongType, "the record is [1, not an object, at byte 0"},
		{`"text"`, WrongType, `the record is "text", not an object, at byte 0`},
		{`null`, WrongType, "the record is null, not an object, at byte 0"},
		// ranges
		{`{"id":1,"i":9223372036854775808}`, OutOfRange, "i is 9223372036854775808, more than 64 bits hold, at byte 12"},
		{`{"id":1,"i":-9223372036854775809}`, OutOfRange, "i is -9223372036854775809, more than 64 bits hold, at byte 12"},
		{`{"id":1,"i":123456789012345678901234567890}`, OutOfRange, "i is 123456789012345678901234…, more than 64 bits hold, at byte 12"},
		{`{"id":1,"f":1e400}`, OutOfRange, "f is 1e400, more than a float holds, at byte 12"},
		// null
		{`{"s":"x"}`, MissingField, "no id before the end of the object at byte 8"},
		{`{}`, MissingField, "no id before the end of the object at byte 1"},
		{`{"id":null}`, UnwantedNull, "id is null at byte 6"},
		{`{"id":1,"pos":{"lat":1}}`, MissingField, "no pos.name before the end of the object at byte 22"},
		{`{"id":1,"pos":{"name":null}}`, UnwantedNull, "pos.name is null at byte 22"},
		// duplicates
		{`{"id":1,"id":1}`, DuplicateKey, "a second id at byte 8"},
		{`{"id":1,"\u0069d":1}`, DuplicateKey, "a second id at byte 8"},
		{`{"id":1,"map":{"a":1,"a":2}}`, DuplicateKey, `map has a second "a" at byte 21`},
		{`{"id":1,"map":{"a":1,"\u0061":2}}`, DuplicateKey, `map has a second "\u0061" at byte 21`},
		{`{"id":1,"pos":{"name":"x","name":"x"}}`, DuplicateKey, "a second pos.name at byte 26"},
		// text
		{"{\"id\":1,\"s\":\"a\xffb\"}", InvalidUTF8, "a byte that is no text at byte 14"},
		{"{\"id\":1,\"other\":\"a\xc3(\"}", InvalidUTF8, "a byte that is no text at byte 18"},
		{"{\"id\":1,\"oth\xe6er\":1}", InvalidUTF8, "a byte that is no text at byte 12"},
		{"{\"id\":1,\"s\":\"\\n\xed\xa0\x80\"}", InvalidUTF8, "a byte that is no text at byte 15"},
		{"{\"id\":1,\"s\":\"\\n overlong \xc0\xaf\"}", InvalidUTF8, "a byte that is no text at byte 25"},
		// depth
		{`{"id":1,"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", NestedTooDeep, "lists and objects stand in each other more than 128 deep at byte 139"},
		{strings.Repeat(`{"x":`, 100_000), NestedTooDeep, "lists and objects stand in each other more than 128 deep at byte 640"},
		{strings.Repeat(`[`, 100_000), NestedTooDeep, "lists and objects stand in each other more than 128 deep at byte 128"},
		// grammar
		{`{"id":1`, InvalidJSON, `the record ends where "," or "}" should be, at byte 7`},
		{`{"id":1,}`, InvalidJSON, `found } where a key should be, at byte 8`},
		{`{"id":1}}`, InvalidJSON, "found } behind the object at byte 8"},
		{`{"id":1} {"id":2}`, InvalidJSON, `found {"id":2 behind the object at byte 9`},
		{`hello`, InvalidJSON, "found hello where a value should be, at byte 0"},
		{"\x1b[2J", InvalidJSON, `found \u001b[2J where a value should be, at byte 0`},
		{"\xef\xbb\xbf{\"id\":1}", InvalidJSON, "found \ufeff{\"id\":1 where a value should be, at byte 0"},
		{`{"id":1,"s":"\ud800"}`, InvalidJSON, "half a surrogate pair at byte 13"},
	} {
		d := decoder(t, "json", strict)
		rows, rejects := taken(t, d, `{"id":7}`, c.record, `{"id":8,"s":"after"}`)
		if len(rows) != 2 || !strings.HasPrefix(rows[0], `{"id":7,`) || !strings.HasPrefix(rows[1], `{"id":8,"b":null,"i":null,"f":null,"s":"after",`) {
			t.Errorf("%.80s: the rows beside it are %s", c.record, rows)
		}
		if len(rejects) != 1 {
			t.Errorf("%.80s: %d rejects", c.record, len(rejects))
			continue
		}
		r := rejects[0]
		if r.Reason != c.reason || r.Detail != c.detail {
			t.Errorf("%.80s:\n got %s: %s\nwant %s: %s", c.record, r.Reason, r.Detail, c.reason, c.detail)
		}
		if want := c.record[:min(len(c.record), MaxRejectBytes)]; string(r.Raw) != want || !r.At.Equal(noon) {
			t.Errorf("%.80s: raw %.80q, at %v", c.record, r.Raw, r.At)
		}
	}
}

func TestBlankLinesAreNoRecords(t *testing.T) {
	d := decoder(t, "json", everything)
	for _, blank := range []string{"", " ", "\t\r"} {
		d.Decode([]byte(blank))
	}
	if d.Pending() != 0 || d.Batch(noon) != nil {
		t.Error("a blank line is a record")
	}
}

func TestJSONKeysInAnyOrder(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("a", schema.Int), column("b", schema.Int), column("long name of a column", schema.Int)}, nil)
	d := decoder(t, "json", s)
	rows, rejects := taken(t, d,
		`{"a":1,"b":2,"long name of a column":3}`,
		`{"b":2,"a":1,"x":0,"long name of a column":3}`,
		`{"x":0,"long name of a column":3,"y":{},"a":1,"b":2}`,
		`{"y":0,"x":0,"b":2,"long name of a column":3,"a":1}`,
		`{"b":2}`,
		` { "a" : 1 , "b" : 2 , "long name of a column" : 3 } `,
		`{"\u0061":1,"b":2,"long\u0020name of a column":3}`,
	)
	if len(rejects) > 0 {
		t.Fatalf("%+v", rejects)
	}
	for i, row := range rows {
		want := `{"a":1,"b":2,"long name of a column":3}`
		if i == 4 {
			want = `{"a":null,"b":2,"long name of a column":null}`
		}
		if row != want {
			t.Errorf("row %d: %s", i, row)
		}
	}
}

func TestManyUnknownKeys(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("a", schema.Int)}, nil)
	d := decoder(t, "json", s).(*jsonDecoder)
	for i := range 5000 {
		key := strings.Repeat("k", i%300) + string(rune('a'+i%26)) + strings.Repeat("v", i%7)
		d.Decode([]byte(`{"` + key + `x":1,"a":2}`))
	}
	b := d.Batch(noon)
	defer b.Release()
	if b.Rows() != 5000 || len(b.Rejects) > 0 {
		t.Fatalf("%d rows, %v", b.Rows(), b.Rejects)
	}
	n := 0
	for _, k := range d.top.keys.all {
		if k != nil {
			n++
		}
	}
	if n > 1+maxOtherKeys {
		t.Errorf("%d keys are remembered", n)
	}
}

// A key that needs escapes must not be taken for what its text looks like without them.
func TestKeysThatNeedEscapes(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column(`a"b`, schema.Int), column("c\\d", schema.Int)}, nil)
	d := decoder(t, "json", s)
	rows, rejects := taken(t, d, `{"a\"b":1,"c\\d":2}`, `{"a"b":1,"c\\d":2}`, `{"a\"b":1,"c\d":2}`, `{"q\"r":1}`, `{"q"r":1}`)
	if len(rows) != 2 || rows[0] != `{"a\"b":1,"c\\d":2}` || len(rejects) != 3 {
		t.Errorf("rows %s, rejects %+v", rows, rejects)
	}
}

func TestMapsOfManyKeys(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("m", schema.Map(schema.Int))}, nil)
	build := func(n int, last string) string {
		var b bytes.Buffer
		b.WriteString(`{"m":{`)
		for i := range n {
			b.WriteString(`"` + strings.Repeat("x", i+1) + `":1,`)
		}
		b.WriteString(`"` + last + `":2}}`)
		return b.String()
	}
	for _, n := range []int{3, manyKeys - 1, manyKeys, manyKeys + 1, 200} {
		rows, rejects := taken(t, decoder(t, "json", s), build(n, "y"), build(n, "xxx"), build(n, strings.Repeat("x", n)), build(n, "y"))
		if len(rows) != 2 || len(rejects) != 2 || rejects[0].Reason != DuplicateKey {
			t.Errorf("%d keys: %d rows, rejects %+v", n, len(rows), rejects)
		}
	}
}

func TestDecodersReuseAndClose(t *testing.T) {
	d := decoder(t, "json", everything)
	for range 3 {
		rows, rejects := taken(t, d, `{"i":1}`, `{"i":"x"}`)
		if len(rows) != 1 || len(rejects) != 1 {
			t.Errorf("%d rows, %d rejects", len(rows), len(rejects))
		}
	}
	d.Reject(LineTooLong, "70000 bytes", bytes.Repeat([]byte("x"), 70_000))
	if d.Pending() != 1 {
		t.Errorf("%d pending", d.Pending())
	}
	b := d.Batch(noon)
	if b.Rows() != 0 || len(b.Rejects) != 1 || len(b.Rejects[0].Raw) != MaxRejectBytes || !b.Arrived.Equal(noon) {
		t.Errorf("%d rows, %d rejects", b.Rows(), len(b.Rejects))
	}
	if !b.Schema().Equal(schema.Plain(everything)) || b.Schema().Field(6).Metadata.Len() > 0 {
		t.Errorf("schema %v", b.Schema())
	}
	b.Release()
	d.Decode([]byte(`{"s":"never taken"}`))
	d.Close()
}

func TestDecodingAllocatesPerBatch(t *testing.T) {
	lines := events(1000, shuffledKeys)
	d := NewDecoder(DecoderOptions{Format: "json", Schema: eventSchema, Allocator: memory.DefaultAllocator, Now: time.Now})
	defer d.Close()
	allocs := testing.AllocsPerRun(10, func() {
		for _, l := range lines {
			d.Decode(l)
		}
		d.Batch(noon).Release()
	})
	if allocs > 100 {
		t.Errorf("%v allocations for %d rows", allocs, len(lines))
	}
}
