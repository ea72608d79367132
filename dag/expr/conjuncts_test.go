package expr

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

func TestConjuncts(t *testing.T) {
	env := &Env{Schema: arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: schema.Int, Nullable: true},
		{Name: "f", Type: schema.Float},
		{Name: "s", Type: schema.String, Nullable: true},
		{Name: "b", Type: schema.Bool, Nullable: true},
	}, nil)}
	for text, want := range map[string][]string{
		`b`:                                   {`b`},
		`f > 30`:                              {`f > 30`},
		`f > 30 && s == "ö" and i == 1`:       {`f > 30`, `s == "ö"`, `i == 1`},
		`(f > 30) && (b and (s == "a" || b))`: {`f > 30`, `b`, `s == "a" || b`},
		`f > 30 || b && i == 1`:               {`f > 30 || b && i == 1`},
		`not (b && i == 1)`:                   {`not (b && i == 1)`},
		`1 < i < 3 && b`:                      {`1 < i < 3`, `b`},
		`s == "ö" && s[0:1] == "ö" && i % 2 > 0`: {`s == "ö"`, `s[0:1] == "ö"`, `i % 2 > 0`},
	} {
		p, list := Compile(diag.Text{Value: text}, env)
		if list.HasErrors() {
			t.Errorf("%s: %v", text, list)
			continue
		}
		var got []string
		for _, c := range p.Conjuncts() {
			got = append(got, strings.TrimSpace(c.Text()))
			again, list := Compile(diag.Text{Value: c.Text()}, env)
			if list.HasErrors() || again.CanFail() != c.CanFail() || again.Nullable() != c.Nullable() || !slices.Equal(again.Columns(), c.Columns()) {
				t.Errorf("%s: the text of %s does not compile to the same: %v", text, c.Text(), list)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestTimed(t *testing.T) {
	for text, want := range map[string]bool{
		"f > 1": false, `s in ["a", "b"]`: false, "now() > date(s)": true, "f > 1 && string(now()) != s": true, "let t = now(); t.Year() > 3": true,
		`any(["a"], # == s)`: true, // it runs where that is not seen
	} {
		if got := compileText(t, text).Timed(); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
