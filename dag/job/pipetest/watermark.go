package pipetest

import (
	"context"
	"fmt"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/exec"
	"flowrun/dag/spec"
)

// mark is the watermark that a node has to know at the end of a step.
type mark struct {
	node string
	at   diag.Span
	want time.Time // zero: none
}

// compare holds a node's watermark to what is expected; nil: it is the same.
func (m mark) compare(came map[string]time.Time) *Difference {
	if came[m.node].Equal(m.want) {
		return nil
	}
	d := &Difference{Watermark: fmt.Sprintf("should be %s, and is %s", momentText(m.want), momentText(came[m.node]))}
	d.of, d.at = m.node, m.at
	return d
}

func momentText(at time.Time) string {
	if at.IsZero() {
		return "null"
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// watermarks reads the watermark of each node that has one.
func watermarks(run *exec.Run) map[string]time.Time {
	all := map[string]time.Time{}
	t, err := run.Topology(context.Background())
	if err != nil {
		return all
	}
	for i, st := range run.Snapshot().Nodes {
		if !st.Watermark.IsZero() {
			all[t.Nodes[i].ID] = st.Watermark
		}
	}
	return all
}

// marks reads `watermarks: {NODE: TIME}` of a step.
func (r *reader) marks(b *bench, v *spec.Value) []mark {
	var all []mark
	for _, e := range r.entries(v, "watermarks", "a map of nodes to times: {readings: 2026-01-01T00:00:50Z}") {
		r.expects = true
		if n := b.node(e.Key); n == nil || n.Kind == tapKind {
			message, hint := unknown("node", e.Key, b.names(nil))
			r.report(CodePlace, e.KeyAt, message, hint)
			continue
		}
		m := mark{node: e.Key, at: e.KeyAt}
		switch {
		case e.Value.Broken():
			continue
		case e.Value.Kind == spec.Null:
		default:
			at, ok := time.Time{}, false
			if e.Value.Kind == spec.Scalar {
				at, ok = moment(e.Value.Text.Value)
			}
			if !ok {
				r.report(CodeRow, e.Value.At, "the watermark of "+e.Key+" is no timestamp",
					"write "+examples["timestamp"]+", or ~ where the node has none yet")
				continue
			}
			m.want = at
		}
		all = append(all, m)
	}
	return all
}
