// Package route is the kind that sends each row to one of several outputs.
package route

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
		Name: "route", Role: nodes.Transform, Doc: doc, Lanes: true,
		Lower: func(b *nodes.Builder, branches spec.Fields) plan.Op {
			if !b.NotEmpty(len(branches), "outputs", "route: {big: amount > 1000, small: amount > 0}") {
				return nil
			}
			r := &plan.Route{Branches: make([]plan.Branch, len(branches))}
			for i, f := range branches {
				r.Branches[i] = plan.Branch{Name: f.Name, Cond: plan.Expr{Text: f.Expr}}
			}
			return r
		},
	})
}
