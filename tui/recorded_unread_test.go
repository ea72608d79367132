package tui

import (
	"fmt"
	"time"

	"flowrun/dag/live"
)

// words sends words somewhere, where nobody reads the line below the node that takes it apart, nor when it was seen.
func words() live.Topology {
	line, word, at := column("value", "string"), column("word", "string"), column("seen", "timestamp")
	in := schemaOf("", []live.Column{line})
	line.Unread, at.Unread = true, true
	made := schemaOf("", []live.Column{line, word, at}, "+ word", "+ seen")
	return live.Topology{
		Pipeline: "Words", File: "pipelines/words.yaml", Where: "local", Trigger: "asap",
		Nodes: []live.Node{
			{ID: "lines", Kind: "socket", Role: live.Source, Streaming: true, Detail: "localhost:1100", Outputs: []live.Schema{in}},
			{ID: "words", Kind: "explode", Role: live.Transform, Inputs: []live.Schema{in}, Outputs: []live.Schema{made}},
			{ID: "hook", Kind: "http", Role: live.Sink, Promise: "at-most-once", Inputs: []live.Schema{made}},
		},
		Edges: []live.Edge{edge("lines", "", "words", 0), edge("words", "", "hook", 0)},
	}
}

func wordsRunning() live.Snapshot {
	s := socketRunning()
	s.Nodes = append(s.Nodes, s.Nodes[1])
	s.Edges = append(s.Edges, s.Edges[0])
	return s
}

// wordRows has a column that nobody reads but that has a value, and one that is not built.
func wordRows() live.Preview {
	t := words()
	p := live.Preview{Edge: t.Edges[1].ID, Columns: t.Nodes[1].Outputs[0].Columns}
	for b := range 3 {
		s := live.Sampled{Number: uint64(58 - b), Epoch: uint64(16 - b), At: recordedAt.Add(-time.Duration(b) * time.Second), Total: 9}
		for i := range 9 {
			s.Rows = append(s.Rows, []live.Cell{{Null: true}, {Text: fmt.Sprintf("word%d", i), Null: i == 4}, {Null: b != 1, Text: "2026-03-01"}})
		}
		p.Batches = append(p.Batches, s)
	}
	return p
}
