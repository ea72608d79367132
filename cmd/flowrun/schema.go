package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/spf13/cobra"

	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/nodes"
)

func newSchema(std streams) *cobra.Command {
	var f fileFlags
	c := &cobra.Command{
		Use:   "schema FILE [NODE]",
		Short: "Print the schema of every node, in the form of Spark's printSchema",
		RunE: func(c *cobra.Command, args []string) error {
			only := ""
			if len(args) == 2 {
				only, args = args[1], args[:1]
			}
			path, err := oneFile(c, args)
			if err != nil {
				return err
			}
			j, err := f.load(c.Context(), "schema", std, path)
			if err != nil {
				return err
			}
			nodes := j.Plan.Nodes
			if only != "" {
				if nodes = pick(nodes, only); nodes == nil {
					return usage("%s has no node %q", path, only)
				}
			}
			if f.json {
				return schemaJSON(std.out, nodes)
			}
			for _, n := range nodes {
				writeSchema(std.out, n)
			}
			return nil
		},
	}
	f.add(c)
	f.addJSON(c)
	return c
}

func pick(nodes []*plan.Node, id string) []*plan.Node {
	for _, n := range nodes {
		if n.ID == id {
			return []*plan.Node{n}
		}
	}
	return nil
}

// writeSchema prints what a node makes, or for a sink what it takes: `# lines (source, streaming)` and the tree.
func writeSchema(w io.Writer, n *plan.Node) {
	role, s := describe(n)
	fmt.Fprintf(w, "# %s (%s)\n%s", n.ID, role, schema.TreeString(s))
}

// writeInferred prints the columns that were found for `schema: infer`, in the form in which the file can keep them.
func writeInferred(w io.Writer, p *plan.Pipeline) {
	for _, n := range p.Nodes {
		if o, ok := n.Op.(*plan.Scan); ok && o.Inferred {
			fmt.Fprintf(w, "# %s: inferred, to keep it write:\nschema: %s\n", n.ID, nodes.SchemaText(o.Schema))
		}
	}
}

// describe is a node's role in words, and the schema that it is shown with.
func describe(n *plan.Node) (role string, s *arrow.Schema) {
	switch o := n.Op.(type) {
	case *plan.Scan:
		if o.Bounded {
			return "source, bounded", n.Output("").Schema
		}
		return "source, streaming", n.Output("").Schema
	case *plan.Write:
		return "sink", o.Schema
	}
	return n.Kind, n.Output(n.Declares()[0].Name).Schema
}

func schemaJSON(w io.Writer, nodes []*plan.Node) error {
	type column struct {
		Name     string `json:"name"`
		Type     string `json:"type"`
		Nullable bool   `json:"nullable"`
	}
	type node struct {
		ID      string   `json:"id"`
		Kind    string   `json:"kind"`
		Role    string   `json:"role"`
		Columns []column `json:"columns"`
	}
	out := struct {
		Command string `json:"command"`
		OK      bool   `json:"ok"`
		Nodes   []node `json:"nodes"`
	}{Command: "schema", OK: true}
	for _, n := range nodes {
		role, s := describe(n)
		one := node{ID: n.ID, Kind: n.Kind, Role: role}
		for _, f := range s.Fields() {
			one.Columns = append(one.Columns, column{f.Name, schema.Name(f.Type), f.Nullable})
		}
		out.Nodes = append(out.Nodes, one)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}
