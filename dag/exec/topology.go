package exec

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/live"
	"flowrun/dag/plan"
	"flowrun/dag/schema"
)

// Topology is the graph as it was built; see live.Run.
func (r *Run) Topology(context.Context) (live.Topology, error) { return r.topology, nil }

// draw makes the topology.
func (r *Run) draw() live.Topology {
	t := live.Topology{
		Pipeline: r.plan.Name, Description: r.plan.Secrets.Mask(r.plan.Description), File: r.plan.File,
		Where: r.o.Where, Trigger: r.plan.Trigger.String(),
	}
	for _, n := range r.nodes {
		t.Nodes = append(t.Nodes, n.draw())
	}
	for _, e := range r.edges {
		t.Edges = append(t.Edges, live.Edge{
			ID: e.id, From: e.from.id(), Output: e.output, To: e.to.id(), Port: e.port, Capacity: cap(e.ch), Chained: e.chained,
		})
	}
	return t
}

func (n *node) draw() live.Node {
	p, mask := n.plan, n.run.plan.Secrets.Mask
	d := live.Node{ID: p.ID, Kind: p.Kind, Role: n.role, Description: mask(p.Description), Detail: mask(detail(p.Op)), Lanes: n.shown(), Sharable: n.sharable()}
	if n.role == live.Sink {
		d.Promise = plan.PromiseOfSink(p)
	}
	if scan, ok := p.Op.(*plan.Scan); ok {
		d.Streaming = !scan.Bounded
	}
	if p.At.Known() {
		d.Place = p.At.String()
	}
	var first *arrow.Schema
	for _, in := range p.Inputs {
		if o := in.Source(); o != nil && o.Schema != nil {
			d.Inputs = append(d.Inputs, describe(o, in.Output))
			if first == nil {
				first = o.Schema
			}
		}
	}
	for _, o := range p.Outputs {
		if o.Schema == nil || o.Name != "" && !o.Read {
			continue
		}
		made := describe(o, o.Name)
		if first != nil && o.Name != plan.RejectedOutput {
			made.Changes = schema.Diff(first, o.Schema, renamed(p.Op)...)
		}
		d.Outputs = append(d.Outputs, made)
	}
	return d
}

func describe(o *plan.Output, name string) live.Schema {
	return live.Schema{Output: name, Mode: o.Mode.String(), Columns: columnsOf(o), Tree: schema.Tree(o.Schema)}
}

// columnsOf describes the columns of an output.
func columnsOf(o *plan.Output) []live.Column {
	columns := batch.Columns(o.Schema)
	for i := range columns {
		columns[i].Unread = !o.Needs(i)
	}
	return columns
}

// renamed are the columns to which an operation only gives other names.
func renamed(o plan.Op) []schema.Renamed {
	p, ok := o.(*plan.Project)
	if !ok {
		return nil
	}
	all := make([]schema.Renamed, len(p.Rename))
	for i, r := range p.Rename {
		all[i] = schema.Renamed{Old: r.Old.Value, New: r.New.Value}
	}
	return all
}

// detail is the one thing to know of an operation.
func detail(o plan.Op) string {
	switch o := o.(type) {
	case *plan.Scan:
		return o.Detail
	case *plan.Write:
		return o.Detail
	case *plan.Filter:
		return o.Cond.Text.Value
	case *plan.Project:
		return project(o)
	case *plan.Explode:
		return o.Item.Name.Value + ": " + o.Item.Expr.Text.Value
	case *plan.Limit:
		return strconv.FormatInt(o.Rows, 10) + " rows"
	case *plan.Parse:
		return o.Column.Value + " as " + o.As
	case *plan.Lookup:
		return o.Place()
	case *plan.Route:
		texts := make([]string, len(o.Branches))
		for i, b := range o.Branches {
			texts[i] = b.Name.Value + ": " + b.Cond.Text.Value
		}
		return strings.Join(texts, ", ")
	case *plan.Sample:
		return strconv.FormatFloat(o.Rate, 'g', -1, 64) + " of the rows"
	case *plan.RateLimit:
		return strconv.FormatFloat(o.RowsPerSecond, 'f', -1, 64) + " rows/s"
	case *plan.Aggregate:
		return window(o.Window) + aggregate(o)
	case *plan.Watermark:
		return fmt.Sprintf("%s, %s behind", o.Timing.Column.Value, o.Timing.Delay)
	case *plan.Dedupe:
		text := "by " + items(o.By)
		if o.Within > 0 {
			text += fmt.Sprintf(" within %s", o.Within)
		}
		return text
	case *plan.Match:
		names := make([]string, len(o.Steps))
		for i, it := range o.Steps {
			names[i] = it.Name.Value
		}
		text := strings.Join(names, " then ")
		for i, it := range o.Absent {
			if i == 0 {
				text += " then no "
			} else {
				text += " or "
			}
			text += it.Name.Value
		}
		if len(o.By) > 0 {
			text += " by " + items(o.By)
		}
		return text + " within " + o.Within.String()
	case *plan.Fold:
		texts := make([]string, len(o.Next))
		for i, it := range o.Next {
			texts[i] = it.Name.Value + ": " + it.Expr.Text.Value
		}
		text := strings.Join(texts, ", ")
		if len(o.By) > 0 {
			text += " by " + items(o.By)
		}
		return text
	case *plan.Join:
		keys := make([]string, len(o.On))
		for i, k := range o.On {
			keys[i] = k.Left.Value
		}
		return o.Type.String() + " on " + strings.Join(keys, ", ")
	case *plan.Top:
		return fmt.Sprintf("%d by %s", o.N, items(o.By))
	}
	return ""
}

// window is how an aggregate cuts time, with a blank behind it; "" where it does not.
func window(w *plan.Window) string {
	switch {
	case w == nil:
		return ""
	case w.Session && w.Gap.P != nil:
		return fmt.Sprintf("sessions %s: ", w.Gap.Text.Value)
	case w.Session:
		return fmt.Sprintf("sessions %s: ", w.Size)
	case w.Every < w.Size:
		return fmt.Sprintf("%s every %s: ", w.Size, w.Every)
	}
	return fmt.Sprintf("%s: ", w.Size)
}

func aggregate(o *plan.Aggregate) string {
	takes := make([]string, len(o.Take))
	for i, t := range o.Take {
		takes[i] = t.Name.Value + ": " + t.Text.Value
	}
	if len(o.By) == 0 {
		return strings.Join(takes, ", ")
	}
	return fmt.Sprintf("%s by %s", strings.Join(takes, ", "), items(o.By))
}

func project(o *plan.Project) string {
	var texts []string
	for _, d := range o.Drop {
		texts = append(texts, d.Value)
	}
	for _, r := range o.Rename {
		texts = append(texts, r.Old.Value+": "+r.New.Value)
	}
	if len(o.Items) > 0 {
		texts = append(texts, items(o.Items))
	}
	return strings.Join(texts, ", ")
}

func items(list []plan.Item) string {
	texts := make([]string, len(list))
	for i, it := range list {
		texts[i] = it.Name.Value
		if !it.Bare {
			texts[i] += ": " + it.Expr.Text.Value
		}
	}
	return strings.Join(texts, ", ")
}
