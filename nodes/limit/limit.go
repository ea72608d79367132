// Package limit is the kind that passes the first rows and then ends its input.
package limit

import (
	_ "embed"
	"fmt"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[int64]{
		Name: "limit", Role: nodes.Transform, Doc: doc,
		Lower: func(b *nodes.Builder, rows int64) plan.Op {
			if rows < 1 {
				b.Report(diag.Diagnostic{
					Code: nodes.CodeSetting, At: b.Config(),
					Message: fmt.Sprintf("limit is a number of rows, at least 1, not %d", rows),
					Hint:    "limit: 10",
				})
				return nil
			}
			return &plan.Limit{Rows: rows}
		},
	})
}
