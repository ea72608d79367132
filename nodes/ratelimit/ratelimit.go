// Package ratelimit is the kind `rate_limit`: at most so many rows a second.
package ratelimit

import (
	_ "embed"

	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

// Config is the settings of a rate_limit.
type Config struct {
	RowsPerSecond float64 `yaml:"rows_per_second" doc:"how many rows a second may pass" required:"true" min:"0.001" max:"1000000000"`
}

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "rate_limit", Role: nodes.Transform, Doc: doc,
		Lower: func(_ *nodes.Builder, c Config) plan.Op { return &plan.RateLimit{RowsPerSecond: c.RowsPerSecond} },
	})
}
