package nodes

import (
	"context"
	"fmt"
	"strings"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
)

// Lower makes an unbound plan of a pipeline file: every node's settings decoded and turned into an operation, every
// `from` resolved to an edge. A node with a mistake keeps its place with a nil Op, so that what depends on it is not
// blamed as well. plan.Bind comes next.
func Lower(ctx context.Context, f *spec.File) (*plan.Pipeline, diag.List) {
	var list diag.List
	p := &plan.Pipeline{Name: f.Name.Value, Description: f.Description, File: f.Path, Secrets: f.Secrets}
	p.Trigger, p.TriggerAt = readTrigger(f.Trigger, &list)
	p.Checkpoint = readCheckpoint(f.Checkpoint, &list)

	byName := make(map[string]*plan.Node, len(f.Nodes))
	for i := range f.Nodes {
		n := &f.Nodes[i]
		pn := &plan.Node{ID: n.ID, Kind: n.Kind, At: n.At, ConfigAt: n.KindAt, FromAt: n.FromAt, Description: n.Description}
		pn.OnError = readOnError(n.OnError, &list)
		p.Nodes = append(p.Nodes, pn)
		byName[n.ID] = pn
	}
	for i := range f.Nodes {
		lowerNode(ctx, &f.Nodes[i], p.Nodes[i], byName, p, &list)
	}
	journals(f, p, &list)
	return p, list
}

func lowerNode(ctx context.Context, n *spec.Node, pn *plan.Node, byName map[string]*plan.Node, p *plan.Pipeline, list *diag.List) {
	defer readLanes(n, pn, list)
	for _, r := range n.From {
		e := plan.Edge{From: byName[r.Node], Output: r.Output, At: r.At}
		if e.From == nil {
			names := make([]string, len(p.Nodes))
			for i, o := range p.Nodes {
				names[i] = o.ID
			}
			d := diag.Diagnostic{Code: plan.CodeUnknownNode, At: r.At, Message: fmt.Sprintf("unknown node %q", r.Node),
				Hint: "nodes: " + strings.Join(names, ", ")}
			if near := diag.Suggest(r.Node, names); near != "" {
				d.Hint = fmt.Sprintf("did you mean %q? %s", near, d.Hint)
			}
			list.Add(d)
		}
		pn.Inputs = append(pn.Inputs, e)
	}
	if n.Kind == "" {
		return // spec has said so
	}
	e := find(n, list)
	if e == nil {
		return
	}
	if e.MaxInputs > 0 && len(n.From) > e.MaxInputs {
		list.Add(diag.Diagnostic{Code: plan.CodeInputs, At: n.FromAt,
			Message: fmt.Sprintf("%s reads one node, and %d are given", n.Kind, len(n.From)),
			Hint:    "put them together first: all: {from: [" + refs(n.From) + "], union: {}}"})
	}
	b := &Builder{Node: n, ctx: ctx, diags: list, secrets: p.Secrets}
	pn.Op = e.lower(ctx, b)
	eventTime(n, e, pn, list)
}

// find looks the node's kind up in the role that its `from` gives it.
func find(n *spec.Node, list *diag.List) *Entry {
	src, tr, sink := Find(n.Kind, Source), Find(n.Kind, Transform), Find(n.Kind, Sink)
	reads := n.FromAt.Known() || len(n.From) > 0
	if !reads {
		if src != nil {
			return src
		}
		other := tr
		if other == nil {
			other = sink
		}
		if other != nil {
			list.Add(diag.Diagnostic{Code: CodeKind, At: n.KindAt,
				Message: fmt.Sprintf("%s is a %s and needs `from`: the node that it reads", n.Kind, other.Role),
				Hint:    fmt.Sprintf("%s: {from: NODE, %s: ...}", n.ID, n.Kind)})
		}
		return nil
	}
	if tr != nil {
		return tr
	}
	if sink != nil {
		return sink
	}
	if src != nil {
		list.Add(diag.Diagnostic{Code: CodeKind, At: n.FromAt,
			Message: fmt.Sprintf("%s is a source and reads no other node", n.Kind),
			Hint:    "remove `from`"})
	}
	return nil
}

func refs(from []spec.Ref) string {
	names := make([]string, len(from))
	for i, r := range from {
		names[i] = r.Node
		if r.Output != "" {
			names[i] += "." + r.Output
		}
	}
	return strings.Join(names, ", ")
}

func readOnError(v *spec.Value, list *diag.List) plan.OnError {
	if v == nil || v.Kind == spec.Null {
		return plan.Unset
	}
	switch v.Text.Value {
	case "fail":
		return plan.Fail
	case "drop":
		return plan.Drop
	}
	list.Add(diag.Diagnostic{Code: CodeSetting, At: v.At, Message: fmt.Sprintf("on_error is fail or drop, not %q", v.Text.Value),
		Hint: "fail ends the run at the first rejected row; drop leaves it out and counts it; or read NODE.rejected"})
	return plan.Unset
}

func readTrigger(v *spec.Value, list *diag.List) (plan.Trigger, diag.Span) {
	if v == nil || v.Kind == spec.Null {
		return plan.Trigger{}, diag.Span{}
	}
	words := map[string]plan.TriggerKind{"asap": plan.ASAP, "once": plan.Once, "available_now": plan.AvailableNow}
	if k, ok := words[v.Text.Value]; ok {
		return plan.Trigger{Kind: k}, v.At
	}
	d, err := spec.ParseDuration(v.Text.Value)
	switch {
	case v.Kind != spec.Scalar || err != nil:
		dg := diag.Diagnostic{Code: CodeSetting, At: v.At, Message: fmt.Sprintf("wrong trigger %q", v.Text.Value),
			Hint: "asap, a duration such as 2s, available_now or once"}
		if near := diag.Suggest(v.Text.Value, []string{"asap", "once", "available_now"}); near != "" {
			dg.Hint = fmt.Sprintf("did you mean %q? %s", near, dg.Hint)
		}
		list.Add(dg)
	case d < time.Millisecond:
		list.Add(diag.Diagnostic{Code: CodeSetting, At: v.At, Message: "a trigger is at least 1ms",
			Hint: "asap cuts an epoch as soon as there are rows"})
	default:
		return plan.Trigger{Kind: plan.Every, Interval: d}, v.At
	}
	return plan.Trigger{}, v.At
}
