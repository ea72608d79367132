// Package derive is the kind that adds columns, or replaces them.
package derive

import (
	_ "embed"

	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[spec.Fields]{
		Name: "derive", Role: nodes.Transform, Doc: doc, Lanes: true,
		Lower: func(b *nodes.Builder, fields spec.Fields) plan.Op {
			if !b.NotEmpty(len(fields), "columns", "derive: {temp_f: temp * 9 / 5 + 32}") {
				return nil
			}
			return &plan.Project{Keep: true, Items: nodes.Fields(fields)}
		},
	})
}
