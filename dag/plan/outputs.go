package plan

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/diag"
)

// The reserved names of outputs. RejectedOutput carries the rejects of any node, LateOutput the rows that came behind the
// watermark (of a join, whose inputs have different columns, LateLeftOutput and LateRightOutput do), ElseOutput what no branch took.
const (
	RejectedOutput  = "rejected"
	LateOutput      = "late"
	LateLeftOutput  = "late_left"
	LateRightOutput = "late_right"
	ElseOutput      = "else"
)

// Declared is an output that an operation has beside [RejectedOutput].
type Declared struct {
	Name string    // "" is the main one
	At   diag.Span // where the file names it; unknown where the operation has it of itself
	// Optional: it may stay unread. The operator then counts its rows and does not emit them.
	Optional bool
}

// Declares lists what can be read of a node beside its rejects, as its operation declares it: nothing of a sink, and the
// main output alone of an operation that declares nothing. Of a node without an operation nothing is known.
func (n *Node) Declares() []Declared {
	switch o := n.Op.(type) {
	case nil, *Write:
		return nil
	case interface{ outputs() []Declared }:
		return o.outputs()
	}
	return []Declared{{}}
}

func (o *Route) outputs() []Declared {
	all := make([]Declared, 0, len(o.Branches)+1)
	for _, b := range o.Branches {
		all = append(all, Declared{Name: b.Name.Value, At: b.Name.At})
	}
	return append(all, Declared{Name: ElseOutput, Optional: true})
}

// address is how a `from` names an output.
func address(n *Node, output string) string {
	if output == "" {
		return n.ID
	}
	return n.ID + "." + output
}

// addresses are all that a `from` can name of a node.
func addresses(n *Node) []string {
	var all []string
	for _, d := range n.Declares() {
		all = append(all, address(n, d.Name))
	}
	return append(all, address(n, RejectedOutput))
}

// output checks that the edge's output exists.
func (b *binder) output(e Edge) {
	if e.From == nil || e.From.Op == nil || e.Output == RejectedOutput {
		return
	}
	has := func(d Declared) bool { return d.Name == e.Output }
	if slices.ContainsFunc(e.From.Declares(), has) {
		return
	}
	id, all := e.From.ID, addresses(e.From)
	if e.Output != "" {
		hint := id + " has: " + strings.Join(all, ", ")
		if near := diag.Suggest(address(e.From, e.Output), all); near != "" {
			hint = "did you mean " + near + "?"
			if len(all) > 2 {
				hint += " " + id + " has: " + strings.Join(all, ", ")
			}
		}
		b.report(CodeUnknownOutput, e.At, hint, "%s has no output %q", id, e.Output)
		return
	}
	if w, ok := e.From.Op.(*Write); ok {
		b.report(CodeUnknownOutput, e.At, "read what "+id+" reads", "%s is a sink (%s) and has no output but %s", id, w.Kind, all[0])
		return
	}
	b.report(CodeUnknownOutput, e.At, "read one of its outputs: "+strings.Join(all, ", "),
		"%s (%s) has no main output: which of its rows are meant has to be said", id, e.From.Kind)
}

// unread reports outputs whose rows nobody reads.
func (b *binder) unread() {
	for _, n := range b.p.Nodes {
		_, source := n.Op.(*Scan)
		lost := !source && len(n.Inputs) == 0
		for _, e := range n.Inputs {
			lost = lost || e.From == nil
		}
		if lost {
			return // a `from` that is missing or misspelt may be the reason
		}
	}
	for _, n := range b.p.Nodes {
		all := n.Declares()
		wanted := slices.DeleteFunc(slices.Clone(all), func(d Declared) bool {
			return d.Optional || isRead(b.p, n, d.Name) || d.Name != "" && notAnOutput(d.Name) != ""
		})
		if len(wanted) == 0 || !nameForm.MatchString(n.ID) || b.misread(n) {
			continue
		}
		read := slices.ContainsFunc(all, func(d Declared) bool { return isRead(b.p, n, d.Name) })
		if !read && len(all) > 1 {
			b.report(CodeUnread, n.At, "let nodes read its outputs: "+strings.Join(addresses(n), ", "), "nothing reads %s", n.ID)
			continue
		}
		for _, d := range wanted {
			at, what := n.At, address(n, d.Name)
			if d.At.Known() {
				at = d.At
			}
			b.report(CodeUnread, at, fmt.Sprintf("let a node read it (from: %s), for instance `show: {from: %s, console: {}}`, or remove it", what, what),
				"nothing reads %s", what)
		}
	}
}

// misread reports whether a node reads an output that n does not have: then one that nobody reads may be meant.
func (b *binder) misread(n *Node) bool {
	has := n.Declares()
	for _, m := range b.p.Nodes {
		for _, e := range m.Inputs {
			if e.From == n && e.Output != RejectedOutput && !slices.ContainsFunc(has, func(d Declared) bool { return d.Name == e.Output }) {
				return true
			}
		}
	}
	return false
}

func isRead(p *Pipeline, n *Node, output string) bool {
	for _, m := range p.Nodes {
		for _, e := range m.Inputs {
			if e.From == n && e.Output == output {
				return true
			}
		}
	}
	return false
}
