package live

import "time"

// State is where a run stands.
type State string

// The states. The last two are the ended ones.
const (
	Starting State = "starting"
	Running  State = "running"
	Pausing  State = "pausing" // paused is asked for, rows are still on the way
	Paused   State = "paused"
	Draining State = "draining"
	Finished State = "finished"
	Failed   State = "failed"
)

// Ended reports whether the run is over.
func (s State) Ended() bool { return s == Finished || s == Failed }

// Snapshot is the run at one moment. Nodes and Edges stand in the order of the Topology.
type Snapshot struct {
	Seq        uint64        `json:"seq"`
	At         time.Time     `json:"at"`
	State      State         `json:"state"`
	Elapsed    time.Duration `json:"elapsed"`           // since the start
	Error      string        `json:"error,omitempty"`   // why it failed
	Epochs     uint64        `json:"epochs"`            // how many were cut; the last one's number is one less
	LastCut    time.Time     `json:"last_cut,omitzero"` // when the last epoch was cut
	Commit     *Commit       `json:"commit,omitempty"`  // the last one; nil: the run has no checkpoint
	Nodes      []NodeStats   `json:"nodes"`
	Edges      []EdgeStats   `json:"edges"`
	Goroutines int           `json:"goroutines"`
	HeapBytes  uint64        `json:"heap_bytes"`
}

// Commit is the last commit of a run with a checkpoint.
type Commit struct {
	Number uint64        `json:"number"`      // of all runs, from 1 on; 0: there was none yet
	Epoch  uint64        `json:"epoch"`       // the last one that it holds
	At     time.Time     `json:"at,omitzero"` // when it was made
	Took   time.Duration `json:"took"`        // until it was durable; 0: an earlier run made it
}

// NodeStats are a node's counters, from the start of the run, and shares of the last second.
type NodeStats struct {
	RowsIn   uint64 `json:"rows_in"` // of a source: rows read, rejects included
	RowsOut  uint64 `json:"rows_out"`
	BytesIn  uint64 `json:"bytes_in"` // of a source: bytes taken from outside, where it knows
	Batches  uint64 `json:"batches"`
	Passed   uint64 `json:"passed"`
	Filtered uint64 `json:"filtered"`
	Late     uint64 `json:"late"`
	Rejected uint64 `json:"rejected"`
	Held     uint64 `json:"held"`
	// RejectedOut counts rejected rows that the node had made itself: they are no fate of a row that came in.
	RejectedOut uint64 `json:"rejected_out,omitempty"`
	// Reasons counts the rejected by reason.
	Reasons map[string]uint64 `json:"reasons,omitempty"`

	Rate    float64   `json:"rate"`              // rows per second over the last second: rows in, of a source rows out
	History []float64 `json:"history,omitempty"` // Rate of each of the last 60 whole seconds, oldest first
	Busy    float64   `json:"busy"`              // share of the last second, 0 to 1, spent working
	Blocked float64   `json:"blocked"`           // share spent on a full output queue
	Status  string    `json:"status,omitempty"`  // what it waits for outside, in words: "connecting localhost:1100, retry in 2s"
	Ended   bool      `json:"ended,omitempty"`   // it has nothing more to do
	// Watermark is what the node knows of event time: no row before it will come. Zero: there is none. Idle: its inputs have
	// nothing, and hold nothing back.
	Watermark time.Time `json:"watermark,omitzero"`
	Idle      bool      `json:"idle,omitempty"`
	// StateRows and StateBytes are how many rows or keys the node remembers, and about how many bytes these take; StateOnDisk of
	// them lie on disk, and may be in memory as well.
	StateRows   uint64 `json:"state_rows,omitempty"`
	StateBytes  uint64 `json:"state_bytes,omitempty"`
	StateOnDisk uint64 `json:"state_on_disk,omitempty"`

	LastRow time.Time `json:"last_row,omitzero"` // when a row last came in
}

// EdgeStats are an edge's counters and its queue.
type EdgeStats struct {
	RowsSent     uint64        `json:"rows_sent"`
	RowsReceived uint64        `json:"rows_received"`
	Queued       int           `json:"queued"`   // batches in the queue
	FullFor      time.Duration `json:"full_for"` // how long the writer has been blocked on it, without a break
}
