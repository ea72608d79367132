package batch

import (
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/google/go-cmp/cmp"

	"flowrun/dag/live"
	"flowrun/dag/schema"
)

func TestColumns(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: schema.Int},
		column("tags", schema.List(schema.String)),
		column("temp", schema.Float),
	}, nil)
	want := []live.Column{
		{Name: "id", Type: "int", Number: true},
		{Name: "tags", Type: "list<string>", Nullable: true},
		{Name: "temp", Type: "float", Nullable: true, Number: true},
	}
	if d := cmp.Diff(want, Columns(s)); d != "" {
		t.Error(d)
	}
}

func TestSample(t *testing.T) {
	mem := checked(t)
	all := counts(mem, "a", "line\nbreak", "NULL", "d")
	defer all.Release()
	b := all.WithSelection([]int32{1, 2, 3})
	defer b.Release()
	want := [][]live.Cell{
		{{Text: `line\nbreak`}, {Text: "2"}},
		{{Null: true}, {Text: "3"}},
	}
	if d := cmp.Diff(want, Sample(b, 2)); d != "" {
		t.Error(d)
	}
	if got := Sample(b, 100); len(got) != 3 {
		t.Errorf("%d rows of 3", len(got))
	}
	if got := Sample(b, 0); len(got) != 0 {
		t.Errorf("%d rows of none", len(got))
	}
}

func TestSampleBoundsACell(t *testing.T) {
	mem := checked(t)
	for _, text := range []string{strings.Repeat("x", 1<<20), strings.Repeat("é", 1<<20), "x" + strings.Repeat("é", 1<<20)} {
		b := counts(mem, text)
		got := Sample(b, 1)[0][0].Text
		if len(got) > MaxCellBytes+len("…") || !strings.HasSuffix(got, "…") || !strings.HasPrefix(text, strings.TrimSuffix(got, "…")) {
			t.Errorf("%d bytes, ends in %q", len(got), got[len(got)-8:])
		}
		b.Release()
	}
	b := counts(mem, strings.Repeat("x", MaxCellBytes))
	defer b.Release()
	if got := Sample(b, 1)[0][0].Text; len(got) != MaxCellBytes {
		t.Errorf("a cell of just the limit has %d bytes", len(got))
	}
}

func TestFromRejects(t *testing.T) {
	mem := checked(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	b := FromRejects([]Reject{
		{At: at, Node: "lines", Reason: "not UTF-8", Detail: "at byte 2", Raw: []byte("a\xffb")},
		{At: at, Node: "clean", Reason: "% 0", Raw: []byte(`{"a": 1}`)},
		{At: at, Reason: "empty", Raw: []byte{}},
		{At: at, Reason: "none"},
	}, mem)
	defer b.Release()
	validate(t, b.Record)
	const when = "2026-01-02 03:04:05.000006"
	want := [][]live.Cell{
		{{Text: when}, {Text: "lines"}, {Text: "not UTF-8: at byte 2"}, {Text: "base64:Yf9i"}},
		{{Text: when}, {Text: "clean"}, {Text: "% 0"}, {Text: `{"a": 1}`}},
		{{Text: when}, {}, {Text: "empty"}, {}},
		{{Text: when}, {}, {Text: "none"}, {Null: true}},
	}
	if d := cmp.Diff(want, Sample(b, 10)); d != "" {
		t.Error(d)
	}
	if !b.Schema().Equal(RejectSchema) {
		t.Errorf("schema %v", b.Schema())
	}
	table := NewTable(RejectSchema, 20, 0)
	table.Add(b)
	if text := string(table.Render(nil, 0, "")); !strings.Contains(text, "|base64:Yf9i|") || !strings.Contains(text, `|{"a": 1}   |`) {
		t.Errorf("rejected inputs are not shown as text:\n%s", text)
	}
}

func TestRejectedInputsStayTextOnTheEdges(t *testing.T) {
	if plain := schema.Plain(RejectSchema); !schema.IsRaw(plain.Field(3)) || schema.IsRaw(plain.Field(2)) {
		t.Error("Plain forgets which column holds rejected inputs")
	}
}
