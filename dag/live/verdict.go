package live

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mood is the kind of thing a verdict says.
type Mood string

// The moods, in the order in which they are looked for. A run that is none of the others flows.
const (
	MoodFailed     Mood = "failed"
	MoodFinished   Mood = "finished"
	MoodStarting   Mood = "starting"
	MoodChanging   Mood = "changing"   // pausing or draining
	MoodPaused     Mood = "paused"     // by the user
	MoodConnecting Mood = "connecting" // a node waits for something outside
	MoodBottleneck Mood = "bottleneck"
	MoodWaiting    Mood = "waiting" // for input
	MoodFlowing    Mood = "flowing"
)

// Verdict is the one sentence that says how a run is doing and which node it is about.
type Verdict struct {
	Mood Mood
	Node string // "" where it is about no one node
	Text string
}

// String is the verdict for a line of its own.
func (v Verdict) String() string {
	switch v.Mood {
	case MoodBottleneck:
		return "bottleneck " + v.Text
	case MoodFailed, MoodFinished:
		return string(v.Mood) + ": " + v.Text
	}
	return v.Text
}

const (
	fullLongEnough = 300 * time.Millisecond // shorter than that, a full queue is only a queue doing its work
	blockedShare   = 0.3                    // of a second: the node is held back
	worthLanes     = 0.7                    // from there on another lane is worth a try
	busyShare      = 0.5                    // below it a slow node is not slow itself: it waits for something outside
)

// Judge says how a run is doing: whether it has ended, waits for something outside, is slow (and then where), or is
// well. The bottleneck is the node that the blocked ones wait for and that is not blocked itself. It is a pure function.
func Judge(t Topology, s Snapshot) Verdict {
	switch s.State {
	case Failed:
		return Verdict{Mood: MoodFailed, Node: blamed(t, s.Error), Text: firstOf(s.Error, "the run failed")}
	case Finished:
		return Verdict{Mood: MoodFinished, Text: "everything that was read has flowed out"}
	case Paused:
		return Verdict{Mood: MoodPaused, Text: "paused, the sources do not read"}
	case Pausing:
		return Verdict{Mood: MoodChanging, Text: "pausing, rows are still on the way" + queued(s)}
	case Draining:
		return Verdict{Mood: MoodChanging, Text: "draining, rows are still on the way" + queued(s)}
	}
	if v, ok := outside(t, s); ok {
		return v
	}
	if s.State == Starting {
		return Verdict{Mood: MoodStarting, Text: "starting"}
	}
	if v, ok := bottleneck(t, s); ok {
		return v
	}
	return calm(t, s)
}

// blamed is the node that an error names in front, "" where it names none.
func blamed(t Topology, text string) string {
	name, _, ok := strings.Cut(text, ": ")
	if ok && slices.ContainsFunc(t.Nodes, func(n Node) bool { return n.ID == name }) {
		return name
	}
	return ""
}

// outside finds nodes that wait for a connection or the like. To wait for the next row is no news.
func outside(t Topology, s Snapshot) (Verdict, bool) {
	var first string
	var texts []string
	for i, n := range t.Nodes {
		if i >= len(s.Nodes) {
			break
		}
		st := s.Nodes[i]
		if st.Status == "" || st.Ended || strings.HasPrefix(st.Status, "waiting") {
			continue
		}
		if first == "" {
			first = n.ID
		}
		texts = append(texts, n.ID+": "+st.Status)
	}
	if len(texts) == 0 {
		return Verdict{}, false
	}
	if len(texts) > 2 {
		texts = append(texts[:2], fmt.Sprintf("and %d more", len(texts)-2))
	}
	return Verdict{Mood: MoodConnecting, Node: first, Text: strings.Join(texts, "; ")}, true
}

