package tui

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"flowrun/dag/live"
)

// The recordings that the frames are made from. Nothing in them depends on the clock or on chance.

var recordedAt = time.Date(2026, 3, 1, 12, 14, 3, 0, time.UTC)

func column(name, kind string) live.Column {
	return live.Column{Name: name, Type: kind, Nullable: true, Number: kind == "int" || kind == "float"}
}

func schemaOf(output string, columns []live.Column, changes ...string) live.Schema {
	spark := map[string]string{"int": "long", "float": "double"}
	tree := []string{"root"}
	for _, c := range columns {
		kind := c.Type
		if s, ok := spark[kind]; ok {
			kind = s
		}
		tree = append(tree, fmt.Sprintf(" |-- %s: %s (nullable = true)", c.Name, kind))
	}
	return live.Schema{Output: output, Mode: "rows", Columns: columns, Tree: tree, Changes: changes}
}

func edge(from, output, to string, port int) live.Edge {
	return live.Edge{ID: fmt.Sprintf("%s.%s->%s.%d", from, output, to, port), From: from, Output: output, To: to, Port: port, Capacity: 8}
}

// socketConsole is the pipeline that everyone meets first.
func socketConsole() live.Topology {
	s := schemaOf("", []live.Column{column("value", "string")})
	return live.Topology{
		Pipeline: "SocketExample", File: "pipelines/socket_console.yaml", Where: "local", Trigger: "asap",
		Nodes: []live.Node{
			{ID: "lines", Kind: "socket", Role: live.Source, Streaming: true, Detail: "localhost:1100", Outputs: []live.Schema{s}},
			{ID: "console", Kind: "console", Role: live.Sink, Promise: "prints by epoch", Inputs: []live.Schema{s}},
		},
		Edges: []live.Edge{edge("lines", "", "console", 0)},
	}
}

// orders has a join, a fan-out and a second output.
func orders() live.Topology {
	raw := []live.Column{column("order_id", "int"), column("customer", "string"), column("country", "string"), column("amount", "string"), column("placed", "timestamp")}
	typed := slices.Clone(raw)
	typed[3] = column("amount", "float")
	person := []live.Column{column("customer", "string"), column("name", "string")}
	counted := []live.Column{column("window_start", "timestamp"), column("country", "string"), column("n", "int"), column("total", "float")}
	perMinute := schemaOf("", counted, "+ window_start", "+ n", "+ total", "- order_id", "- customer")
	perMinute.Mode = "updates"
	return live.Topology{
		Pipeline: "orders_by_minute", File: "pipelines/orders.yaml", Where: "local", Trigger: "2s",
		Nodes: []live.Node{
			{ID: "orders", Kind: "kafka", Role: live.Source, Detail: "orders@localhost:9092",
				Outputs: []live.Schema{schemaOf("", raw), schemaOf("rejected", []live.Column{column("reason", "string"), column("raw", "bytes")})}},
			{ID: "clean", Kind: "select", Role: live.Transform, Detail: "5 columns", Inputs: []live.Schema{schemaOf("", raw)},
				Outputs: []live.Schema{schemaOf("", typed, "~ amount: string -> double")}},
			{ID: "customers", Kind: "file", Role: live.Source, Detail: "customers.csv", Outputs: []live.Schema{schemaOf("", person)}},
			{ID: "enrich", Kind: "join", Role: live.Transform, Detail: "on customer", Inputs: []live.Schema{schemaOf("", typed), schemaOf("", person)},
				Outputs: []live.Schema{schemaOf("", append(slices.Clone(typed), column("name", "string")), "+ name")}},
			{ID: "per_minute", Kind: "aggregate", Role: live.Transform, Detail: "tumbling 1m", Inputs: []live.Schema{schemaOf("", typed)}, Outputs: []live.Schema{perMinute}},
			{ID: "lake", Kind: "file", Role: live.Sink, Promise: "exactly once", Inputs: []live.Schema{perMinute}},
			{ID: "alerts", Kind: "stdout", Role: live.Sink, Promise: "at-least-once", Inputs: []live.Schema{perMinute}},
			{ID: "bad", Kind: "file", Role: live.Sink, Promise: "at-least-once", Inputs: []live.Schema{schemaOf("", []live.Column{column("reason", "string"), column("raw", "bytes")})}},
		},
		Edges: []live.Edge{edge("orders", "", "clean", 0), edge("clean", "", "enrich", 0), edge("customers", "", "enrich", 1),
			edge("enrich", "", "per_minute", 0), edge("per_minute", "", "lake", 0), edge("per_minute", "", "alerts", 0), edge("orders", "rejected", "bad", 0)},
	}
}

