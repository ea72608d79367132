package exec

import (
	"flowrun/dag/batch"
	"flowrun/dag/plan"
)

// rejectRows deals with rows of b that could not be processed; their text is only made where somebody reads it.
func (n *node) rejectRows(e *emitter, b *batch.Batch, failed []batch.Failure) error {
	routed := len(n.routed()) > 0
	now := n.run.o.Now()
	var rejects []batch.Reject
	if routed {
		rejects = make([]batch.Reject, 0, len(failed))
	}
	for _, f := range failed {
		r := batch.Reject{At: now, Node: n.id(), Reason: f.Reason, Detail: f.Detail}
		if routed {
			r.Raw = n.raw.row(b, f.Row)
			rejects = append(rejects, r)
		}
		if err := n.rejected(&r, routed); err != nil {
			return err
		}
	}
	return n.route(e, rejects)
}

// rejectInputs deals with inputs of a source that became no row. list is not changed, since the batch may be shared.
func (n *node) rejectInputs(e *emitter, list []batch.Reject) error {
	routed := len(n.routed()) > 0
	var rejects []batch.Reject
	if routed {
		rejects = make([]batch.Reject, 0, len(list))
	}
	for _, r := range list {
		if r.Node == "" {
			r.Node = n.id()
		}
		if r.At.IsZero() {
			r.At = n.run.o.Now()
		}
		if routed {
			rejects = append(rejects, r)
		}
		if err := n.rejected(&r, routed); err != nil {
			return err
		}
	}
	return n.route(e, rejects)
}

// rejected counts one reject and, where nobody reads it, does what on_error says.
func (n *node) rejected(r *batch.Reject, routed bool) error {
	n.meter.reasons.add(r.Reason)
	switch {
	case routed:
	case n.plan.OnError == plan.Drop:
		n.rt.warnReject(r)
	default:
		return &RejectError{Reason: r.Reason, Detail: r.Detail}
	}
	return nil
}

// route sends rejects, as rows, to those who read them.
func (n *node) route(e *emitter, rejects []batch.Reject) error {
	for len(rejects) > 0 {
		some := rejects[:min(len(rejects), n.run.o.BatchRows)]
		rejects = rejects[len(some):]
		b := batch.FromRejects(some, n.run.o.Allocator)
		if err := e.send(n.routed(), b); err != nil {
			return err
		}
	}
	return nil
}
