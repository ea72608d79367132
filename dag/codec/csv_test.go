package codec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

// columns makes a schema of `name type` pairs, types as in a file.
func columns(t testing.TB, pairs ...string) *arrow.Schema {
	t.Helper()
	var fields []arrow.Field
	for _, p := range pairs {
		name, word, _ := strings.Cut(p, " ")
		typ, nullable, unit, err := schema.Parse(word)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, arrow.Field{Name: name, Type: typ, Nullable: nullable, Metadata: schema.Unit(unit)})
	}
	return arrow.NewSchema(fields, nil)
}

// read frames and decodes a stream in pieces of size bytes, and gives each row as JSON and each reject as its reason and
// detail.
func read(t testing.TB, format string, config any, s *arrow.Schema, input string, size int) (rows, rejects []string) {
	t.Helper()
	mem := memory.NewCheckedAllocator(batch.NewPool())
	defer mem.AssertSize(t, 0)
	d := NewDecoder(DecoderOptions{Format: format, Config: config, Schema: s, Allocator: mem, Now: time.Now})
	defer d.Close()
	f := NewFramer(format, config, 200)
	line := func() {
		if n, over := f.Over(); over {
			d.Reject(LineTooLong, fmt.Sprint(n), f.Line())
			return
		}
		d.Decode(f.Line())
	}
	for len(input) > 0 {
		n := min(size, len(input))
		f.Feed([]byte(input[:n]))
		for input = input[n:]; f.Next(); {
			line()
		}
	}
	if f.Flush() {
		line()
	}
	b := d.Batch(time.Now())
	if b == nil {
		return nil, nil
	}
	defer b.Release()
	for i := range b.Rows() {
		rows = append(rows, string(AppendRow(nil, b, b.Row(i))))
	}
	for _, r := range b.Rejects {
		rejects = append(rejects, r.Reason+": "+r.Detail)
	}
	return rows, rejects
}

