// Package drop is the kind that leaves columns out.
package drop

import (
	_ "embed"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[[]spec.Name]{
		Name: "drop", Role: nodes.Transform, Doc: doc, Lanes: true,
		Lower: func(b *nodes.Builder, columns []spec.Name) plan.Op {
			if !b.NotEmpty(len(columns), "columns", "drop: [raw, debug]") {
				return nil
			}
			p := &plan.Project{Keep: true, Drop: make([]diag.Text, len(columns))}
			for i, c := range columns {
				p.Drop[i] = c.Text
			}
			return p
		},
	})
}
