package pane

import (
	"time"

	"flowrun/dag/live"
	"flowrun/tui/theme"
)

// Scene is what the panes look at: the run as it is shown, which is the run as it is unless the view is frozen.
type Scene struct {
	Index    *Index
	Snapshot live.Snapshot
	Verdict  live.Verdict
	Now      time.Time
	Glyphs   theme.Glyphs
	Selected int // node, an index into the topology; -1 while there is none
	Choice   int // which of the selected node's outputs (of a sink: inputs)
	Focused  bool
	Find     Find
}

// NewScene returns the scene before anything is known.
func NewScene(g theme.Glyphs) Scene {
	return Scene{Index: NewIndex(live.Topology{}), Glyphs: g, Selected: -1}
}

// Node gives a node's numbers; they are zero where the snapshot has none yet. What has ended has no rate any more, though
// its last second had one.
func (s *Scene) Node(i int) live.NodeStats {
	if i < 0 || i >= len(s.Snapshot.Nodes) {
		return live.NodeStats{}
	}
	st := s.Snapshot.Nodes[i]
	if st.Ended || s.Snapshot.State.Ended() {
		st.Rate, st.Busy, st.Blocked = 0, 0, 0
	}
	return st
}

// Edge gives an edge's numbers; they are zero where the snapshot has none yet.
func (s *Scene) Edge(i int) live.EdgeStats {
	if i < 0 || i >= len(s.Snapshot.Edges) {
		return live.EdgeStats{}
	}
	return s.Snapshot.Edges[i]
}

// Look is what is shown of the selected node.
func (s *Scene) Look() Look { return s.Index.Look(s.Selected, s.Choice) }
