package live

import (
	"testing"
	"time"
)

// chain is a -> b -> c -> d, with an edge from x to c.
func chain() (Topology, Snapshot) {
	t := Topology{
		Nodes: []Node{{ID: "a", Role: Source}, {ID: "b", Role: Transform}, {ID: "c", Role: Transform}, {ID: "d", Role: Sink}, {ID: "x", Role: Source}},
		Edges: []Edge{{From: "a", To: "b", Capacity: 8}, {From: "b", To: "c", Capacity: 8}, {From: "c", To: "d", Capacity: 8}, {From: "x", To: "c", Capacity: 8}},
	}
	return t, Snapshot{State: Running, Nodes: make([]NodeStats, 5), Edges: make([]EdgeStats, 4)}
}

func TestJudge(t *testing.T) {
	full := func(s *Snapshot, edge int, d time.Duration) { s.Edges[edge] = EdgeStats{Queued: 8, FullFor: d} }
	for _, c := range []struct {
		name string
		set  func(*Snapshot)
		mood Mood
		node string
		text string
	}{
		{"idle", func(*Snapshot) {}, MoodWaiting, "", "waiting for input, nothing is slow"},
		{"starting", func(s *Snapshot) { s.State = Starting }, MoodStarting, "", "starting"},
		{"flowing", func(s *Snapshot) { s.Nodes[0].Rate = 5 }, MoodFlowing, "", "nothing is slow"},
		{"queued rows are no waiting", func(s *Snapshot) { s.Edges[2].Queued = 1 }, MoodFlowing, "", "nothing is slow"},
		{"busy but well", func(s *Snapshot) { s.Nodes[0].Rate, s.Nodes[2].Busy = 5, 0.41 }, MoodFlowing, "", "nothing is slow; the busiest is c at 41%"},
		{"connecting comes before all else that runs", func(s *Snapshot) {
			s.Nodes[0].Status = "connecting localhost:1100, retry in 2s"
			full(s, 1, 9*time.Second)
		}, MoodConnecting, "a", "a: connecting localhost:1100, retry in 2s"},
		{"connecting at the start", func(s *Snapshot) { s.State, s.Nodes[4].Status = Starting, "connecting db" }, MoodConnecting, "x", "x: connecting db"},
		{"many wait", func(s *Snapshot) {
			for i := range s.Nodes {
				s.Nodes[i].Status = "connecting"
			}
		}, MoodConnecting, "a", "a: connecting; b: connecting; and 3 more"},
		{"to wait for input is no news", func(s *Snapshot) { s.Nodes[0].Status = "waiting for a line" }, MoodWaiting, "", "waiting for input, nothing is slow"},
		{"an ended node waits for nothing", func(s *Snapshot) { s.Nodes[0].Status, s.Nodes[0].Ended = "connecting", true }, MoodWaiting, "", "waiting for input, nothing is slow"},
		{"bottleneck", func(s *Snapshot) {
			s.Nodes[0].Blocked, s.Nodes[1].Blocked, s.Nodes[2].Busy = 0.9, 0.6, 0.97
			full(s, 0, 3*time.Second)
			full(s, 1, 9800*time.Millisecond)
		}, MoodBottleneck, "c", "c: busy 97%, input queue full for 9.8s; a and b are blocked on it"},
		{"the first busy one behind the blocked ones", func(s *Snapshot) {
			s.Nodes[0].Blocked, s.Nodes[1].Busy, s.Nodes[2].Busy = 0.9, 0.99, 0.5
			full(s, 0, 65*time.Second)
		}, MoodBottleneck, "b", "b: busy 99%, input queue full for 1m5s; a is blocked on it"},
		{"not busy itself", func(s *Snapshot) {
			s.Nodes[2].Blocked, s.Nodes[3].Busy = 0.8, 0.05
			full(s, 2, 2*time.Second)
		}, MoodBottleneck, "d", "d: busy only 5%, so it waits for what is behind it; input queue full for 2.0s; c is blocked on it"},
		{"a queue that is full for a moment", func(s *Snapshot) { s.Nodes[0].Rate = 5; full(s, 0, 100*time.Millisecond) }, MoodFlowing, "", "nothing is slow"},
		{"pausing", func(s *Snapshot) { s.State, s.Edges[0].Queued = Pausing, 1 }, MoodChanging, "", "pausing, rows are still on the way (1 batch is queued)"},
		{"paused", func(s *Snapshot) { s.State = Paused }, MoodPaused, "", "paused, the sources do not read"},
		{"draining", func(s *Snapshot) { s.State, s.Edges[0].Queued = Draining, 3 }, MoodChanging, "", "draining, rows are still on the way (3 batches are queued)"},
		{"finished", func(s *Snapshot) { s.State = Finished }, MoodFinished, "", "everything that was read has flowed out"},
		{"failed", func(s *Snapshot) { s.State, s.Error = Failed, "c: disk full" }, MoodFailed, "c", "c: disk full"},
		{"failed for no one node", func(s *Snapshot) { s.State, s.Error = Failed, "disk full: no room" }, MoodFailed, "", "disk full: no room"},
		{"failed without a word", func(s *Snapshot) { s.State = Failed }, MoodFailed, "", "the run failed"},
		{"a snapshot that is not whole", func(s *Snapshot) { s.Nodes, s.Edges = s.Nodes[:1], s.Edges[:1] }, MoodWaiting, "", "waiting for input, nothing is slow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			top, s := chain()
			c.set(&s)
			if got := Judge(top, s); got != (Verdict{c.mood, c.node, c.text}) {
				t.Errorf("got  %+v\nwant %+v", got, Verdict{c.mood, c.node, c.text})
			}
		})
	}
}

