// Package aggregate is the kind that groups rows and keeps a result per group.
package aggregate

import (
	_ "embed"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

type config struct {
	By   spec.Items  `yaml:"by" doc:"What to group by: names of columns, or name: EXPRESSION. Without it all rows are one group."`
	Take spec.Fields `yaml:"take" doc:"The columns to make: names and expressions over aggregates, such as count() or sum(a) / count()."`
	Emit diag.Text   `yaml:"emit" doc:"What goes on: updates (at each epoch the groups that changed), complete (at each epoch all groups), final (all groups, once, at the end of the input)." default:"updates" enum:"updates,complete,final"`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "aggregate", Role: nodes.Transform, Doc: doc, Lower: lower})
}

func lower(b *nodes.Builder, c config) plan.Op {
	if !b.NotEmpty(len(c.By)+len(c.Take), "columns", "aggregate: {by: [device], take: {n: count()}}") {
		return nil
	}
	o := &plan.Aggregate{By: nodes.Items(c.By), EmitAt: c.Emit.At}
	for _, f := range c.Take {
		o.Take = append(o.Take, plan.TakeItem{Name: f.Name, Text: f.Expr})
	}
	switch c.Emit.Value {
	case "complete":
		o.Emit = plan.Complete
	case "final":
		o.Emit = plan.Final
	default:
		o.Emit = plan.Updates
	}
	return o
}