// wave is a minute of rates around a mean.
func wave(mean float64, phase int) []float64 {
	h := make([]float64, 60)
	for i := range h {
		h[i] = math.Round(mean * (1 + 0.6*math.Sin(float64(i+7*phase)/6)))
	}
	return h
}

func snapshotAt(state live.State, elapsed time.Duration) live.Snapshot {
	return live.Snapshot{Seq: 1, At: recordedAt, State: state, Elapsed: elapsed, Goroutines: 20, HeapBytes: 17 << 20}
}

func socketRunning() live.Snapshot {
	s := snapshotAt(live.Running, 72*time.Second)
	s.Epochs, s.LastCut = 17, recordedAt.Add(-400*time.Millisecond)
	h := wave(2, 0)
	for i := range 45 {
		h[i] = 0
	}
	for _, st := range []live.NodeStats{{}, {}} {
		st.RowsIn, st.RowsOut, st.Passed, st.Batches = 61, 61, 61, 58
		st.Rate, st.History, st.Busy = 2, h, 0.012
		s.Nodes = append(s.Nodes, st)
	}
	s.Nodes[1].RowsOut = 0
	s.Edges = []live.EdgeStats{{RowsSent: 61, RowsReceived: 61}}
	return s
}

func ordersRunning() live.Snapshot {
	s := snapshotAt(live.Running, 14*time.Minute+22*time.Second)
	s.Epochs, s.LastCut = 29, recordedAt.Add(-3*time.Second)
	rates := []float64{92_100, 90_400, 312, 90_400, 1_910, 1_910, 4, 0}
	busy := []float64{0.41, 0.33, 0.02, 0.61, 0.18, 0.05, 0.01, 0}
	for i, r := range rates {
		total := uint64(r * 862)
		s.Nodes = append(s.Nodes, live.NodeStats{RowsIn: total, RowsOut: total, Passed: total, Rate: r, Busy: busy[i], History: wave(r, i)})
	}
	s.Nodes[1].Rejected, s.Nodes[1].Passed = 3, s.Nodes[1].Passed-3
	s.Nodes[1].Reasons = map[string]uint64{`float("12,50"): not a number`: 2, "amount is null": 1}
	for i := range 7 {
		s.Edges = append(s.Edges, live.EdgeStats{Queued: []int{3, 1, 0, 2, 0, 0, 0}[i]})
	}
	return s
}

func ordersPressed() live.Snapshot {
	s := ordersRunning()
	s.Nodes[0].Blocked, s.Nodes[1].Blocked, s.Nodes[3].Busy = 0.48, 0.61, 0.97
	s.Edges[0] = live.EdgeStats{Queued: 8, FullFor: 7 * time.Second}
	s.Edges[1] = live.EdgeStats{Queued: 8, FullFor: 9800 * time.Millisecond}
	return s
}

func socketRows() live.Preview {
	texts := []string{"to be or not to be", "that is the question", "", "whether 'tis nobler", "naïve café", "日本語 wide", "tab\tand \x1b[31mred\x1b[0m",
		"the slings and arrows of outrageous fortune, or to take arms against a sea of troubles"}
	p := live.Preview{Edge: edge("lines", "", "console", 0).ID, Columns: []live.Column{column("value", "string")}}
	for i := range 16 {
		n := uint64(58 - i)
		p.Batches = append(p.Batches, live.Sampled{Number: n, Epoch: n - 42, At: recordedAt.Add(-time.Duration(i)*time.Second - 400*time.Millisecond),
			Total: 1, Rows: [][]live.Cell{{{Text: texts[i%len(texts)]}}}})
	}
	return p
}

