package columnar

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"flowrun/dag/schema"
)

// arrowFileOf is an Arrow file of columns as others write them.
func arrowFileOf(t testing.TB, fields []arrow.Field, columns ...arrow.Array) []byte {
	t.Helper()
	s := arrow.NewSchema(fields, nil)
	rec := array.NewRecordBatch(s, columns, int64(columns[0].Len()))
	defer rec.Release()
	var b bytes.Buffer
	w, err := ipc.NewFileWriter(&b, ipc.WithSchema(s))
	if err == nil {
		err = w.Write(rec)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// values makes an array from JSON.
func values(t testing.TB, dt arrow.DataType, text string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", dt, err)
	}
	return a
}

func TestForeignTypes(t *testing.T) {
	second, milli, nano := &arrow.TimestampType{Unit: arrow.Second}, &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "Europe/Berlin"}, &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	for _, c := range []struct {
		from   arrow.DataType
		in     string
		to     string // the type
		out    []string
		faults string // "row reason: detail"
		lost   bool
	}{
		{arrow.PrimitiveTypes.Int8, `[-128, null, 127]`, "int", []string{"-128", "(null)", "127"}, "", false},
		{arrow.PrimitiveTypes.Int16, `[-32768, 5]`, "int", []string{"-32768", "5"}, "", false},
		{arrow.PrimitiveTypes.Int32, `[-2147483648, 5]`, "int", []string{"-2147483648", "5"}, "", false},
		{arrow.PrimitiveTypes.Uint8, `[255, null]`, "int", []string{"255", "(null)"}, "", false},
		{arrow.PrimitiveTypes.Uint16, `[65535]`, "int", []string{"65535"}, "", false},
		{arrow.PrimitiveTypes.Uint32, `[4294967295]`, "int", []string{"4294967295"}, "", false},
		{arrow.PrimitiveTypes.Uint64, `[1, 9223372036854775808, null, 9223372036854775807]`, "int", []string{"1", "(null)", "(null)", "9223372036854775807"},
			"1 number out of range: 9223372036854775808 is too large for an int of 64 bits", false},
		{arrow.PrimitiveTypes.Float32, `[0.5, null]`, "float", []string{"0.5", "(null)"}, "", false},
		{arrow.FixedWidthTypes.Float16, `[0.5, null]`, "float", []string{"0.5", "(null)"}, "", false},
		{arrow.BinaryTypes.LargeString, `["a", null, "", "Zoë"]`, "string", []string{"a", "(null)", "", "Zoë"}, "", false},
		{arrow.BinaryTypes.StringView, `["a", null, "", "a longer text than fits inline"]`, "string", []string{"a", "(null)", "", "a longer text than fits inline"}, "", false},
		{arrow.BinaryTypes.LargeBinary, `["YQ==", null]`, "bytes", []string{"YQ==", "(null)"}, "", false},
		{&arrow.FixedSizeBinaryType{ByteWidth: 2}, `["YWI=", null, "Y2Q="]`, "bytes", []string{"YWI=", "(null)", "Y2Q="}, "", false},
		{dict, `["x", null, "y", "x"]`, "string", []string{"x", "(null)", "y", "x"}, "", false},
		{arrow.Null, `[null, null]`, "string", []string{"(null)", "(null)"}, "", false},
		{second, `["2026-03-01 12:00:00", null]`, "timestamp", []string{"2026-03-01T12:00:00Z", "(null)"}, "", false},
		{milli, `["2026-03-01T12:00:00.125Z"]`, "timestamp", []string{"2026-03-01T12:00:00.125Z"}, "", false},
		{nano, `["2026-03-01T12:00:00.123456789Z", "1969-12-31T23:59:59.999999999Z"]`, "timestamp", []string{"2026-03-01T12:00:00.123456Z", "1969-12-31T23:59:59.999999Z"}, "", true},
		{nano, `["2026-03-01T12:00:00.123456Z"]`, "timestamp", []string{"2026-03-01T12:00:00.123456Z"}, "", false},
		{arrow.FixedWidthTypes.Date64, `["2026-03-01", null]`, "date", []string{"2026-03-01", "(null)"}, "", false},
		{arrow.FixedWidthTypes.Duration_s, `["90s"]`, "duration", []string{"90000000"}, "", false},
		{arrow.FixedWidthTypes.Duration_ns, `["1500ns"]`, "duration", []string{"1"}, "", true},
		{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int16), `[[1,2], null, [3,null]]`, "list<int>", []string{"[1,2]", "(null)", "[3,null]"}, "", false},
		{arrow.LargeListOf(arrow.PrimitiveTypes.Uint64), `[[1], [], [2, 18446744073709551615], null]`, "list<int>", []string{"[1]", "[]", "(null)", "(null)"},
			"2 number out of range: 18446744073709551615 is too large for an int of 64 bits", false},
		{arrow.StructOf(arrow.Field{Name: "u", Type: arrow.PrimitiveTypes.Uint64, Nullable: true}), `[{"u":1}, {"u":18446744073709551615}, null]`, "{u: int}", []string{`{"u":1}`, "(null)", "(null)"},
			"1 number out of range: u: 18446744073709551615 is too large for an int of 64 bits", false},
		{arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int8), `[[{"key":"k","value":1}], null]`, "map<int>", []string{`[{"key":"k","value":1}]`, "(null)"}, "", false},
	} {
		a := values(t, c.from, c.in)
		f := opened(t, "arrow", arrowFileOf(t, []arrow.Field{{Name: "c", Type: c.from, Nullable: true}}, a))
		a.Release()
		s, err := f.Schema()
		if err != nil || schema.Name(s.Field(0).Type) != c.to {
			t.Errorf("%s: %v %v", c.from, s, err)
			continue
		}
		r, err := fit(t, f, nil).Read(ReadOptions{Rows: 3, Allocator: checked(t)})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		var faults []string
		for {
			p, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(c.from, err)
			}
			for _, fault := range p.Faults {
				faults = append(faults, fmt.Sprintf("%d %s: %s", p.Row+int64(fault.Row), fault.Reason, fault.Detail))
			}
			for i := range int(p.Record.NumRows()) {
				text := strings.Clone(p.Record.Column(0).ValueStr(i))
				if d, ok := p.Record.Column(0).(*array.Duration); ok {
					text = fmt.Sprint(int64(d.Value(i)))
				}
				out = append(out, text)
			}
			p.Record.Release()
		}
		if lost := len(r.Lost()) > 0; lost != c.lost {
			t.Errorf("%s: lost %v", c.from, lost)
		}
		r.Close()
		if strings.Join(out, "|") != strings.Join(c.out, "|") || strings.Join(faults, "|") != c.faults {
			t.Errorf("%s: %q, want %q; faults %q", c.from, out, c.out, faults)
		}
	}
}

