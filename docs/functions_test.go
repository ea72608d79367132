package docs

import (
	"fmt"
	"strings"
	"testing"

	"flowrun/dag/expr"
)

var titles = map[string]string{
	"aggregate": "Aggregates, in `take`", "bits": "Bits", "convert": "Conversions", "list": "Lists", "map": "Maps",
	"number": "Numbers", "text": "Texts", "time": "Times and durations", "method": "Methods of timestamps and durations: `at.Year()`",
}

// TestFunctionTable holds the list of functions in docs/expressions.md to the function table.
func TestFunctionTable(t *testing.T) {
	var b strings.Builder
	group := ""
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, f := range expr.Functions() {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n### %s\n\n| function | what it gives | by column |\n|---|---|---|\n", titles[group])
		}
		columnar := ""
		if f.Columnar && group != "aggregate" {
			columnar = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell.Replace(f.Signature), cell.Replace(f.Doc), columnar)
	}
	generated(t, "expressions.md", "functions", b.String())
}
