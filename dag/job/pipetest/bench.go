package pipetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/op"
	"flowrun/dag/plan"
	"flowrun/nodes"
)

// bench is the plan of a test: the pipeline's own, and what reads the outputs that the test expects rows of.
type bench struct {
	plan  *plan.Pipeline
	taps  map[string]*plan.Node    // by what is expected: a node that collects
	scans map[string]*arrow.Schema // of the sources
}

func (b *bench) node(id string) *plan.Node {
	for _, n := range b.plan.Nodes {
		if n.ID == id {
			return n
		}
	}
	return nil
}

// names are the nodes for which yes is true; nil: of all.
func (b *bench) names(yes func(*plan.Node) bool) []string {
	var names []string
	for _, n := range b.plan.Nodes {
		if n.Kind != tapKind && (yes == nil || yes(n)) {
			names = append(names, n.ID)
		}
	}
	return names
}

func unknown(what, name string, known []string) (message, hint string) {
	hint = "known: " + strings.Join(known, ", ")
	if near := diag.Suggest(name, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return fmt.Sprintf("the pipeline has no %s %q", what, name), hint
}

// checkSource says what is wrong with a name under input; "": nothing.
func (b *bench) checkSource(name string) (message, hint string) {
	sources := b.names(isScan)
	switch n := b.node(name); {
	case n == nil:
		return unknown("source", name, sources)
	case !isScan(n):
		return name + " is no source, so a test gives it no rows", "sources: " + strings.Join(sources, ", ")
	}
	return "", ""
}

func isScan(n *plan.Node) bool { _, ok := n.Op.(*plan.Scan); return ok }
func isSink(n *plan.Node) bool { _, ok := n.Op.(*plan.Write); return ok }

// tapKind is the kind of the nodes that a test adds. No kind of a file has a space in its name, and no node either.
const tapKind = "test sink"

// tap makes sure that the rows of a node or output are collected. It says what is wrong with the name; "": nothing.
func (b *bench) tap(of string, at diag.Span) (message, hint string) {
	if b.taps[of] != nil {
		return "", ""
	}
	id, output, _ := strings.Cut(of, ".")
	n := b.node(id)
	switch {
	case n == nil:
		return unknown("node", id, b.names(nil))
	case isSink(n) && output != "":
		return fmt.Sprintf("%s is a sink, which a test replaces, so it rejects nothing", id), "expect the rows that it takes: " + id
	}
	if b.taps == nil {
		b.taps = map[string]*plan.Node{}
	}
	if isSink(n) {
		b.taps[of] = n
		return "", ""
	}
	t := &plan.Node{ID: "expect " + of, Kind: tapKind, At: at, ConfigAt: at, FromAt: at, OnError: plan.Fail,
		Op: &plan.Write{Kind: tapKind}, Inputs: []plan.Edge{{From: n, Output: output, At: at}}}
	b.plan.Nodes = append(b.plan.Nodes, t)
	b.taps[of] = t
	return "", ""
}

// bind binds the plan, taps and all, and rewrites it as for any run. Warnings have been given with the pipeline itself.
func (b *bench) bind() diag.List {
	list := slices.DeleteFunc(plan.Bind(b.plan), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	if len(list) == 0 {
		for _, n := range b.taps {
			n.Op.(*plan.Write).ExprsOnly = false // also of a sink that looks at no row, the test looks at them all
		}
		plan.Rewrite(b.plan)
	}
	// Epochs end where the steps of the test do.
	b.plan.Trigger = plan.Trigger{Kind: plan.Once}
	b.scans = map[string]*arrow.Schema{}
	for _, n := range b.plan.Nodes {
		if isScan(n) && n.Output("") != nil {
			b.scans[n.ID] = n.Output("").Schema
		}
	}
	return list
}

// schema is that of the rows which are expected of a node or output.
func (b *bench) schema(of string) *arrow.Schema { return b.taps[of].Op.(*plan.Write).Schema }

// ends makes the ends of a run of the bench.
type ends struct {
	sources map[string]*source
	sinks   map[*plan.Node]*collector
	step    func() int // the one under way
}

func (e *ends) Source(n *plan.Node) (op.Source, error) {
	s := newSource()
	e.sources[n.ID] = s
	return s, nil
}

func (e *ends) Sink(n *plan.Node) (op.Sink, error) {
	c := newCollector(e.step)
	e.sinks[n] = c
	return c, nil
}

// Table makes the real one: what is looked up in is there in tests too, as files are.
func (e *ends) Table(n *plan.Node) (op.Table, error) { return nodes.Connectors{}.Table(n) }