// Times that microseconds cannot count, and numbers that are declared to be times.
func TestTimesOutOfRange(t *testing.T) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues([]int64{math.MaxInt64, 1, math.MinInt64 / 1000, math.MinInt64/1000 - 1}, nil)
	n := b.NewArray()
	defer n.Release()
	at := relabel(n, &arrow.TimestampType{Unit: arrow.Millisecond}, n.Data().Buffers())
	defer at.Release()
	f := opened(t, "arrow", arrowFileOf(t, []arrow.Field{{Name: "n", Type: n.DataType()}, {Name: "at", Type: at.DataType()}}, n, at))
	for _, s := range []*arrow.Schema{
		arrow.NewSchema([]arrow.Field{{Name: "at", Type: schema.Timestamp}}, nil),
		arrow.NewSchema([]arrow.Field{{Name: "n", Type: schema.Timestamp, Metadata: schema.Unit("ms")}}, nil),
	} {
		for _, want := range [][]bool{nil, {false}} {
			p := readAll(t, fit(t, f, s), ReadOptions{Want: want})
			if len(p) != 1 || len(p[0].Faults) != 2 || p[0].Faults[0].Row != 0 || p[0].Faults[1].Row != 3 ||
				p[0].Faults[0].Reason != outOfRange || p[0].Faults[0].Detail != "9223372036854775807ms is beyond what microseconds can count" {
				t.Errorf("%s %v: %+v", s, want, p)
			}
		}
	}
}

