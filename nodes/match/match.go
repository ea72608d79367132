// Package match is the kind that finds rows of a key that follow one another.
package match

import (
	_ "embed"
	"fmt"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

//go:embed doc.md
var doc string

type config struct {
	By      spec.Items    `yaml:"by" doc:"What the rows of a match have in common: names of columns, or name: EXPRESSION. Without it all rows are looked at together."`
	Steps   spec.Items    `yaml:"steps" doc:"What has to come, in this order: name: CONDITION of the row, and of the rows of earlier steps as NAME.COLUMN." required:"true"`
	Without spec.Fields   `yaml:"without" doc:"What must not come between the first step and the last: name: CONDITION of the row, and of the rows of the steps so far."`
	Absent  spec.Fields   `yaml:"absent" doc:"What must not come behind the last step, until within is over: name: CONDITION of the row, and of the rows of the steps. The match is told then."`
	Within  spec.Duration `yaml:"within" doc:"How long after the first step the last one can be, in event time." required:"true" min:"1us" max:"36500d"`
	Overlap bool          `yaml:"overlap" doc:"Whether a match leaves the other tries of its key alone, so that rows can be part of several matches." default:"false"`
	Take    spec.Fields   `yaml:"take" doc:"Columns of the result: expressions over NAME.COLUMN of the steps."`
}

func init() {
	nodes.Register(nodes.Kind[config]{Name: "match", Role: nodes.Transform, Doc: doc, Lanes: true, Lower: lower})
}

func lower(b *nodes.Builder, c config) plan.Op {
	const example = "steps: [{small: amount < 5}, {large: amount > 500}]"
	if !b.NotEmpty(len(c.Steps), "steps", example) {
		return nil
	}
	ok := true
	for _, it := range c.Steps {
		if it.Bare {
			b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: it.Name.At,
				Message: fmt.Sprintf("the step %s has no condition", it.Name.Value), Hint: example})
			ok = false
		}
	}
	if !ok {
		return nil
	}
	return &plan.Match{By: nodes.Items(c.By), Steps: nodes.Items(c.Steps), Without: nodes.Fields(c.Without), Absent: nodes.Fields(c.Absent),
		Within: time.Duration(c.Within), Overlap: c.Overlap, Take: nodes.Fields(c.Take)}
}
