// Package explode is the kind that makes one row of each element of a list.
package explode

import (
	_ "embed"
	"fmt"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[spec.Fields]{
		Name: "explode", Role: nodes.Transform, Doc: doc, Lanes: true,
		Lower: func(b *nodes.Builder, fields spec.Fields) plan.Op {
			if len(fields) != 1 {
				b.Report(diag.Diagnostic{
					Code: nodes.CodeSetting, At: b.Config(),
					Message: fmt.Sprintf("explode takes one column and its list, and has %d", len(fields)),
					Hint:    `explode: {word: 'split(value, " ")'}; a second list needs a second explode`,
				})
				return nil
			}
			return &plan.Explode{Item: nodes.Fields(fields)[0]}
		},
	})
}
