package pane

import (
	"slices"

	"flowrun/dag/live"
)

// Index is a topology with its ways: it is made once and not changed.
type Index struct {
	live.Topology
	In, Out [][]int // per node, edges as indices into Topology.Edges
	from    []int   // per edge, the node; -1 where there is no such node
	to      []int
	Layer   []int // per node, the longest way from a source
}

// NewIndex indexes a topology. Edges of unknown nodes are kept out, and edges that lead back are kept but give no layer.
func NewIndex(t live.Topology) *Index {
	x := &Index{Topology: t, In: make([][]int, len(t.Nodes)), Out: make([][]int, len(t.Nodes)),
		from: make([]int, len(t.Edges)), to: make([]int, len(t.Edges)), Layer: make([]int, len(t.Nodes))}
	nodes := make(map[string]int, len(t.Nodes))
	for i, n := range t.Nodes {
		nodes[n.ID] = i
	}
	for i, e := range t.Edges {
		from, ok := nodes[e.From]
		to, also := nodes[e.To]
		if !ok || !also {
			x.from[i], x.to[i] = -1, -1
			continue
		}
		x.from[i], x.to[i] = from, to
		x.Out[from] = append(x.Out[from], i)
		x.In[to] = append(x.In[to], i)
	}
	for i := range x.In {
		slices.SortStableFunc(x.In[i], func(a, b int) int { return t.Edges[a].Port - t.Edges[b].Port })
	}
	x.layers()
	return x
}

func (x *Index) layers() {
	missing := make([]int, len(x.Nodes))
	var ready []int
	for i := range x.Nodes {
		if missing[i] = len(x.In[i]); missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		n := ready[0]
		ready = ready[1:]
		for _, e := range x.Out[n] {
			to := x.to[e]
			x.Layer[to] = max(x.Layer[to], x.Layer[n]+1)
			if missing[to]--; missing[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
}

// From and To are an edge's nodes, -1 where there is no such node.
func (x *Index) From(edge int) int { return x.from[edge] }

// To is the node that an edge leads to, -1 where there is no such node.
func (x *Index) To(edge int) int { return x.to[edge] }

// Find gives a node's index by its name, -1 where there is none.
func (x *Index) Find(id string) int {
	return slices.IndexFunc(x.Nodes, func(n live.Node) bool { return n.ID == id })
}

// Start is the node that is selected at first: the one before the first sink.
func (x *Index) Start() int {
	for i, n := range x.Nodes {
		if n.Role == live.Sink && len(x.In[i]) > 0 {
			return x.from[x.In[i][0]]
		}
	}
	return min(0, len(x.Nodes)-1)
}

// Look is what is shown of a node: one of its outputs, or of a sink one of its inputs.
type Look struct {
	Edge    string // "" where nobody reads it
	From    string // node, with the output where it is not the main one
	To      string // the node that reads it; "" where nobody does
	Into    bool   // it is an input
	Schema  live.Schema
	Known   bool // there is a node to look at
	Choices int  // how many there are to choose from
}

// Look gives the choice-th output of a node that is read (the main one counts even if it is not), of a sink the
// choice-th input. Choices go round.
func (x *Index) Look(node, choice int) Look {
	if node < 0 || node >= len(x.Nodes) {
		return Look{}
	}
	n := x.Nodes[node]
	if n.Role == live.Sink || len(n.Outputs) == 0 && len(x.Out[node]) == 0 {
		if len(x.In[node]) == 0 {
			return Look{From: n.ID, Known: true, Choices: 1}
		}
		k := wrap(choice, len(x.In[node]))
		l := x.look(x.In[node][k])
		l.Into, l.Choices = true, len(x.In[node])
		if k < len(n.Inputs) {
			l.Schema = n.Inputs[k]
		}
		return l
	}
	var all []Look
	for _, s := range n.Outputs {
		l := Look{From: dotted(n.ID, s.Output), Known: true, Schema: s}
		for _, e := range x.Out[node] {
			if x.Edges[e].Output == s.Output {
				l = x.look(e)
				l.Schema = s
				break
			}
		}
		if l.Edge != "" || s.Output == "" {
			all = append(all, l)
		}
	}
	for _, e := range x.Out[node] { // an output of which no schema is known
		if !slices.ContainsFunc(n.Outputs, func(s live.Schema) bool { return s.Output == x.Edges[e].Output }) {
			all = append(all, x.look(e))
		}
	}
	if len(all) == 0 {
		return Look{From: n.ID, Known: true, Choices: 1}
	}
	l := all[wrap(choice, len(all))]
	l.Choices = len(all)
	return l
}

func (x *Index) look(e int) Look {
	edge := x.Edges[e]
	return Look{Edge: edge.ID, From: dotted(edge.From, edge.Output), To: edge.To, Known: true}
}

func dotted(node, output string) string {
	if output == "" {
		return node
	}
	return node + "." + output
}

func wrap(i, n int) int { return ((i % n) + n) % n }