func TestCSVDecode(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name          string
		config        any
		schema        []string
		input         string
		rows, rejects []string
	}{
		{"by name", nil, []string{"n int", "name string"}, "name,other,n\nann,x,1\r\nbob,,2", []string{`{"n":1,"name":"ann"}`, `{"n":2,"name":"bob"}`}, nil},
		{"by order", CSV{Delimiter: ";"}, []string{"n int", "s string"}, "1;a,b\n2;c", []string{`{"n":1,"s":"a,b"}`, `{"n":2,"s":"c"}`}, nil},
		{"null and empty", nil, []string{"a string", "b string"}, "a,b\n,\"\"\n\"\",\n", []string{`{"a":null,"b":""}`, `{"a":"","b":null}`}, nil},
		{"quotes", nil, []string{"a string", "b string"}, "a,b\n\"x,\"\"y\"\"\",\"two\r\nlines\n\"\n\"\"\"\",\"\"\"\"\"\"\n",
			[]string{`{"a":"x,\"y\"","b":"two\r\nlines\n"}`, `{"a":"\"","b":"\"\""}`}, nil},
		{"types", nil, []string{"i int", "f float", "b bool", "t timestamp", "e timestamp(ms)", "d date", "u duration", "x bytes"},
			"i,f,b,t,e,d,u,x\n-007,.5,True,2026-03-01T12:00:00+01:00,1500,2026-03-01,90s,aGk=\n\"1\",1e3,false,2026-03-01 11:00:00Z,-1,1970-01-01,-1d,\"\"\n",
			[]string{`{"i":-7,"f":0.5,"b":true,"t":"2026-03-01T11:00:00Z","e":"1970-01-01T00:00:01.5Z","d":"2026-03-01","u":"1m30s","x":"aGk="}`,
				`{"i":1,"f":1000.0,"b":false,"t":"2026-03-01T11:00:00Z","e":"1969-12-31T23:59:59.999Z","d":"1970-01-01","u":"-24h0m0s","x":""}`}, nil},
		{"nested", nil, []string{"l list<int>", "m map<string>"}, "l,m\n\"[1,2]\",\"{\"\"a\"\":\"\"b\"\"}\"\n[],{}x\n", []string{`{"l":[1,2],"m":{"a":"b"}}`},
			[]string{`invalid JSON: found x behind the value of m at byte 2 of m`}},
		{"wrong values", nil, []string{"i int", "f float", "b bool", "n int!"}, "i,f,b,n\n5.0,,,1\n 1,,,1\n,1_0,,1\n,0x1p2,,1\n,,1,1\n,,,\n99999999999999999999,,,1\n,1e999,,1\n\"\",,,1\n", nil,
			[]string{`wrong type: i is "5.0", not an int`, `wrong type: i is " 1", not an int`, `wrong type: f is "1_0", not a float`, `wrong type: f is "0x1p2", not a float`,
				`wrong type: b is "1", not a bool`, `null in a field that is never null: n is empty`,
				`number out of range: i is "99999999999999999999", more than an int holds`, `number out of range: f is "1e999", more than a float holds`, `wrong type: i is "", not an int`}},
		{"ragged", nil, []string{"a int", "b int"}, "a,b\n1\n1,2,3\nx\n,\n", []string{`{"a":null,"b":null}`},
			[]string{`wrong number of fields: 1 fields, and the header has 2`, `wrong number of fields: 3 fields, and the header has 2`, `wrong number of fields: 1 fields, and the header has 2`}},
		{"bad quotes", CSV{Delimiter: ","}, []string{"a string", "b string"}, "a\"b,c\n\"a\"b,c\na,\"b\n,\n", nil,
			[]string{`wrong quote: a quote inside of a field without quotes, at byte 1`, `wrong quote: text behind a closing quote, at byte 3`, `wrong quote: the quote at byte 2 is not closed`}},
		{"bare quotes take no lines with them", CSV{Delimiter: ","}, []string{"a string", "b string"}, "5\" pipe,x\n7,\"y\n\"\n", []string{`{"a":"7","b":"y\n"}`},
			[]string{`wrong quote: a quote inside of a field without quotes, at byte 1`}},
		{"an open quote ends with its line when that is too long", CSV{Delimiter: ","}, []string{"a string"}, "\"a\nb\n" + long + "\nc\n", []string{`{"a":"c"}`},
			[]string{`line too long: 305`}},
		{"empty lines", nil, []string{"a int", "b int"}, "\n\r\na,b\n\n1,2\n\r\n", []string{`{"a":1,"b":2}`}, nil},
		{"one column", nil, []string{"a int"}, "a\n1\n\n2\n", []string{`{"a":1}`, `{"a":null}`, `{"a":2}`}, nil},
		{"byte order mark", nil, []string{"a int"}, "\ufeffa\n1\n", []string{`{"a":1}`}, nil},
		{"no such header", nil, []string{"a int", "b int"}, "a,c\n1,2\n3,4\n", nil, []string{`no such header: the header has no column "b"; it has: a, c`,
			`no such header: the first record of the stream did not name the columns of the schema`, `no such header: the first record of the stream did not name the columns of the schema`}},
		{"two of a name", nil, []string{"a int"}, "a,a\n1,2\n", nil, []string{`no such header: the header has two columns "a"`, `no such header: the first record of the stream did not name the columns of the schema`}},
		{"not utf-8", nil, []string{"a string"}, "a\nx\xff\n", nil, []string{`invalid UTF-8: at byte 1`}},
		{"tab", CSV{Delimiter: "tab"}, []string{"a string", "b int"}, "x y\t1\n", []string{`{"a":"x y","b":1}`}, nil},
	} {
		for _, size := range []int{1, 2, 3, 7, 1000} {
			t.Run(fmt.Sprintf("%s/%d", c.name, size), func(t *testing.T) {
				rows, rejects := read(t, "csv", c.config, columns(t, c.schema...), c.input, size)
				if d := cmp.Diff(c.rows, rows); d != "" {
					t.Error("rows (-want +got):\n" + d)
				}
				if d := cmp.Diff(c.rejects, rejects); d != "" {
					t.Error("rejects (-want +got):\n" + d)
				}
			})
		}
	}
}

// One decoder serves streams that come in turns, each with its own header.
func TestCSVStreams(t *testing.T) {
	d := NewDecoder(DecoderOptions{Format: "csv", Schema: columns(t, "a int", "b int"), Allocator: memory.DefaultAllocator, Now: time.Now}).(Headed)
	defer d.Close()
	d.Decode([]byte("a,b"))
	first := d.Swap(nil)
	if d.Started() {
		t.Error("a new stream has a header already")
	}
	d.Decode([]byte("b,x,a"))
	d.Decode([]byte("1,2,3"))
	second := d.Swap(first)
	d.Decode([]byte("4,5"))
	d.Swap(second)
	d.Decode([]byte("6,7,8"))
	d.Restart(0)
	d.Decode([]byte("b,a"))
	d.Decode([]byte("9,10"))
	b := d.Batch(time.Now())
	defer b.Release()
	var got []string
	for i := range b.Rows() {
		got = append(got, string(AppendRow(nil, b, i)))
	}
	want := []string{`{"a":3,"b":1}`, `{"a":4,"b":5}`, `{"a":8,"b":6}`, `{"a":10,"b":9}`}
	if d := cmp.Diff(want, got); d != "" || len(b.Rejects) > 0 {
		t.Errorf("%s\nrejects %v", d, b.Rejects)
	}
}

