package codec

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"flowrun/dag/schema"
)

func inferred(format string, config any, input string) string {
	s, err := Infer(strings.NewReader(input), DecoderOptions{Format: format, Config: config})
	if err != nil {
		return "error: " + err.Error()
	}
	for _, f := range s.Fields() {
		if !f.Nullable {
			return f.Name + " is not nullable"
		}
	}
	columns := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		columns[i] = f.Name + ": " + schema.Name(f.Type)
	}
	return strings.Join(columns, ", ")
}

func TestInfer(t *testing.T) {
	for _, c := range []struct {
		name, format string
		config       any
		input, want  string
	}{
		{"every form", "csv", nil, "b,i,f,t,d,s\ntrue,1,1.5,2026-01-01T00:00:00Z,2026-01-01,x\n,,,,,\n", "b: bool, i: int, f: float, t: timestamp, d: date, s: string"},
		{"widened", "csv", nil, "a,b\n1,2.5\n1.5,2\n", "a: float, b: float"},
		{"conflicts are strings", "csv", nil, "a,b,c\n1,true,2026-01-01\nn/a,1,2026-01-01T00:00:00Z\n", "a: string, b: string, c: string"},
		{"what a number would change", "csv", nil, "zip,tel,big,f\n01234,+49,12345678901234567890,00.5\n", "zip: string, tel: string, big: string, f: string"},
		{"zero and minus", "csv", nil, "a,b,c,d\n0,-1,-0.5,.5\n", "a: int, b: int, c: float, d: float"},
		{"words of floats", "csv", nil, "a,b\nNaN,inf\n", "a: string, b: string"},
		{"empty is null, quoted empty a text", "csv", nil, "a,b,c\n1,1,\n,\"\",\n", "a: int, b: string, c: string"},
		{"quotes", "csv", CSV{Header: true, Delimiter: ";"}, "\ufeff\"a b\";c\n\"1\n2\";\"3\"\n", "a b: string, c: int"},
		{"rejects do not count", "csv", nil, "a,b\nx\n1,2\n\"y,3\n", "a: int, b: int"},
		{"no name", "csv", nil, "a,,b\n1,x,2\n", "a: int, b: int"},
		{"no header", "csv", CSV{Delimiter: ","}, "1,x\n2,y\n", "column1: int, column2: string"},
		{"two names", "csv", nil, "a,a\n1,2\n", `error: the header has two columns "a"; write the other columns: what is not declared is not read`},
		{"only a header", "csv", nil, "a,b\n", "error: no record"},
		{"empty", "csv", nil, "", "error: no record"},
		{"kv", "kv", nil, "n=1 msg=\"a b\" x=\nn=2.5 late=true\nbroken line\n", "n: float, msg: string, x: string, late: bool"},
		{"no pair", "kv", nil, "hello world\n", "error: no record"},
		{"json", "json", nil, `{"b":true,"i":1,"t":"2026-01-01T00:00:00Z","d":"2026-01-01","n":null}` + "\n\n" + `{"i":1.5,"n":7}`, "b: bool, i: float, t: timestamp, d: date, n: int"},
		{"texts", "json", nil, `{"a":"2026-01-01","b":"1"}` + "\n" + `{"a":"soon"}`, "a: string, b: string"},
		{"nested", "json", nil, `{"p":{"x":1},"l":[1,2.5],"o":[{"s":"a"}],"e":{},"v":[],"":1}` + "\n" + `{"p":{"y":null}}`,
			"p: {x: int, y: string}, l: list<float>, o: list<{s: string}>, e: map<string>, v: list<string>"},
		{"conflict", "json", nil, `{"a":[1]}` + "\n" + `{"a":["x"]}`,
			"error: [0] of a in line 2 is of type string, but [0] of a in line 1 is of type int; write the columns; one that is left out is not read"},
		{"no JSON does not count", "json", nil, "{\"a\":\n[1]\n7\n{\"a\":1} x\n{\"a\":true}\n", "a: bool"},
		{"lists of lists of objects", "json", nil, `{"a":[[{"b":1}]]}`, "error: a holds lists of lists of objects, for which a schema has no word; write the other columns: what is not declared is not read"},
		{"no object", "json", nil, "[1]\n", "error: no record"},
		{"empty objects", "json", nil, "{}\n{}\n", "error: no record"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := inferred(c.format, c.config, c.input); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestInferReadsOnlyTheHead(t *testing.T) {
	for format, line := range map[string]string{"csv": "1\n", "kv": "a=1\n", "json": `{"a":1}` + "\n"} {
		header, odd := "", strings.ReplaceAll(line, "1", "x")
		if format == "csv" {
			header = "a\n"
		}
		if format == "json" {
			odd = `{"a":"x"}` + "\n"
		}
		within := header + strings.Repeat(line, InferRecords-1) + odd
		if got := inferred(format, nil, within); got == "a: int" {
			t.Errorf("%s: record %d was not looked at", format, InferRecords)
		}
		if got := inferred(format, nil, header+strings.Repeat(line, InferRecords)+odd); got != "a: int" {
			t.Errorf("%s: record %d was looked at: %s", format, InferRecords+1, got)
		}
	}
	long := fmt.Sprintf("a,b\n1,x\n2.5,%s\n", strings.Repeat("x", InferBytes))
	if got := inferred("csv", nil, long); got != "a: int, b: string" {
		t.Error("a record that is cut off was looked at:", got)
	}
	if _, err := Infer(iotest.ErrReader(errors.ErrUnsupported), DecoderOptions{Format: "csv"}); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
}

func FuzzInferredColumnsReadTheirRecords(f *testing.F) {
	f.Add("a,b\n1,2.5\n", uint8(0))
	f.Add("a=1 b=\"x\"\n", uint8(1))
	f.Add(`{"a":[{"b":1}],"c":"2026-01-01"}`, uint8(2))
	f.Fuzz(func(t *testing.T, input string, which uint8) {
		format := Formats()[1+int(which)%3]
		s, err := Infer(strings.NewReader(input), DecoderOptions{Format: format})
		if err != nil {
			return
		}
		if err := Check(format, s, false); err != nil {
			t.Fatal(err)
		}
		_, rejects := read(t, format, nil, s, input, len(input)+1)
		for _, r := range rejects {
			if format != jsonFormat && strings.HasPrefix(r, WrongType) {
				t.Error(r)
			}
		}
	})
}
