package tui

import (
	"testing"
	"time"

	"flowrun/dag/live"
)

// minutes is a pipeline with event time, windows and late rows.
func minutes() live.Topology {
	in := schemaOf("", []live.Column{column("at", "timestamp"), column("device", "string"), column("temp", "float")})
	made := schemaOf("", []live.Column{column("window_start", "timestamp"), column("window_end", "timestamp"), column("device", "string"), column("n", "int")},
		"+ window_start", "+ window_end", "+ n", "- at", "- temp")
	late := schemaOf("late", in.Columns)
	return live.Topology{
		Pipeline: "hot_devices", File: "pipelines/hot.yaml", Where: "local", Trigger: "asap",
		Nodes: []live.Node{
			{ID: "readings", Kind: "socket", Role: live.Source, Streaming: true, Detail: "localhost:1100", Outputs: []live.Schema{in}},
			{ID: "per_minute", Kind: "aggregate", Role: live.Transform, Detail: "tumbling 1m", Inputs: []live.Schema{in}, Outputs: []live.Schema{made, late}},
			{ID: "console", Kind: "console", Role: live.Sink, Promise: "prints by epoch", Inputs: []live.Schema{made}},
			{ID: "late", Kind: "stdout", Role: live.Sink, Promise: "at-least-once", Inputs: []live.Schema{late}},
		},
		Edges: []live.Edge{edge("readings", "", "per_minute", 0), edge("per_minute", "", "console", 0), edge("per_minute", "late", "late", 0)},
	}
}

func minutesRunning() live.Snapshot {
	s := snapshotAt(live.Running, 2*time.Minute)
	s.Epochs, s.LastCut = 240, recordedAt.Add(-200*time.Millisecond)
	for i, r := range []float64{4_100, 4_100, 12, 0} {
		total := uint64(r * 120)
		s.Nodes = append(s.Nodes, live.NodeStats{RowsIn: total, RowsOut: total, Passed: total, Rate: r, Busy: []float64{0.3, 0.2, 0.01, 0}[i],
			History: wave(r, i), Watermark: recordedAt.Add(-5400 * time.Millisecond)})
	}
	s.Nodes[3].Idle = true
	n := &s.Nodes[1]
	n.Passed, n.Late, n.Held, n.RowsOut = 0, 17, n.RowsIn-17, 1440
	n.StateRows, n.StateBytes = 1_280, 98_304
	s.Edges = []live.EdgeStats{{}, {}, {}}
	return s
}

func minuteRows() live.Preview {
	p := live.Preview{Edge: minutes().Edges[1].ID, Columns: minutes().Nodes[1].Outputs[0].Columns}
	p.Batches = []live.Sampled{{Number: 9, Epoch: 239, At: recordedAt, Total: 1, Rows: [][]live.Cell{
		{{Text: "2026-03-01T12:12:00Z"}, {Text: "2026-03-01T12:13:00Z"}, {Text: "dev-1"}, {Text: "2050"}}}}}
	return p
}

// What a selected node says of its watermark, and what it remembers, in a pane that is tall enough.
func TestWatermarkOfANode(t *testing.T) {
	at := minutesRunning()
	screen := func() *screen { return newScreen(t, Options{}, 120, 50).watch(minutes(), at, minuteRows()) }
	s := screen()
	s.shows("watermark 12:13:57.600 ")
	s.shows("state 1,280 rows  96.0 KiB")
	s.shows("busy 20 blk  0     5.4s behind")
	at.Nodes[1].StateOnDisk = 65_536
	screen().shows("of it 64.0 KiB on disk")
	at.Nodes[1].Idle = true
	screen().shows("watermark 12:13:57.600  idle")
	at.Nodes[1].Watermark = recordedAt.AddDate(-1, 0, 0)
	screen().shows("watermark 2025-03-01 12:14:03")
	at.State = live.Finished
	s = screen()
	s.shows("watermark 2025-03-01 12:14:03")
	s.hides("idle")
	s.hides("behind")
	at = minutesRunning()
	for i := range at.Nodes {
		at.Nodes[i].Watermark = recordedAt.Add(3 * time.Second)
	}
	screen().shows("watermark 3.0s ahead")
	for i := range at.Nodes {
		at.Nodes[i].Watermark = time.Time{}
	}
	screen().hides("watermark")
}
