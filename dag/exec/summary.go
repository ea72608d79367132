package exec

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"flowrun/dag/checkpoint"
	"flowrun/dag/live"
)

// Summary is the account of a run: what became of every row. It adds up at any moment for what nodes are done with.
type Summary struct {
	State        live.State    `json:"state"`
	Error        string        `json:"error,omitempty"`
	Elapsed      time.Duration `json:"elapsed"`
	Epochs       uint64        `json:"epochs"`
	Nodes        []NodeAccount `json:"nodes"`
	OnTheWay     uint64        `json:"on_the_way"` // rows sent and not dealt with; of a run that ended well none
	Problems     []string      `json:"problems,omitempty"`
	OutputClosed bool          `json:"output_closed,omitempty"` // the reader of the run's output went away; no failure

	// Since is the account since the checkpoint began, up to the last commit; nil: this is the first run with it.
	Since map[string]checkpoint.Counts `json:"since,omitempty"`
}

// NodeAccount is what became of the rows that came into a node: In = Passed + Filtered + Late + Rejected + Held. Rows out
// are counted apart. Of a source, In are the inputs it read.
type NodeAccount struct {
	Node        string            `json:"node"`
	Kind        string            `json:"kind"`
	Role        live.Role         `json:"role"`
	In          uint64            `json:"in"`
	Out         uint64            `json:"out"`
	Passed      uint64            `json:"passed"`
	Filtered    uint64            `json:"filtered"`
	Late        uint64            `json:"late"`
	Rejected    uint64            `json:"rejected"`
	Held        uint64            `json:"held"`
	RejectedOut uint64            `json:"rejected_out,omitempty"` // rows that the node made and then rejected
	Reasons     map[string]uint64 `json:"reasons,omitempty"`
	// StateMost is the most bytes that the node remembered at the end of an epoch; of several lanes the sum of what each did.
	StateMost uint64 `json:"state_most_bytes,omitempty"`

	Busy    time.Duration `json:"busy"`    // time spent working; of several lanes the mean
	Blocked time.Duration `json:"blocked"` // time spent on a full output queue
}

// Summary gives the account as it stands.
func (r *Run) Summary() Summary {
	s := Summary{State: r.State(), Elapsed: r.elapsed(), Epochs: r.epochs.Load(), OutputClosed: r.printer.closed.Load()}
	r.failure.Lock()
	if r.err != nil {
		s.Error = r.plan.Secrets.Mask(r.err.Error())
	}
	r.failure.Unlock()
	now := moment()
	for _, n := range r.nodes {
		var st live.NodeStats
		n.stats(&st)
		a := NodeAccount{Node: n.id(), Kind: n.plan.Kind, Role: n.role, In: st.RowsIn, Out: st.RowsOut, Passed: st.Passed,
			Filtered: st.Filtered, Late: st.Late, Rejected: st.Rejected, Held: st.Held, RejectedOut: st.RejectedOut, Reasons: st.Reasons}
		spent := n.spent(now)
		a.Busy, a.Blocked = spent[busy], spent[blocked]
		for _, e := range n.emits {
			a.StateMost += uint64(e.stateMost.Load())
		}
		s.Nodes = append(s.Nodes, a)
		if sum := a.Passed + a.Filtered + a.Late + a.Rejected + a.Held; s.State.Ended() && sum != a.In {
			s.Problems = append(s.Problems, fmt.Sprintf("%s: %d rows in, but %d have a fate", a.Node, a.In, sum))
		}
	}
	if s.State.Ended() {
		s.Since = r.Since()
	}
	for _, e := range r.edges {
		received := e.receivedRows.Load()
		s.OnTheWay += max(e.sentRows.Load(), received) - received // a batch that is not sent after all is taken off again
	}
	if s.State == live.Finished {
		if err := r.checkEdges(); err != nil {
			s.Problems = append(s.Problems, err.Error())
		}
	}
	return s
}

// checkEdges checks that every edge delivered what was sent. It holds once everything has flowed out.
func (r *Run) checkEdges() error {
	for _, e := range r.edges {
		if sent, received := e.sentRows.Load(), e.receivedRows.Load(); sent != received {
			return bug(fmt.Sprintf("account: edge %s was sent %d rows and delivered %d", e.id, sent, received))
		}
	}
	return nil
}

// WriteSummary writes the account as text: a line per node, its rejects by reason, and whether it adds up.
func (s Summary) WriteSummary(w io.Writer) error {
	rows := [][]string{{"node", "kind", "in", "out", "passed", "filtered", "late", "rejected", "held"}}
	for _, a := range s.Nodes {
		row := []string{a.Node, a.Kind}
		for _, n := range []uint64{a.In, a.Out, a.Passed, a.Filtered, a.Late, a.Rejected, a.Held} {
			row = append(row, strconv.FormatUint(n, 10))
		}
		rows = append(rows, row)
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s after %s, %s\n", s.State, s.Elapsed.Round(time.Millisecond), plural(s.Epochs, "epoch"))
	for i, row := range rows {
		for j, cell := range row {
			pad := strings.Repeat(" ", widths[j]-utf8.RuneCountInString(cell))
			switch {
			case j == 0:
				b.WriteString("  " + cell + pad)
			case j == 1:
				b.WriteString("  " + cell + pad)
			default:
				b.WriteString("  " + pad + cell)
			}
		}
		b.WriteString("\n")
		if i > 0 {
			writeReasons(&b, s.Nodes[i-1])
		}
	}
	switch {
	case len(s.Problems) > 0:
		fmt.Fprintf(&b, "account: WRONG, which is a bug: %s\n", strings.Join(s.Problems, "; "))
	case s.OnTheWay > 0:
		fmt.Fprintf(&b, "account: ok, with %s still on the way when the run ended\n", plural(s.OnTheWay, "row"))
	default:
		b.WriteString("account: ok\n")
	}
	s.writeSince(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeReasons(b *strings.Builder, a NodeAccount) {
	reasons := make([]string, 0, len(a.Reasons))
	for r := range a.Reasons {
		reasons = append(reasons, r)
	}
	slices.SortFunc(reasons, func(x, y string) int {
		if a.Reasons[x] != a.Reasons[y] {
			if a.Reasons[x] > a.Reasons[y] {
				return -1
			}
			return 1
		}
		return strings.Compare(x, y)
	})
	for _, r := range reasons {
		fmt.Fprintf(b, "    rejected %d: %s\n", a.Reasons[r], r)
	}
	if a.RejectedOut > 0 {
		fmt.Fprintf(b, "    %d of the rejected are rows that %s had made itself\n", a.RejectedOut, a.Node)
	}
}

func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.FormatUint(n, 10) + " " + noun + "s"
}
