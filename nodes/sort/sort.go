// Package sort is the kind that puts rows into the order of their event time.
package sort

import (
	_ "embed"

	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

// config has no settings: the order is that of event time.
type config struct{}

func init() {
	nodes.Register(nodes.Kind[config]{
		Name: "sort", Role: nodes.Transform, Doc: doc,
		Lower: func(*nodes.Builder, config) plan.Op { return &plan.Sort{} },
	})
}
