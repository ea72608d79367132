package plan

import "strings"

// sort returns the nodes so that each comes behind all that it reads, in file order where that leaves a choice. Nodes in
// a cycle are reported and left out, and so is what reads them.
func (b *binder) sort() []*Node {
	const (
		fresh = iota
		open
		done
		broken
	)
	state := map[*Node]int{}
	var order, path []*Node
	var visit func(n *Node) bool
	visit = func(n *Node) bool {
		switch state[n] {
		case done:
			return true
		case broken:
			return false
		case open:
			b.cycle(path, n)
			return false
		}
		state[n] = open
		path = append(path, n)
		ok := true
		for _, e := range n.Inputs {
			if e.From != nil && !visit(e.From) {
				ok = false
			}
		}
		path = path[:len(path)-1]
		if !ok {
			state[n] = broken
			return false
		}
		state[n] = done
		order = append(order, n)
		return true
	}
	for _, n := range b.p.Nodes {
		visit(n)
	}
	return order
}

// cycle reports the circle that closes at n; path ends with the node that reads n.
func (b *binder) cycle(path []*Node, n *Node) {
	var ids []string
	for i := len(path) - 1; i >= 0; i-- {
		ids = append([]string{path[i].ID}, ids...)
		if path[i] == n {
			break
		}
	}
	// Each node of the path reads the next one: rows flow the other way.
	flow := make([]string, 0, len(ids)+1)
	flow = append(flow, n.ID)
	for i := len(ids) - 1; i >= 0; i-- {
		flow = append(flow, ids[i])
	}
	b.report(CodeCycle, n.FromAt, "let one of them read another node",
		"nodes read one another in a circle: %s", strings.Join(flow, " → "))
}
