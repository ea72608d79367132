// Package selects is the kind `select`: exactly these columns, in this order.
package selects

import (
	_ "embed"

	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[spec.Items]{
		Name: "select", Role: nodes.Transform, Doc: doc, Lanes: true,
		Lower: func(b *nodes.Builder, items spec.Items) plan.Op {
			if !b.NotEmpty(len(items), "columns", "select: [device, {temp_f: temp * 9 / 5 + 32}]") {
				return nil
			}
			return &plan.Project{Items: nodes.Items(items)}
		},
	})
}
