package exec

import (
	"fmt"
	"slices"
	"strings"

	"flowrun/dag/checkpoint"
	"flowrun/dag/live"
)

// account is what became of the rows of one instance of a node since the run began. It belongs to the goroutine of its emitter, so
// that at a barrier it is exactly what came before that.
type account struct {
	in, out int
	fates
}

func (a *account) took(rows int, f fates) {
	a.in += rows
	a.passed += f.passed
	a.filtered += f.filtered
	a.late += f.late
	a.rejected += f.rejected
	a.held += f.held
}

func (a *account) addTo(n *checkpoint.Node) {
	c := &n.Counts
	c.In += uint64(a.in)
	c.Out += uint64(a.out)
	c.Passed += uint64(a.passed)
	c.Filtered += uint64(a.filtered)
	c.Late += uint64(a.late)
	c.Rejected += uint64(a.rejected)
	c.Held += uint64(a.held)
}

// arrived checks at a barrier that all that was sent before it has been delivered.
func (e *edge) arrived(m message) error {
	if got := e.receivedRows.Load(); got != m.rows {
		return bug(fmt.Sprintf("account: edge %s was sent %d rows before the barrier of epoch %d and delivered %d", e.id, m.rows, m.cut.epoch, got))
	}
	return nil
}

// audit checks that what was stored of every node adds up.
func audit(p *checkpoint.Point) error {
	if p == nil {
		return nil
	}
	for name, n := range p.Nodes {
		if c := n.Counts; c.In != c.Passed+c.Filtered+c.Late+c.Rejected+c.Held {
			return bug(fmt.Sprintf("account: the checkpoint says of %s that %d rows came in, and that %d have a fate", name, c.In, c.Passed+c.Filtered+c.Late+c.Rejected+c.Held))
		}
	}
	return nil
}

// Since gives what became of rows since the checkpoint began, in the runs before and in this one up to its last commit, by
// node; nil without runs before.
func (r *Run) Since() map[string]checkpoint.Counts {
	if r.commits == nil || len(r.commits.before) == 0 {
		return nil
	}
	all := map[string]checkpoint.Counts{}
	for name, n := range r.commits.Store.Point().Nodes {
		all[name] = n.Counts
	}
	return all
}

// writeSince tells it in a line: what the sources read and what the sinks took.
func (s Summary) writeSince(b *strings.Builder) {
	if s.Since == nil {
		return
	}
	var said []string
	for _, role := range []live.Role{live.Source, live.Sink} {
		for _, n := range s.Nodes {
			if c, ok := s.Since[n.Node]; ok && n.Role == role {
				said = append(said, fmt.Sprintf("%s %d in", n.Node, c.In))
			}
		}
	}
	fmt.Fprintf(b, "with the runs before: %s\n", strings.Join(slices.Compact(said), ", "))
}
