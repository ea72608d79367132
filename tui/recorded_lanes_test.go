package tui

import (
	"time"

	"flowrun/dag/live"
)

// hits is a pipeline of which a part is one chain, and a part runs in lanes; its source and its sink are queued.
func hits() live.Topology {
	line, word := column("value", "string"), column("word", "string")
	in, made := schemaOf("", []live.Column{line}), schemaOf("", []live.Column{line, word}, "+ word")
	node := func(id, kind, detail string, lanes int) live.Node {
		return live.Node{ID: id, Kind: kind, Role: live.Transform, Detail: detail, Lanes: lanes, Inputs: []live.Schema{in}, Outputs: []live.Schema{made}}
	}
	joined := func(from, to string) live.Edge {
		e := edge(from, "", to, 0)
		e.Capacity, e.Chained = 0, true
		return e
	}
	return live.Topology{
		Pipeline: "Hits", File: "pipelines/hits.yaml", Where: "local", Trigger: "asap",
		Nodes: []live.Node{
			{ID: "lines", Kind: "file", Role: live.Source, Detail: "access.log", Lanes: 2, Outputs: []live.Schema{in}},
			node("kept", "filter", `value != ""`, 0),
			node("matches", "filter", `value matches "timeout|refused"`, 4),
			node("parts", "derive", "word", 4),
			{ID: "console", Kind: "console", Role: live.Sink, Promise: "prints by epoch", Inputs: []live.Schema{made}},
		},
		Edges: []live.Edge{joined("lines", "kept"), edge("kept", "", "matches", 0), joined("matches", "parts"), edge("parts", "", "console", 0)},
	}
}

func hitsRunning() live.Snapshot {
	s := snapshotAt(live.Running, 2*time.Minute)
	s.Epochs, s.LastCut = 240, recordedAt.Add(-200*time.Millisecond)
	for i, r := range []float64{92_100, 92_100, 90_400, 4_100, 4_100} {
		total := uint64(r * 120)
		s.Nodes = append(s.Nodes, live.NodeStats{RowsIn: total, RowsOut: total, Passed: total, Rate: r,
			Busy: []float64{0.3, 0.02, 0.81, 0.15, 0.05}[i], Blocked: []float64{0.7, 0.6, 0, 0, 0}[i], History: wave(r, i)})
	}
	s.Edges = []live.EdgeStats{{}, {Queued: 8, FullFor: 4 * time.Second}, {}, {Queued: 1}}
	return s
}

func hitRows() live.Preview {
	p := live.Preview{Edge: hits().Edges[3].ID, Columns: hits().Nodes[3].Outputs[0].Columns}
	for i, text := range []string{"connection refused", "upstream timeout"} {
		p.Batches = append(p.Batches, live.Sampled{Number: uint64(9 - i), Epoch: 239, At: recordedAt, Total: 1, Rows: [][]live.Cell{{{Text: text}, {Text: "x"}}}})
	}
	return p
}
