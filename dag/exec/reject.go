package exec

import (
	"flowrun/dag/batch"
	"flowrun/dag/plan"
)

// rejectRows deals with rows of b that could not be processed; their text is only made where somebody reads it.
func (n *node) rejectRows(e *emitter, b *batch.Batch, failed []batch.Failure) error {
	var t tally
	var rejects []batch.Reject
	routed := len(n.routed()) > 0
	if routed {
		rejects = make([]batch.Reject, 0, len(failed))
	}
	now := n.run.o.Now()
	for _, f := range failed {
		r := batch.Reject{At: now, Node: n.id(), Reason: f.Reason, Detail: f.Detail}
		if routed {
			r.Raw = e.raw.row(b, f.Row)
			rejects = append(rejects, r)
		}
		if err := t.add(n, r); err != nil {
			return err
		}
	}
	if err := t.end(n); err != nil {
		return err
	}
	return n.route(e, rejects)
}

// rejectInputs deals with inputs of a source that became no row. list is not changed, since the batch may be shared.
func (n *node) rejectInputs(e *emitter, list []batch.Reject) error {
	var t tally
	rejects := make([]batch.Reject, len(list))
	for i, r := range list {
		if r.Node == "" {
			r.Node = n.id()
		}
		if r.At.IsZero() {
			r.At = n.run.o.Now()
		}
		rejects[i] = r
		if err := t.add(n, r); err != nil {
			return err
		}
	}
	if err := t.end(n); err != nil || len(n.routed()) == 0 {
		return err
	}
	return n.route(e, rejects)
}

// tally counts rejects of one reason that follow each other, so that many bad rows cost one look each and not a lock.
type tally struct {
	first batch.Reject
	n     int
}

func (t *tally) add(n *node, r batch.Reject) error {
	if t.n > 0 && t.first.Reason == r.Reason && t.first.Cut == r.Cut {
		t.n++
		return nil
	}
	err := t.end(n)
	t.first, t.n = r, 1
	return err
}

// end counts what was added and, where nobody reads the rejects, does what on_error says. What the stop of the run cut off
// is dropped in any case: a run that is stopped ends well.
func (t *tally) end(n *node) error {
	if t.n == 0 {
		return nil
	}
	switch {
	case len(n.routed()) > 0:
		n.rt.warnReject("row rejected, sent to "+n.id()+".rejected", &t.first, t.n)
	case n.plan.OnError == plan.Drop, t.first.Cut:
		n.rt.warnReject("row dropped", &t.first, t.n)
	default:
		// The run ends before the row has its fate, so it is not counted.
		return &RejectError{Reason: t.first.Reason, Detail: t.first.Detail}
	}
	n.meter.reasons.add(t.first.Reason, t.n)
	return nil
}

// route sends rejects, as rows, to those who read them.
func (n *node) route(e *emitter, rejects []batch.Reject) error {
	for len(rejects) > 0 {
		some := rejects[:min(len(rejects), n.run.o.BatchRows)]
		rejects = rejects[len(some):]
		if err := e.send(n.routed(), batch.FromRejects(some, n.run.o.Allocator)); err != nil {
			return err
		}
	}
	return nil
}
