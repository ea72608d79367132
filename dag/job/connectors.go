package job

import (
	"flowrun/dag/op"
	"flowrun/dag/op/journaled"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// Connectors makes the sources and sinks of a plan that meets the world: those of [nodes.Connectors], behind their journals.
type Connectors struct {
	nodes.Connectors
	Fresh bool // what journals hold is forgotten
}

// Source makes the connector of a node that scans.
func (c Connectors) Source(n *plan.Node) (op.Source, error) {
	src, err := c.Connectors.Source(n)
	if scan := n.Op.(*plan.Scan); err == nil && scan.Journal != nil {
		src = journaled.New(src, journaled.Options{Dir: scan.Journal.Dir, MaxBytes: scan.Journal.MaxBytes, Schema: scan.Schema, Fresh: c.Fresh})
	}
	return src, err
}
