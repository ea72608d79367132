// Package filter is the kind that keeps the rows for which an expression is true.
package filter

import (
	_ "embed"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[diag.Text]{
		Name: "filter", Role: nodes.Transform, Doc: doc, Lanes: true,
		Lower: func(_ *nodes.Builder, cond diag.Text) plan.Op {
			return &plan.Filter{Cond: plan.Expr{Text: cond}}
		},
	})
}
