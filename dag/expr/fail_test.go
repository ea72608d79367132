package expr

import (
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

func TestCanFail(t *testing.T) {
	env := &Env{Of: "in", Schema: arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: schema.Int, Nullable: true}, {Name: "f", Type: schema.Float, Nullable: true},
		{Name: "s", Type: schema.String, Nullable: true}, {Name: "l", Type: schema.List(schema.Int), Nullable: true},
	}, nil)}
	for text, want := range map[string]bool{
		`f > 30 && s == "ok"`:                 false,
		`f * 9 / 5 + 32`:                      false,
		`n > 3 ? f : -f`:                      false,
		`s contains "x" || (s ?? "a") == "b"`: false,
		`n + 1`:                               true,
		`n % 2 == 0`:                          true,
		`-n`:                                  true,
		`int(s) > 1`:                          true,
		`l[0] == 1`:                           true,
		`all(l, # > 0)`:                       true,
		`f > 1 && n * 2 > 4`:                  true,
	} {
		p, list := Compile(diag.Text{Value: text}, env)
		if list.HasErrors() {
			t.Errorf("%s: %v", text, list)
			continue
		}
		if got := p.CanFail(); got != want {
			t.Errorf("CanFail of %s is %v", text, got)
		}
	}
}
