// Package scan is the kind that keeps running values for each key.
package scan

import (
	_ "embed"
	"time"

	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

type config struct {
	By    spec.Items    `yaml:"by" doc:"What has values of its own: names of columns, or name: EXPRESSION. Without it all rows share them."`
	Start spec.Fields   `yaml:"start" doc:"What is kept before the first row: an expression without columns, or the name of a type for its empty value, such as timestamp (null) or list<string> (no element)." required:"true"`
	Next  spec.Fields   `yaml:"next" doc:"What is kept behind a row: an expression over the row's columns and acc.NAME, what was kept before." required:"true"`
	TTL   spec.Duration `yaml:"ttl" doc:"A key that had no row for so long in event time starts anew, and is forgotten. Without it keys are kept for ever." min:"1us" max:"36500d"`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "scan", Role: nodes.Transform, Doc: doc, Lanes: true, Lower: lower})
}

func lower(b *nodes.Builder, c config) plan.Op {
	if !b.NotEmpty(len(c.Start), "values to keep", "start: {n: 0}, next: {n: acc.n + 1}") {
		return nil
	}
	return &plan.Fold{By: nodes.Items(c.By), Start: nodes.Fields(c.Start), Next: nodes.Fields(c.Next), TTL: time.Duration(c.TTL), TTLAt: b.Setting("ttl")}
}