func TestTextsThatAreNone(t *testing.T) {
	b := array.NewBinaryBuilder(memory.DefaultAllocator, arrow.BinaryTypes.Binary)
	b.AppendValues([][]byte{[]byte("ok"), {0xff}, []byte("Zoë"), []byte("Zo\xc3")}, nil)
	y := b.NewArray()
	defer y.Release()
	s := relabel(y, arrow.BinaryTypes.String, y.Data().Buffers())
	defer s.Release()
	f := opened(t, "arrow", arrowFileOf(t, []arrow.Field{{Name: "y", Type: y.DataType()}, {Name: "s", Type: s.DataType()}}, y, s))
	declared := arrow.NewSchema([]arrow.Field{{Name: "y", Type: schema.String}}, nil)
	p := readAll(t, fit(t, f, declared), ReadOptions{})
	if len(p) != 1 || len(p[0].Faults) != 2 || p[0].Faults[1].Row != 3 || p[0].Faults[0].Detail != `"\xff"` || p[0].Record.Column(0).ValueStr(2) != "Zoë" {
		t.Errorf("%+v", p)
	}
	_, err := tryRead(fit(t, f, nil), ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), `column "s": a column of strings holds "\xff", which is not UTF-8; declare it as bytes`) {
		t.Error(err)
	}
	if _, err := tryRead(fit(t, f, nil), ReadOptions{Want: []bool{true, false}}); err != nil {
		t.Error(err)
	}
}

func TestTypesThatAreRefused(t *testing.T) {
	for text, dt := range map[string]arrow.DataType{
		`column "c" cannot be read: it is of type decimal(9, 2), and there is no decimal type`:    &arrow.Decimal128Type{Precision: 9, Scale: 2},
		`column "c" cannot be read: it is a time of day, time64[us], and there is no such type`:   arrow.FixedWidthTypes.Time64us,
		`column "c" cannot be read: its keys are of type int64, and only strings can be`:          arrow.MapOf(arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String),
		`column "c" cannot be read: a: it is of type decimal(9, 2), and there is no decimal type`: arrow.StructOf(arrow.Field{Name: "a", Type: &arrow.Decimal128Type{Precision: 9, Scale: 2}}),
		`column "c" cannot be read: it is of type month_interval, which has no counterpart`:       arrow.FixedWidthTypes.MonthInterval,
	} {
		a := array.MakeArrayOfNull(memory.DefaultAllocator, dt, 2)
		n := values(t, arrow.PrimitiveTypes.Int64, `[1, 2]`)
		f := opened(t, "arrow", arrowFileOf(t, []arrow.Field{{Name: "n", Type: n.DataType()}, {Name: "c", Type: dt, Nullable: true}}, n, a))
		s, err := f.Schema()
		if err == nil || err.Error() != text || s.NumFields() != 1 {
			t.Errorf("%v, want %s", err, text)
		}
		if _, problems := f.Fit(arrow.NewSchema([]arrow.Field{{Name: "c", Type: schema.Int, Nullable: true}}, nil)); len(problems) != 1 {
			t.Error(problems)
		}
		readAll(t, fit(t, f, s), ReadOptions{})
	}
}

func TestWhatDoesNotFit(t *testing.T) {
	b := randomRows(everyType, 31, 0, 3)
	defer b.Release()
	f := opened(t, "parquet", written(t, "parquet", nil, everyType, b))
	field := func(name string, dt arrow.DataType) arrow.Field { return arrow.Field{Name: name, Type: dt} }
	for text, declared := range map[string]arrow.Field{
		`the file has no column "tag"; did you mean "tags"? it has: id, b, i, f, s, must, y, at, day, took, tags, m, pos, items`:        field("tag", schema.Int),
		`column "i" is of type int in the file, and is declared float; i: int!, and convert it in a derive`:                             field("i", schema.Float),
		`column "i" is of type int in the file, and is declared timestamp; say what the number counts: i: timestamp(ms)!`:               field("i", schema.Timestamp),
		`pos.lat can be null in the file, and is declared to be never null; leave out the ! at pos.lat`:                                 field("pos", schema.Struct(field("lat", schema.Float), field("name", schema.String))),
		`column "tags" is of type list<string> in the file, and is declared list<int>; tags: list<string>!, and convert it in a derive`: field("tags", schema.List(schema.Int)),
	} {
		_, problems := f.Fit(arrow.NewSchema([]arrow.Field{declared, field("id", schema.Int)}, nil))
		if len(problems) != 1 || problems[0].Error() != text || problems[0].Column != declared.Name {
			t.Errorf("%v, want %s", problems, text)
		}
	}
}
