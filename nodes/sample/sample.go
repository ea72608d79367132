// Package sample is the kind that keeps a share of the rows.
package sample

import (
	_ "embed"
	"fmt"

	"flowrun/dag/plan"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

// Config is the settings of a sample. The rate alone may stand for all of them.
type Config struct {
	Rate float64 `yaml:"rate" doc:"which share of the rows is kept: above 0, at most 1; 0.1 is a tenth" required:"true" short:"true"`
	Seed int64   `yaml:"seed" doc:"what the choice starts from: another seed keeps other rows" default:"0"`
}

func init() {
	nodes.Register(nodes.Kind[Config]{
		Name: "sample", Role: nodes.Transform, Doc: doc,
		Lower: func(b *nodes.Builder, c Config) plan.Op {
			if !(c.Rate > 0 && c.Rate <= 1) {
				hint := "0.1 keeps a tenth of the rows, 1 all of them"
				if c.Rate > 1 && c.Rate < 100 {
					hint = fmt.Sprintf("for %v %% write %v", c.Rate, c.Rate/100)
				}
				b.Wrong("rate", fmt.Sprintf("the rate of a sample is above 0 and at most 1, not %v", c.Rate), hint)
				return nil
			}
			return &plan.Sample{Rate: c.Rate, Seed: c.Seed}
		},
	})
}
