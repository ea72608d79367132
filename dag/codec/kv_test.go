package codec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKVDecode(t *testing.T) {
	for _, c := range []struct {
		name          string
		config        any
		schema        []string
		input         string
		rows, rejects []string
	}{
		{"logfmt", nil, []string{"level string", "n int", "msg string"}, "level=info  msg=\"hello \\\"you\\\"\\n\" n=3 other=x\n\tn=4\r\n",
			[]string{`{"level":"info","n":3,"msg":"hello \"you\"\n"}`, `{"level":null,"n":4,"msg":null}`}, nil},
		{"null and empty", nil, []string{"a string", "b string"}, "a= b=\"\"\n", []string{`{"a":null,"b":""}`}, nil},
		{"signs", KV{Delimiter: ";", Assign: ":"}, []string{"a string", "b int"}, "a: x y ; b:1;\nb:2;;a:\"p;q\" ;\n", []string{`{"a":"x y","b":1}`, `{"a":"p;q","b":2}`}, nil},
		{"values hold the sign", nil, []string{"u string"}, "u=a=b&c=d\n", []string{`{"u":"a=b&c=d"}`}, nil},
		{"quoted key", nil, []string{"a string"}, "\"a\"=1 \"b c\"=2\n", []string{`{"a":"1"}`}, nil},
		{"unknown escapes stay", nil, []string{"p string"}, `p="C:\dir\new"` + "\n", []string{`{"p":"C:\\dir\new"}`}, nil},
		{"blank lines", nil, []string{"a int"}, "\n  \na=1\n", []string{`{"a":1}`}, nil},
		{"rejects", nil, []string{"a int", "b int!"}, "a=1 word b=2\n=1 b=2\na=x b=1\na=1 a=2 b=3\na=1\nb=\nb=1 c=\"open\nb=1 c=\"x\"y\n\xff=1\n", nil,
			[]string{`no key and value: "word" at byte 4 has no "=" behind it`, `no key and value: no key before the "=" at byte 0`, `wrong type: a is "x", not an int`,
				`duplicate key: a second a at byte 4`, `missing field: no b`, `null in a field that is never null: b is empty`,
				`wrong quote: the quote at byte 6 is not closed`, `wrong quote: text behind a closing quote, at byte 9`, `invalid UTF-8: at byte 0`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, rejects := read(t, "kv", c.config, columns(t, c.schema...), c.input, 5)
			if d := cmp.Diff(c.rows, rows); d != "" {
				t.Error("rows (-want +got):\n" + d)
			}
			if d := cmp.Diff(c.rejects, rejects); d != "" {
				t.Error("rejects (-want +got):\n" + d)
			}
		})
	}
}

func TestKVEncode(t *testing.T) {
	s := columns(t, "level string", "n int", "user_id string", "f float")
	got := write(t, "kv", nil, s, `{"level":"info","n":1,"user_id":"a b=\"c\"\\\n","f":0.5}`, `{"level":"","f":2}`)
	want := "level=info n=1 user_id=\"a b=\\\"c\\\"\\\\\\n\" f=0.5\nlevel=\"\" n= user_id= f=2.0\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