func ordersRows() live.Preview {
	t := orders()
	p := live.Preview{Edge: t.Edges[4].ID, Columns: t.Nodes[4].Outputs[0].Columns}
	for b := range 16 {
		s := live.Sampled{Number: uint64(118_204 - b), Epoch: 28, At: recordedAt.Add(-time.Duration(b)*100*time.Millisecond - 40*time.Millisecond), Total: 4096}
		for i := range 200 {
			s.Rows = append(s.Rows, []live.Cell{{Text: fmt.Sprintf("2026-03-01T12:%02d:00Z", i%60)}, {Text: []string{"DE", "FR", "US"}[i%3], Null: i%5 == 4},
				{Text: fmt.Sprint(i * i % 997)}, {Text: fmt.Sprintf("%d.%02d", i*b%1301, i%100), Late: i%7 == 3}})
		}
		p.Batches = append(p.Batches, s)
	}
	return p
}

func recordedEvents() []live.Event {
	at := func(s int) time.Time { return recordedAt.Add(time.Duration(s-10) * time.Second) }
	return []live.Event{
		{Seq: 1, At: at(0), Level: live.Info, Node: "lines", Text: "connected to localhost:1100"},
		{Seq: 2, At: at(2), Level: live.Output, Node: "console", Text: "-------------------------------------------\nBatch: 7\n-------------------------------------------\n+-----+\n|value|\n+-----+\n|to be|\n+-----+\n"},
		{Seq: 3, At: at(4), Level: live.Warn, Node: "clean", Text: `3 rows rejected: amount "12,50" is not a number`, Place: "pipelines/orders.yaml:18:12"},
		{Seq: 6, At: at(6), Level: live.Info, Text: "epoch 28 is committed", Dropped: 2},
	}
}

// fakeRun is a run that plays what it is given. It is steered by commands and counts them.
type fakeRun struct {
	topology live.Topology
	preview  live.Preview
	events   []live.Event

	mu       sync.Mutex
	snapshot live.Snapshot
	commands []live.Command
	changed  chan struct{} // closed when the snapshot changes
}

func newFakeRun(t live.Topology, s live.Snapshot, p live.Preview) *fakeRun {
	return &fakeRun{topology: t, snapshot: s, preview: p, events: recordedEvents(), changed: make(chan struct{})}
}

func (f *fakeRun) Topology(context.Context) (live.Topology, error) { return f.topology, nil }

func (f *fakeRun) Snapshots(ctx context.Context) (<-chan live.Snapshot, error) {
	c := make(chan live.Snapshot)
	go func() {
		defer close(c)
		for {
			f.mu.Lock()
			s, changed := f.snapshot, f.changed
			f.mu.Unlock()
			select {
			case c <- s:
			case <-ctx.Done():
				return
			}
			if s.State.Ended() {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return c, nil
}

func (f *fakeRun) Events(ctx context.Context, _ uint64) (<-chan live.Event, error) {
	c := make(chan live.Event, len(f.events))
	for _, e := range f.events {
		c <- e
	}
	close(c)
	return c, nil
}

func (f *fakeRun) Peek(_ context.Context, edge string, _ int) (live.Preview, error) {
	p := f.preview
	if p.Edge != edge {
		return live.Preview{Edge: edge}, nil
	}
	return p, nil
}

// Do goes to the state that the command leads to.
func (f *fakeRun) Do(_ context.Context, c live.Command) error {
	next := map[live.Command]live.State{live.Pause: live.Paused, live.Resume: live.Running, live.Drain: live.Finished, live.Stop: live.Failed}[c]
	f.mu.Lock()
	f.commands = append(f.commands, c)
	f.mu.Unlock()
	f.become(next, "")
	return nil
}

func (f *fakeRun) become(s live.State, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.snapshot.State, f.snapshot.Error = s, why
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeRun) given() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, c := range f.commands {
		all = append(all, string(c))
	}
	return strings.Join(all, " ")
}
