package live

// heads says for each node which one is the first of its chain: the node in whose goroutine it runs.
func heads(t Topology, index map[string]int) []int {
	first := make([]int, len(t.Nodes))
	for i := range first {
		first[i] = i
	}
	for moved := true; moved; {
		moved = false
		for _, e := range t.Edges {
			from, known := index[e.From]
			to, also := index[e.To]
			if e.Chained && known && also && from != to && first[to] == to && first[from] != to {
				first[to], moved = from, true
			}
		}
	}
	for i := range first {
		for range first { // a chain is no longer than this
			first[i] = first[first[i]]
		}
	}
	return first
}

// load is what the nodes of a chain do together. They run one at a time, so their shares add up.
type load struct {
	nodes         int
	busiest       int // -1: it has no node but a source
	busy, blocked float64
}

// loadOf sums up the chain of a head. A source is not of it: it reads beside what is chained to it, and its blocked share
// says how long it waits for that.
func loadOf(t Topology, s Snapshot, first []int, head int) load {
	l := load{busiest: -1}
	for i, h := range first {
		if h != head || i >= len(s.Nodes) || t.Nodes[i].Role == Source {
			continue
		}
		l.nodes++
		l.busy += s.Nodes[i].Busy
		l.blocked += s.Nodes[i].Blocked
		if l.busiest < 0 || s.Nodes[i].Busy > s.Nodes[l.busiest].Busy {
			l.busiest = i
		}
	}
	return l
}
