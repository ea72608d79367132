package plan

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// Bind checks the graph and types every edge of it, in place: outputs get their schemas, expressions their programs,
// rejected rows their policy. It reports all mistakes that it can find; where a mistake hides a schema, what lies behind
// is only checked for syntax and not blamed. The plan may be run only if the list has no errors.
func Bind(p *Pipeline) diag.List {
	b := &binder{p: p}
	order := b.sort()
	b.unread()
	for _, n := range order {
		b.node(n)
	}
	b.pace(order)
	b.trigger()
	b.alone()
	b.empty()
	b.list.Sort()
	return b.list
}

type binder struct {
	p    *Pipeline
	list diag.List
}

func (b *binder) report(code diag.Code, at diag.Span, hint, format string, args ...any) {
	b.list.Add(diag.Diagnostic{Code: code, At: at, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

// node types one node; its inputs have been typed before.
func (b *binder) node(n *Node) {
	b.onError(n)
	in, known := b.input(n)
	b.lanes(n, in)
	if n.Op == nil {
		b.reserve(n)
		return
	}
	var out *Output // of every output that the operation declares
	switch o := n.Op.(type) {
	case *Scan:
		if o.Schema != nil {
			out = &Output{Schema: schema.Plain(o.Schema)}
			if o.Timing != nil {
				out.Time = b.timing(o.Timing, n, out)
			}
		}
	case *Filter:
		b.filter(n, o, in)
		out = in.passOn()
	case *Project:
		out = b.project(n, o, in)
	case *Explode:
		out = b.explode(n, o, in)
	case *Limit:
		out = in.passOn()
	case *Parse:
		out = b.parse(n, o, in)
	case *Route:
		b.route(n, o, in)
		out = in.passOn()
	case *Sample:
		b.sample(n, o, in)
		out = in.passOn()
	case *RateLimit:
		out = in.passOn()
	case *Watermark:
		out = b.watermark(n, o, in)
	case *Join:
		out = b.join(n, o)
	case *Sort:
		out = b.sorted(n, o, in)
	case *Top:
		out = b.top(n, o, in)
	case *Lookup:
		out = b.lookup(n, o, in)
	case *Dedupe:
		out = b.dedupe(n, o, in)
	case *Fold:
		out = b.fold(n, o, in)
	case *Match:
		out = b.pattern(n, o, in)
	case *Union:
		out = b.union(n, o)
	case *Aggregate:
		out = b.aggregate(n, o, in)
	case *Write:
		b.ends(n, o)
		b.settings(n, o, in)
		if known {
			o.Schema, o.Mode, o.Key = in.Schema, in.Mode, in.Key
			b.upserts(n, o, in)
		}
	default:
		panic(fmt.Sprintf("plan: Bind does not know %T", o))
	}
	if out != nil {
		for _, d := range n.Declares() {
			one := *out
			if port, late := latePort(d.Name); late {
				_, windows := n.Op.(*Aggregate)
				one = *b.late(n, port, d.Name, windows)
			}
			one.Name, one.Read = d.Name, isRead(b.p, n, d.Name)
			n.Outputs = append(n.Outputs, &one)
		}
	}
	b.reserve(n)
}

// reserve adds the outputs that every node has.
func (b *binder) reserve(n *Node) {
	n.Outputs = append(n.Outputs, &Output{Name: RejectedOutput, Schema: schema.Rejected, Read: isRead(b.p, n, RejectedOutput)})
}

// input returns the typed output that a node of one input reads; known is false where it has none, or an error hid it.
// The returned output is never nil.
func (b *binder) input(n *Node) (in *Output, known bool) {
	for _, e := range n.Inputs {
		b.output(e)
	}
	if len(n.Inputs) == 0 {
		return &Output{}, false
	}
	if o := n.Inputs[0].Source(); o != nil && o.Schema != nil {
		return o, true
	}
	return &Output{}, false
}

// ends notes whether a source above a sink never ends, and refuses that where the sink waits for the end.
func (b *binder) ends(n *Node, o *Write) {
	o.Checkpointed, o.Pipeline = b.p.Checkpoint != nil, b.p.Name
	for _, s := range Sources(n) {
		scan, ok := s.Op.(*Scan)
		if !ok || scan.Bounded {
			continue
		}
		o.Live = true
		if o.AtEnd != nil {
			b.list.Add(diag.Diagnostic{Code: CodeNoEnd, At: o.AtEnd.At, Hint: o.AtEnd.Hint,
				Message: fmt.Sprintf("%s, and %s (%s) has none", o.AtEnd.Message, s.ID, s.Kind),
				Notes:   []diag.Diagnostic{{At: s.At, Message: s.ID + " is a live source"}}})
		}
	}
}

// passOn is the output of a node that changes no column.
func (o *Output) passOn() *Output {
	if o.Schema == nil {
		return nil
	}
	return &Output{Schema: o.Schema, Mode: o.Mode, Time: o.Time, Key: o.Key}
}

// onError chooses the policy of a node that says none: fail where stopping loses nothing.
func (b *binder) onError(n *Node) {
	if n.OnError != Unset {
		return
	}
	n.OnError = Fail
	for _, s := range Sources(n) {
		if scan, ok := s.Op.(*Scan); ok && !scan.Replays {
			n.OnError = Drop
		}
	}
}

// Sources returns the sources above a node, itself if it is one, in the order in which they are found.
func Sources(n *Node) []*Node {
	var found []*Node
	seen := map[*Node]bool{}
	var walk func(*Node)
	walk = func(n *Node) {
		if n == nil || seen[n] {
			return
		}
		seen[n] = true
		if len(n.Inputs) == 0 {
			found = append(found, n)
		}
		for _, e := range n.Inputs {
			walk(e.From)
		}
	}
	walk(n)
	return found
}

func (b *binder) trigger() {
	if k := b.p.Trigger.Kind; k != Once && k != AvailableNow {
		return
	}
	for _, n := range b.p.Nodes {
		if s, ok := n.Op.(*Scan); ok && !s.UntilNow {
			b.list.Add(diag.Diagnostic{Code: CodeTrigger, At: b.p.TriggerAt,
				Message: fmt.Sprintf("trigger %s needs sources that can say what is there now, and %s (%s) cannot", b.p.Trigger, n.ID, n.Kind),
				Hint:    "trigger: asap, and end the run with --duration or ctrl+c",
				Notes:   []diag.Diagnostic{{At: n.At, Message: n.ID + " is a live source"}}})
		}
	}
}

// alone reports the second and later sources that read what only one can.
func (b *binder) alone() {
	first := map[string]*Node{}
	for _, n := range b.p.Nodes {
		s, ok := n.Op.(*Scan)
		if !ok || s.Alone == "" {
			continue
		}
		f := first[s.Alone]
		if f == nil {
			first[s.Alone] = n
			continue
		}
		b.list.Add(diag.Diagnostic{Code: CodeShared, At: n.At,
			Message: fmt.Sprintf("%s reads %s, which %s reads already", n.ID, s.Alone, f.ID),
			Hint:    fmt.Sprintf("any number of nodes can read %s: from: %s", f.ID, f.ID),
			Notes:   []diag.Diagnostic{{At: f.At, Message: f.ID + " is here"}}})
	}
}

func (b *binder) empty() {
	if b.list.HasErrors() || len(b.p.Nodes) == 0 {
		return
	}
	var sources, sinks int
	for _, n := range b.p.Nodes {
		switch n.Op.(type) {
		case nil:
			return // what it would have been is not known
		case *Scan:
			sources++
		case *Write:
			sinks++
		}
	}
	if sources == 0 || sinks == 0 {
		b.report(CodeEmpty, diag.Span{File: b.p.File}, "add a source such as `lines: {socket: {port: 1100}}` and a sink such as `console: {from: lines, console: {}}`",
			"the pipeline has %d sources and %d sinks", sources, sinks)
	}
}

// names lists the columns of a schema for a message.
func names(s *arrow.Schema) string {
	if s == nil {
		return ""
	}
	all := make([]string, s.NumFields())
	for i, f := range s.Fields() {
		all[i] = f.Name
	}
	return strings.Join(all, ", ")
}
