package relational

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/codec"
	"flowrun/dag/plan"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name  string
		o     plan.Parse
		in    []any // texts
		want  []row
		fails []string // reasons
	}{
		{"regex", plan.Parse{As: "regex", Pattern: regexp.MustCompile(`^(?P<path>\S+) (?P<status>\d*)(?: (?P<who>\w+))?`), Schema: schemaOf("path string", "status int", "who string")},
			[]any{"/a 200 ann", "/b 404", "nothing", "/c  x", "/d 99999999999999999999"},
			[]row{{int64(0), "/a", int64(200), "ann"}, {int64(1), "/b", int64(404), nil}, {int64(3), "/c", nil, "x"}},
			[]string{codec.NoMatch, codec.OutOfRange}},
		{"json", plan.Parse{As: "json", Schema: schemaOf("n int", "s string")},
			[]any{`{"n":1,"s":"x"}`, ``, `{"n":"1"}`, `[]`, nil, ` {"s":""} `},
			[]row{{int64(0), int64(1), "x"}, {int64(4), nil, nil}, {int64(5), nil, ""}},
			[]string{codec.InvalidJSON, codec.WrongType, codec.WrongType}},
		{"csv", plan.Parse{As: "csv", Config: codec.CSV{Delimiter: ";"}, Schema: schemaOf("n int", "s string")},
			[]any{"1;a", "1", `2;"a;""b"""`, ";"},
			[]row{{int64(0), int64(1), "a"}, {int64(2), int64(2), `a;"b"`}, {int64(3), nil, nil}},
			[]string{codec.FieldCount}},
		{"kv", plan.Parse{As: "kv", Schema: schemaOf("n int", "s string")},
			[]any{"s=a n=1", "x", `s="b c"`},
			[]row{{int64(0), int64(1), "a"}, {int64(2), nil, "b c"}},
			[]string{codec.NoPair}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Column = text("line")
			p := open(t, t, &c.o, plan.Rows, nil, schemaOf("id int", "line string"))
			defer p.close()
			var rows []row
			for i, v := range c.in {
				rows = append(rows, row{int64(i), v})
			}
			p.rows(0, rows...)
			if d := cmp.Diff(c.want, p.taken()); d != "" {
				t.Error(d)
			}
			var fails []string
			for _, f := range p.out.Failures {
				fails = append(fails, f.Reason)
			}
			if d := cmp.Diff(c.fails, fails); d != "" {
				t.Error(d)
			}
		})
	}
}

// Rows that do not count are not read, and the others keep their places.
func TestParseReadsTheRowsThatCount(t *testing.T) {
	o := &plan.Parse{Column: text("line"), As: "kv", Schema: schemaOf("n int"), Keep: true}
	p := open(t, t, o, plan.Rows, nil, schemaOf("id int", "line string"))
	defer p.close()
	whole := makeBatch(p.rt.Allocator(), p.node.Inputs[0].Source().Schema, []row{
		{int64(0), "bad"}, {int64(1), "n=1"}, {int64(2), "bad"}, {int64(3), "bad"}, {int64(4), "n=4"}, {int64(5), "bad"}}, nil)
	some := whole.WithSelection([]int32{1, 3, 4})
	whole.Release()
	p.send(0, some)
	want := []row{{int64(1), "n=1", int64(1)}, {int64(4), "n=4", int64(4)}}
	if d := cmp.Diff(want, p.taken()); d != "" {
		t.Error(d)
	}
	if f := p.out.Failures; len(f) != 1 || f[0].Row != 3 {
		t.Errorf("failures %+v", f)
	}
}
