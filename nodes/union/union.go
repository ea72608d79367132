// Package union is the kind that puts several streams together.
package union

import (
	_ "embed"

	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

// config has no settings: union is all in its `from`.
type config struct{}

func init() {
	nodes.Register(nodes.Kind[config]{
		Name: "union", Role: nodes.Transform, Doc: doc, MaxInputs: -1,
		Lower: func(*nodes.Builder, config) plan.Op { return &plan.Union{} },
	})
}