// bottleneck looks for the chain that the blocked ones wait for and that is not blocked itself; its busiest node is to blame.
func bottleneck(t Topology, s Snapshot) (Verdict, bool) {
	index := make(map[string]int, len(t.Nodes))
	for i, n := range t.Nodes {
		index[n.ID] = i
	}
	first := heads(t, index)
	slowest, full := load{busiest: -1}, time.Duration(0)
	look := func(head int, queued time.Duration) {
		l := loadOf(t, s, first, head)
		switch {
		case l.busiest < 0 || l.blocked >= blockedShare: // it is only held back by what comes behind it
		case slowest.busiest < 0 || l.busy > slowest.busy:
			slowest, full = l, queued
		case l.busiest == slowest.busiest:
			full = max(full, queued)
		}
	}
	for i, e := range t.Edges {
		to, known := index[e.To]
		if !known || i >= len(s.Edges) {
			continue
		}
		st := s.Edges[i]
		if st.FullFor >= fullLongEnough {
			look(first[to], st.FullFor)
			continue
		}
		// A queue that is full all the time for short times: every batch makes a little room.
		from, known := index[e.From]
		if full := st.FullFor > 0 || e.Capacity > 0 && st.Queued >= e.Capacity; full && known && from < len(s.Nodes) && s.Nodes[from].Blocked >= blockedShare {
			look(first[to], 0)
		}
	}
	for i, n := range t.Nodes { // what is chained to a source has no queue that could be full
		if n.Role == Source && i < len(s.Nodes) && s.Nodes[i].Blocked >= blockedShare {
			look(i, 0)
		}
	}
	if slowest.busiest < 0 {
		return Verdict{}, false
	}
	name := t.Nodes[slowest.busiest].ID
	text := name + ": busy " + percent(s.Nodes[slowest.busiest].Busy)
	if slowest.busy < busyShare {
		text = name + ": busy only " + percent(slowest.busy) + ", so it waits for what is behind it"
	} else if slowest.nodes > 1 {
		text += ", with its chain " + percent(slowest.busy)
	}
	if full > 0 {
		sep := ", "
		if slowest.busy < busyShare {
			sep = "; "
		}
		text += sep + "input queue full for " + seconds(full)
	}
	if held := heldBack(t, s, index, slowest.busiest); len(held) > 0 {
		verb := " is"
		if len(held) > 1 {
			verb = " are"
		}
		text += "; " + list(held) + verb + " blocked on it"
	}
	if t.Nodes[slowest.busiest].Sharable && s.Nodes[slowest.busiest].Busy >= worthLanes {
		text += "; try parallelism: 2"
	}
	return Verdict{Mood: MoodBottleneck, Node: name, Text: text}, true
}

// heldBack are the blocked nodes above a node, in file order. Inside a chain nobody is blocked on another.
func heldBack(t Topology, s Snapshot, index map[string]int, node int) []string {
	above := map[int]bool{node: true}
	for grew := true; grew; {
		grew = false
		for _, e := range t.Edges {
			from, known := index[e.From]
			to, also := index[e.To]
			if known && also && above[to] && !above[from] && from < len(s.Nodes) && (e.Chained || s.Nodes[from].Blocked >= blockedShare) {
				above[from], grew = true, true
			}
		}
	}
	var names []string
	for i, n := range t.Nodes {
		if above[i] && i != node && s.Nodes[i].Blocked >= blockedShare {
			names = append(names, n.ID)
		}
	}
	return names
}

func calm(t Topology, s Snapshot) Verdict {
	flowing, busiest, busy := false, -1, 0.1
	for i, n := range t.Nodes {
		if i >= len(s.Nodes) {
			break
		}
		st := s.Nodes[i]
		if n.Role == Source && !st.Ended && st.Rate > 0 || n.Role != Source && st.Rate > 0 {
			flowing = true
		}
		if st.Busy > busy {
			busiest, busy = i, st.Busy
		}
	}
	for _, e := range s.Edges {
		flowing = flowing || e.Queued > 0
	}
	switch {
	case !flowing && busiest < 0:
		return Verdict{Mood: MoodWaiting, Text: "waiting for input, nothing is slow"}
	case busiest >= 0:
		return Verdict{Mood: MoodFlowing, Text: fmt.Sprintf("nothing is slow; the busiest is %s at %s", t.Nodes[busiest].ID, percent(busy))}
	}
	return Verdict{Mood: MoodFlowing, Text: "nothing is slow"}
}

func queued(s Snapshot) string {
	n := 0
	for _, e := range s.Edges {
		n += e.Queued
	}
	switch n {
	case 0:
		return ""
	case 1:
		return " (1 batch is queued)"
	}
	return fmt.Sprintf(" (%d batches are queued)", n)
}

func list(names []string) string {
	const shown = 3
	if len(names) > shown {
		return strings.Join(names[:shown-1], ", ") + " and " + strconv.Itoa(len(names)-shown+1) + " more"
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

func percent(share float64) string { return strconv.Itoa(int(min(max(share, 0), 1)*100+0.5)) + "%" }

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	}
	return d.Round(time.Second).String()
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
