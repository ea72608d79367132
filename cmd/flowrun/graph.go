package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"flowrun/dag/live"
	"flowrun/dag/plan"
	"flowrun/tui/pane"
	"flowrun/tui/theme"
)

func newGraph(std streams) *cobra.Command {
	var f fileFlags
	var format string
	var ascii bool
	c := &cobra.Command{
		Use:   "graph FILE",
		Short: "Draw the graph: as text, or for Mermaid or Graphviz",
		RunE: func(c *cobra.Command, args []string) error {
			path, err := oneFile(c, args)
			if err != nil {
				return err
			}
			draw := map[string]func(io.Writer, live.Topology) error{
				"text":    func(w io.Writer, t live.Topology) error { return graphText(w, t, ascii) },
				"mermaid": graphMermaid, "dot": graphDot,
			}[format]
			if draw == nil {
				return usage("--format is text, mermaid or dot, not %q", format)
			}
			j, err := f.load(c.Context(), "graph", std, path)
			if err != nil {
				return err
			}
			return draw(std.out, topology(j.Plan))
		},
	}
	f.add(c)
	c.Flags().StringVar(&format, "format", "text", "how to draw: text, mermaid or dot")
	c.Flags().BoolVar(&ascii, "ascii", false, "draw text with ASCII characters only")
	return c
}

// topology is the graph of a plan as a watcher would see it, without what only a run knows.
func topology(p *plan.Pipeline) live.Topology {
	t := live.Topology{Pipeline: p.Name, Description: p.Description, File: p.File, Trigger: p.Trigger.String()}
	for _, n := range p.Nodes {
		d := live.Node{ID: n.ID, Kind: n.Kind, Role: live.Transform, Description: n.Description}
		if n.Parallelism > 1 {
			d.Lanes = n.Parallelism
		}
		switch o := n.Op.(type) {
		case *plan.Scan:
			d.Role, d.Detail = live.Source, p.Secrets.Mask(o.Detail)
		case *plan.Write:
			d.Role, d.Detail = live.Sink, p.Secrets.Mask(o.Detail)
		}
		t.Nodes = append(t.Nodes, d)
		for port, in := range n.Inputs {
			t.Edges = append(t.Edges, live.Edge{From: in.From.ID, Output: in.Output, To: n.ID, Port: port})
		}
	}
	return t
}

// graphText draws boxes and lines; a graph too large for that becomes a list of its edges.
func graphText(w io.Writer, t live.Topology, ascii bool) error {
	g := &theme.Unicode
	if ascii {
		g = &theme.ASCII
	}
	lines := pane.Drawing(t, g)
	if lines == nil {
		for _, e := range t.Edges {
			lines = append(lines, outputOf(e)+" "+g.Arrow+" "+e.To)
		}
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

func outputOf(e live.Edge) string {
	if e.Output == "" {
		return e.From
	}
	return e.From + "." + e.Output
}

// graphMermaid writes a flowchart. Nodes are numbered, since a name may be a word of Mermaid's own.
func graphMermaid(w io.Writer, t live.Topology) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	number := map[string]int{}
	shapes := map[live.Role][2]string{live.Source: {"([", "])"}, live.Transform: {"[", "]"}, live.Sink: {"[[", "]]"}}
	for i, n := range t.Nodes {
		number[n.ID] = i + 1
		shape := shapes[n.Role]
		fmt.Fprintf(&b, "  n%d%s\"%s<br/>%s\"%s\n", i+1, shape[0], n.ID, n.Kind, shape[1])
	}
	for _, e := range t.Edges {
		arrow := "-->"
		if e.Output != "" {
			arrow = "-->|" + e.Output + "|"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", number[e.From], arrow, number[e.To])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// graphDot writes a digraph for Graphviz. Names hold no quotes.
func graphDot(w io.Writer, t live.Topology) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR\n  node [shape=box, style=rounded]\n", dotQuoted(t.Pipeline))
	shapes := map[live.Role]string{live.Source: ", shape=oval", live.Sink: ", peripheries=2"}
	for _, n := range t.Nodes {
		fmt.Fprintf(&b, "  \"%s\" [label=\"%s\\n%s\"%s]\n", n.ID, n.ID, n.Kind, shapes[n.Role])
	}
	for _, e := range t.Edges {
		label := ""
		if e.Output != "" {
			label = " [label=\"" + e.Output + "\"]"
		}
		fmt.Fprintf(&b, "  \"%s\" -> \"%s\"%s\n", e.From, e.To, label)
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotQuoted makes an identifier of any text.
func dotQuoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}
