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
	Window *window     `yaml:"window" doc:"Cuts time into windows, with a result for each."`
	By     spec.Items  `yaml:"by" doc:"What to group by: names of columns, or name: EXPRESSION. Without it all rows are one group."`
	Take   spec.Fields `yaml:"take" doc:"The columns to make: names and expressions over aggregates, such as count() or sum(a) / count()."`
	Emit   diag.Text   `yaml:"emit" doc:"What goes on: updates (at each epoch the groups that changed), complete (at each epoch all groups), final (each group once: when its window closes, or at the end of the input). Final with a window, updates without, unless said." enum:"updates,complete,final"`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "aggregate", Role: nodes.Transform, Doc: doc, Lanes: true, Lower: lower})
}

func lower(b *nodes.Builder, c config) plan.Op {
	if !b.NotEmpty(len(c.By)+len(c.Take), "columns", "aggregate: {by: [device], take: {n: count()}}") {
		return nil
	}
	o := &plan.Aggregate{By: nodes.Items(c.By), EmitAt: c.Emit.At}
	for _, f := range c.Take {
		o.Take = append(o.Take, plan.TakeItem{Name: f.Name, Text: f.Expr})
	}
	if c.Window != nil {
		if o.Window = c.Window.plan(b); o.Window == nil {
			return nil
		}
	}
	switch {
	case c.Emit.Value == "complete":
		o.Emit = plan.Complete
	case c.Emit.Value == "final", c.Emit.Value == "" && c.Window != nil:
		o.Emit = plan.Final
	default:
		o.Emit = plan.Updates
	}
	return o
}
