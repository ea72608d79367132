package nodes

import (
	"fmt"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// Timing is where event time comes from: the settings of `event_time` beside a source, and of the kind watermark.
type Timing struct {
	Column spec.Name     `yaml:"column" doc:"The column that tells when a row happened: a timestamp." required:"true"`
	Delay  spec.Duration `yaml:"delay" doc:"How far behind the newest row an older one may come and still be in time. The watermark is the newest time less this." default:"0s" min:"0s"`
	Idle   spec.Duration `yaml:"idle_timeout" doc:"After this long without a row the source no longer holds back what waits for the watermark of several inputs. Without it, it does for ever." default:"0s" min:"0s"`
}

// Plan is the timing as the plan has it.
func (t Timing) Plan() plan.Timing {
	return plan.Timing{Column: t.Column.Text, Delay: time.Duration(t.Delay), Idle: time.Duration(t.Idle)}
}

// eventTime reads `event_time`, which only a source has.
func eventTime(n *spec.Node, e *Entry, pn *plan.Node, list *diag.List) {
	v := n.EventTime
	if v == nil || v.Kind == spec.Null {
		return
	}
	if e.Role != Source {
		list.Add(diag.Diagnostic{Code: CodeUnusedKey, At: v.At,
			Message: fmt.Sprintf("event_time belongs to a source, and %s is a %s", n.Kind, e.Role),
			Hint:    "write it beside the source, or put a watermark in between: timed: {from: NODE, watermark: {column: at, delay: 10s}}"})
		return
	}
	var t Timing
	found := spec.Decode(v, &t, v.At, "event_time")
	list.Add(found...)
	if scan, ok := pn.Op.(*plan.Scan); ok && !found.HasErrors() {
		made := t.Plan()
		scan.Timing = &made
	}
}
