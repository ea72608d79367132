package plan

import (
	"slices"

	"flowrun/dag/expr"
)

// lightest is about how many nanoseconds the nodes of a chain may take together for a row. It is what a source takes to decode
// one, so that a chain does not become what all others wait for, where cores are idle.
const lightest = 100

// chain marks the nodes that run in the goroutine of the one they read: neighbours that take little time for a row. Between
// them a queue costs more than it gives. What is costly has a goroutine of its own, and so has the first node below a source,
// which is busy decoding. In lanes, costly nodes are chained as well: their rows are shared out already. A node with keys is the
// head of its chain there, since its rows change lanes.
func chain(p *Pipeline, order []*Node) {
	readers := readersOf(p)
	cost := map[*Node]int{} // of a node and those above it in its chain
	for _, n := range order {
		n.Chained = false
		own, light := n.lightness()
		cost[n] = own
		if len(n.Inputs) != 1 {
			continue
		}
		above, e := n.Inputs[0].From, n.Inputs[0]
		_, first := above.lightness()
		if e.Output != "" || readers[e.Source()] != 1 || lanes(n) != lanes(above) || n.Unordered != above.Unordered {
			continue
		}
		switch {
		case lanes(n) > 1:
			n.Chained = n.rowWise() && (above.rowWise() || Keyed(above.Op))
		case light && first:
			n.Chained = cost[above]+own <= lightest
		}
		if n.Chained {
			cost[n] += cost[above]
		}
	}
}

func lanes(n *Node) int { return max(n.Parallelism, 1) }

// rowWise reports whether what the node makes of a row depends on no other row.
func (n *Node) rowWise() bool {
	switch n.Op.(type) {
	case *Filter, *Project, *Route, *Explode, *Parse, *Lookup:
		return true
	}
	return false
}

// lightness is about how many nanoseconds a node takes for a row, and whether it may share a goroutine.
func (n *Node) lightness() (cost int, light bool) {
	programs := n.programs()
	switch o := n.Op.(type) {
	case *Filter, *Route, *Sample, *Limit:
	case *Project:
		for i, c := range o.Columns {
			if o.Computes(n.Output(""), i) {
				programs = append(programs, c.Expr)
			}
		}
	default:
		return 0, false
	}
	for _, p := range programs {
		cost += p.Cost()
	}
	return cost, !slices.ContainsFunc(programs, rowByRow)
}

func rowByRow(p *expr.Program) bool {
	all, _ := p.Columnar()
	return !all
}

// chainOf lists a node and those that run in its goroutine; nil where it has no other.
func chainOf(p *Pipeline, head *Node) []*Node {
	if head.Chained {
		return nil
	}
	all := []*Node{head}
	for moved := true; moved; {
		moved = false
		for _, n := range p.Nodes {
			if n.Chained && slices.Contains(all, n.Inputs[0].From) && !slices.Contains(all, n) {
				all, moved = append(all, n), true
			}
		}
	}
	if len(all) == 1 {
		return nil
	}
	return all
}