func TestManyBlockedNodesAreCounted(t *testing.T) {
	top, s := Topology{}, Snapshot{State: Running}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		top.Nodes = append(top.Nodes, Node{ID: id})
		s.Nodes = append(s.Nodes, NodeStats{Blocked: 0.9})
		if id != "e" {
			top.Edges = append(top.Edges, Edge{From: id, To: string(id[0] + 1)})
			s.Edges = append(s.Edges, EdgeStats{FullFor: time.Second})
		}
	}
	s.Nodes[4] = NodeStats{Busy: 1}
	if got, want := Judge(top, s).Text, "e: busy 100%, input queue full for 1.0s; a, b and 2 more are blocked on it"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestVerdictString(t *testing.T) {
	for _, c := range []struct {
		v    Verdict
		want string
	}{
		{Verdict{Mood: MoodBottleneck, Text: "c: busy"}, "bottleneck c: busy"},
		{Verdict{Mood: MoodFailed, Text: "disk full"}, "failed: disk full"},
		{Verdict{Mood: MoodWaiting, Text: "waiting for input"}, "waiting for input"},
	} {
		if got := c.v.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// In a chain nothing is queued, and one node at a time works: the chain as a whole is the bottleneck, and its busiest node
// gets the blame.
func TestTheBottleneckIsLookedForInChains(t *testing.T) {
	// in -> a => b => c -> out, and src => d -> sink
	top := Topology{
		Nodes: []Node{{ID: "in", Role: Source}, {ID: "a", Role: Transform}, {ID: "b", Role: Transform}, {ID: "c", Role: Transform, Sharable: true},
			{ID: "out", Role: Sink}, {ID: "src", Role: Source}, {ID: "d", Role: Transform}, {ID: "e", Role: Sink}},
		Edges: []Edge{{From: "b", To: "c", Chained: true}, {From: "a", To: "b", Chained: true}, {From: "in", To: "a", Capacity: 4},
			{From: "c", To: "out", Capacity: 4}, {From: "src", To: "d", Chained: true}, {From: "d", To: "e", Chained: true}},
	}
	for _, c := range []struct {
		name string
		set  func(*Snapshot)
		node string
		text string
	}{
		{"the busiest of it", func(s *Snapshot) {
			s.Nodes[0].Blocked, s.Nodes[1].Busy, s.Nodes[2].Busy, s.Nodes[3].Busy = 0.8, 0.2, 0.6, 0.15
			s.Edges[2].FullFor = 2 * time.Second
		}, "b", "b: busy 60%, with its chain 95%, input queue full for 2.0s; in is blocked on it"},
		{"the end of it is blocked", func(s *Snapshot) {
			s.Nodes[0].Blocked, s.Nodes[1].Busy, s.Nodes[3].Blocked, s.Nodes[4].Busy = 0.8, 0.3, 0.6, 0.9
			s.Edges[2].FullFor, s.Edges[3].FullFor = 2*time.Second, 3*time.Second
		}, "out", "out: busy 90%, input queue full for 3.0s; in and c are blocked on it"},
		{"below a source", func(s *Snapshot) {
			s.Nodes[5].Blocked, s.Nodes[6].Busy, s.Nodes[7].Busy = 0.5, 0.3, 0.65
		}, "e", "e: busy 65%, with its chain 95%; src is blocked on it"},
		{"below a source, waiting for what is outside", func(s *Snapshot) {
			s.Nodes[5].Blocked, s.Nodes[6].Busy = 0.9, 0.05
		}, "d", "d: busy only 5%, so it waits for what is behind it; src is blocked on it"},
		{"a queue that is full again and again", func(s *Snapshot) {
			s.Nodes[3].Blocked, s.Nodes[4].Busy, s.Edges[3].FullFor = 0.8, 0.9, 20*time.Millisecond
		}, "out", "out: busy 90%; c is blocked on it"},
		{"the writer waits for another", func(s *Snapshot) { s.Nodes[3].Blocked, s.Nodes[4].Busy = 0.8, 0.9 }, "", ""},
		{"one that could share its rows out", func(s *Snapshot) {
			s.Nodes[0].Blocked, s.Nodes[3].Busy, s.Edges[2].FullFor = 0.8, 0.9, time.Second
		}, "c", "c: busy 90%, with its chain 90%, input queue full for 1.0s; in is blocked on it; try parallelism: 2"},
		{"a source that keeps up", func(s *Snapshot) { s.Nodes[5].Blocked, s.Nodes[6].Busy = 0.1, 0.9 }, "", ""},
	} {
		s := Snapshot{State: Running, Nodes: make([]NodeStats, len(top.Nodes)), Edges: make([]EdgeStats, len(top.Edges))}
		c.set(&s)
		v := Judge(top, s)
		if c.node == "" {
			if v.Mood == MoodBottleneck {
				t.Errorf("%s: %+v", c.name, v)
			}
		} else if v != (Verdict{MoodBottleneck, c.node, c.text}) {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}
