package relational

import (
	"fmt"

	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// New makes the operator of a bound node that needs nothing but the plan. Sources and sinks are an error: connectors make those.
func New(n *plan.Node) (op.Transform, error) { return With(nil)(n) }

// With gives what makes operators as New does, also of nodes that read a table; table makes the connector of such a node.
func With(table func(n *plan.Node) (op.Table, error)) func(n *plan.Node) (op.Transform, error) {
	return func(n *plan.Node) (op.Transform, error) {
		l, ok := n.Op.(*plan.Lookup)
		if !ok || l.Table == nil {
			return fromPlan(n)
		}
		if table == nil {
			return nil, fmt.Errorf("relational: node %s reads a table, and has no connector", n.ID)
		}
		t, err := table(n)
		if err != nil {
			return nil, err
		}
		return newLookup(n, l, t), nil
	}
}

// fromPlan makes an operator that needs no connector.
func fromPlan(n *plan.Node) (op.Transform, error) {
	switch o := n.Op.(type) {
	case *plan.Filter:
		return &filter{cond: o.Cond.P}, nil
	case *plan.Project:
		return newProject(n, o), nil
	case *plan.Explode:
		return newExplode(n, o), nil
	case *plan.Limit:
		return &limit{rows: o.Rows, perEpoch: perEpoch(n)}, nil
	case *plan.Parse:
		return newParse(n, o), nil
	case *plan.Route:
		return newRoute(n, o), nil
	case *plan.Sample:
		return newSample(n, o), nil
	case *plan.RateLimit:
		return newRateLimit(o), nil
	case *plan.Watermark:
		return &watermark{timing: o.Timing}, nil
	case *plan.Join:
		if o.Type == plan.AsofJoin {
			return newAsof(n, o)
		}
		return newJoin(n, o)
	case *plan.Sort:
		return newSorted(n, o)
	case *plan.Top:
		return newTop(n, o)
	case *plan.Lookup:
		return newLookup(n, o, nil), nil
	case *plan.Dedupe:
		return newDedupe(n, o)
	case *plan.Fold:
		return newFold(n, o)
	case *plan.Match:
		return newMatch(n, o)
	case *plan.Union:
		return newUnion(n, o), nil
	case *plan.Aggregate:
		if o.Window == nil {
			return newAggregate(n, o)
		}
		if o.Window.Session {
			return newSessions(n, o)
		}
		return newWindowed(n, o)
	case *plan.Scan, *plan.Write:
		return nil, fmt.Errorf("relational: node %s is an end of the plan, a connector makes it", n.ID)
	}
	return nil, fmt.Errorf("relational: node %s: no operator for %T", n.ID, n.Op)
}

// perEpoch reports whether a node reads complete results: then each epoch's rows replace the last epoch's, and what the
// operator keeps is for one epoch.
func perEpoch(n *plan.Node) bool {
	s := n.Inputs[0].Source()
	return s != nil && s.Mode == plan.Complete
}
