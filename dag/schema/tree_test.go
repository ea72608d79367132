package schema

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

func col(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

func TestTreeIsSparksPrintSchema(t *testing.T) {
	window := Struct(col("start", Timestamp), col("end", Timestamp))
	s := arrow.NewSchema([]arrow.Field{
		col("user", String),
		col("tags", List(String)),
		col("props", Map(Int)),
		{Name: "window", Type: window},
		col("deep", List(List(Struct(col("x", Float))))),
		col("by_name", Map(Struct(arrow.Field{Name: "ok", Type: Bool}))),
		col("raw", Bytes), col("day", Date), col("took", Duration),
		col("odd\x1b[2J\nname", arrow.Null),
	}, nil)
	want := strings.Join([]string{
		"root",
		" |-- user: string (nullable = true)",
		" |-- tags: array (nullable = true)",
		" |    |-- element: string (containsNull = true)",
		" |-- props: map (nullable = true)",
		" |    |-- key: string",
		" |    |-- value: long (valueContainsNull = true)",
		" |-- window: struct (nullable = false)",
		" |    |-- start: timestamp (nullable = true)",
		" |    |-- end: timestamp (nullable = true)",
		" |-- deep: array (nullable = true)",
		" |    |-- element: array (containsNull = true)",
		" |    |    |-- element: struct (containsNull = true)",
		" |    |    |    |-- x: double (nullable = true)",
		" |-- by_name: map (nullable = true)",
		" |    |-- key: string",
		" |    |-- value: struct (valueContainsNull = true)",
		" |    |    |-- ok: boolean (nullable = false)",
		" |-- raw: binary (nullable = true)",
		" |-- day: date (nullable = true)",
		" |-- took: interval day to second (nullable = true)",
		` |-- odd\u001b[2J\nname: void (nullable = true)`,
		"", "",
	}, "\n")
	if got := TreeString(s); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := Tree(arrow.NewSchema(nil, nil)); len(got) != 1 || got[0] != "root" {
		t.Errorf("tree of no columns: %q", got)
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain ünïcode 東京": "plain ünïcode 東京",
		"a\tb\r\nc":        `a\tb\r\nc`,
		"\x00\x1b[31m\x7f": `\u0000\u001b[31m\u007f`,
		"\u0085\u202e":     `\u0085\u202e`,
		"bad \xff byte":    "bad \ufffd byte",
		"honest \ufffd":    "honest \ufffd",
		"\a\b\f\v":         `\a\b\f\v`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %q, want %q", in, got, want)
		}
	}
}
