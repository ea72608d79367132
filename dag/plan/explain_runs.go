package plan

import (
	"fmt"
	"strings"
)

// runs prints how what runs differs from what was written.
func (x *explainer) runs(p *Pipeline) {
	x.linef("")
	x.linef("what runs")
	before := x.b.Len()
	readers := readersOf(p)
	for _, n := range p.Nodes {
		x.pruned(n)
		x.pushed(n, readers)
		if together := chainOf(p, n); together != nil {
			ids := make([]string, len(together))
			for i, m := range together {
				ids[i] = m.ID
			}
			x.linef("  %s: run as one, without queues between them", strings.Join(ids, ", "))
		}
	}
	if x.b.Len() == before {
		x.linef("  all of it, as written")
	}
}

// pushed prints which conditions of a filter its source answers.
func (x *explainer) pushed(n *Node, readers map[*Output]int) {
	if _, ok := n.Op.(*Filter); !ok {
		return
	}
	source, _ := answering(n, readers)
	if source == nil || len(source.Op.(*Scan).Pushed) == 0 {
		return
	}
	var texts []string
	for _, p := range source.Op.(*Scan).Pushed {
		texts = append(texts, strings.Join(strings.Fields(p.Text()), " "))
	}
	x.linef("  %s: skips rows for which this is not true, and they count as filtered in %s: %s", source.ID, n.ID, strings.Join(texts, ", "))
}

// pruned prints which columns a node does not make, since nobody reads them.
func (x *explainer) pruned(n *Node) {
	out := n.Output("")
	if out == nil || out.Need == nil {
		return
	}
	var left []string
	switch o := n.Op.(type) {
	case *Scan:
		var read []string
		for i, f := range out.Schema.Fields() {
			if out.Needs(i) {
				read = append(read, f.Name)
			}
		}
		few, rest := fmt.Sprintf("%d of %d columns: %s", len(read), out.Schema.NumFields(), strings.Join(read, ", ")), "the rest is only checked"
		if len(read) == 0 {
			few, rest = "no column", "rows are checked and counted"
		}
		x.linef("  %s: reads %s; %s", n.ID, few, rest)
	case *Project:
		for i, c := range o.Columns {
			if c.Source < 0 && !o.Computes(out, i) {
				left = append(left, c.Name)
			}
		}
		if len(left) > 0 {
			x.linef("  %s: does not compute %s, which nobody reads", n.ID, strings.Join(left, ", "))
		}
	case *Lookup:
		for i, t := range o.Take {
			if !out.Needs(out.Schema.NumFields() - len(o.Take) + i) {
				left = append(left, t.Name.Value)
			}
		}
		if len(left) > 0 {
			x.linef("  %s: does not take %s, which nobody reads", n.ID, strings.Join(left, ", "))
		}
	case *Explode:
		for i, f := range out.Schema.Fields() {
			if !out.Needs(i) && f.Name != o.Item.Name.Value {
				left = append(left, f.Name)
			}
		}
		if len(left) > 0 {
			x.linef("  %s: does not copy %s, which nobody reads", n.ID, strings.Join(left, ", "))
		}
	}
}
