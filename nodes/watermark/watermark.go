// Package watermark is the kind that makes event time of a column where the source could not.
package watermark

import (
	_ "embed"

	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

func init() {
	nodes.Register(nodes.Kind[nodes.Timing]{
		Name: "watermark", Role: nodes.Transform, Doc: doc,
		Lower: func(_ *nodes.Builder, t nodes.Timing) plan.Op { return &plan.Watermark{Timing: t.Plan()} },
	})
}