// write encodes rows that are given as JSON lines.
func write(t testing.TB, format string, config any, s *arrow.Schema, lines ...string) string {
	t.Helper()
	d := NewDecoder(DecoderOptions{Format: "json", Schema: s, Allocator: memory.DefaultAllocator, Now: time.Now})
	defer d.Close()
	for _, l := range lines {
		d.Decode([]byte(l))
	}
	b := d.Batch(time.Now())
	defer b.Release()
	if len(b.Rejects) > 0 {
		t.Fatal(b.Rejects)
	}
	// The rows come in two batches, of which the second has a selection.
	e := NewEncoderFor(EncoderOptions{Format: format, Config: config, Schema: b.Schema()})
	var sel []int32
	for i := 1; i < len(lines); i++ {
		sel = append(sel, int32(i))
	}
	rest, one := b.WithSelection(sel), batch.Slice(b, 0, 1)
	defer rest.Release()
	defer one.Release()
	text, failed := e.Append(nil, one)
	if len(sel) > 0 {
		var more []batch.Failure
		text, more = e.Append(text, rest)
		failed = append(failed, more...)
	}
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	return string(text)
}

func TestCSVEncode(t *testing.T) {
	s := columns(t, "a,b string", "n int", "at timestamp", "f float", "l list<string>")
	got := write(t, "csv", nil, s,
		`{"a,b":"plain","n":1,"at":"2026-03-01T12:00:00Z","f":2,"l":["x","y"]}`,
		`{"a,b":"","n":-5,"at":null,"f":0.1}`,
		`{"a,b":"say \"hi\", twice\n"}`)
	want := "\"a,b\",n,at,f,l\nplain,1,2026-03-01T12:00:00Z,2.0,\"[\"\"x\"\",\"\"y\"\"]\"\n\"\",-5,,0.1,\n\"say \"\"hi\"\", twice\n\",,,,\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := write(t, "csv", CSV{Delimiter: ":"}, columns(t, "at timestamp", "s string"), `{"at":"2026-03-01T12:00:00Z","s":"a,b"}`); got != "\"2026-03-01T12:00:00Z\":a,b\n" {
		t.Errorf("%q", got)
	}
}

// A stream that begins anew has its header again, and one without rows has none.
func TestCSVHeaderOncePerStream(t *testing.T) {
	s := columns(t, "n int")
	d := NewDecoder(DecoderOptions{Format: "json", Schema: s, Allocator: memory.DefaultAllocator, Now: time.Now})
	defer d.Close()
	d.Decode([]byte(`{"n":1}`))
	b := d.Batch(time.Now())
	defer b.Release()
	none := b.WithSelection([]int32{})
	defer none.Release()
	e := NewEncoderFor(EncoderOptions{Format: "csv", Schema: s}).(Starter)
	var got []string
	for _, b := range []*batch.Batch{none, b, b, none} {
		text, _ := e.Append(nil, b)
		got = append(got, string(text))
	}
	e.Restart()
	text, _ := e.Append(nil, b)
	got = append(got, string(text))
	e = NewEncoderFor(EncoderOptions{Format: "csv", Schema: s}).(Starter)
	e.Resume() // behind what another one wrote
	text, _ = e.Append(nil, b)
	if d := cmp.Diff([]string{"", "n\n1\n", "1\n", "", "n\n1\n", "1\n"}, append(got, string(text))); d != "" {
		t.Error(d)
	}
}

func TestCheckConfig(t *testing.T) {
	for _, c := range []struct {
		config any
		want   string
	}{
		{nil, ""}, {DefaultCSV, ""}, {TSV, ""}, {CSV{Delimiter: "|"}, ""}, {DefaultKV, ""}, {KV{Delimiter: "tab", Assign: ":"}, ""},
		{CSV{Delimiter: ""}, `delimiter is "", and has to be one ASCII character; delimiter: ";", or tab`},
		{CSV{Delimiter: "§"}, `delimiter is "§", and has to be one ASCII character; delimiter: ";", or tab`},
		{CSV{Delimiter: "1"}, `delimiter is "1", which fields themselves hold; delimiter: ";", or tab`},
		{KV{Delimiter: "=", Assign: "="}, `delimiter and assign are the same; kv: {delimiter: ";", assign: "="}`},
		{KV{Delimiter: " ", Assign: "=>"}, `assign is "=>", and has to be one ASCII character that values do not hold; assign: ":"`},
	} {
		got := ""
		if err := CheckConfig(c.config); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: %s\nwant %s", c.config, got, c.want)
		}
	}
}
