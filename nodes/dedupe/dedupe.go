// Package dedupe is the kind that lets one row of each key through.
package dedupe

import (
	_ "embed"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

type config struct {
	By     spec.Items    `yaml:"by" doc:"What makes rows duplicates of one another: names of columns, or name: EXPRESSION." required:"true"`
	Within spec.Duration `yaml:"within" doc:"How close in event time. Keys are forgotten behind it; without it they are kept for ever." min:"1us"`
	Keep   diag.Text     `yaml:"keep" doc:"first: the row that comes first passes, at once. last: the one that is last in event time, at the end of each epoch, as an update." default:"first" enum:"first,last"`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "dedupe", Role: nodes.Transform, Doc: doc, Lanes: true, Lower: lower})
}

func lower(b *nodes.Builder, c config) plan.Op {
	if !b.NotEmpty(len(c.By), "key", "dedupe: {by: [id], within: 10m}") {
		return nil
	}
	o := &plan.Dedupe{By: nodes.Items(c.By), Within: time.Duration(c.Within), Last: c.Keep.Value == "last", At: b.Config()}
	if v := b.Node.Config.Get("within"); v != nil {
		o.At = v.At
	}
	return o
}
