package nodes

import (
	"context"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// Check lets the kinds of sinks look at what the rows of a bound plan are to be written into. f is the file that the plan was made of.
func Check(ctx context.Context, f *spec.File, p *plan.Pipeline) diag.List {
	var list diag.List
	for i, n := range p.Nodes {
		w, ok := n.Op.(*plan.Write)
		if !ok || w.Schema == nil {
			continue
		}
		if e := Find(w.Kind, Sink); e.check != nil {
			e.check(&Builder{Node: &f.Nodes[i], ctx: ctx, diags: &list, secrets: p.Secrets}, w)
		}
	}
	return list
}
