package checkpoint

import "time"

// Point is where a run stood when it committed: everything but the state of its operators.
type Point struct {
	// Commit numbers the commits of a checkpoint from 1 on.
	Commit uint64 `json:"commit"`
	// Epoch is the next epoch.
	Epoch    uint64    `json:"epoch"`
	At       time.Time `json:"at"`
	Pipeline string    `json:"pipeline"`
	// Finished: all of a bounded input was read, and everything was closed. There is nothing to continue.
	Finished bool `json:"finished,omitempty"`
	// Shown: it is finished, and sinks have shown all that they had prepared.
	Shown bool            `json:"shown,omitempty"`
	Nodes map[string]Node `json:"nodes"`
}

// Node is what is kept of a node beside its state.
type Node struct {
	// Shape says what the state means; see plan.Shape.
	Shape map[string]string `json:"shape,omitempty"`
	// Lanes is in how many lanes the state lies; 0 where there is none.
	Lanes int `json:"lanes,omitempty"`
	// Rows and Bytes are how much state there is.
	Rows  int64 `json:"rows,omitempty"`
	Bytes int64 `json:"bytes,omitempty"`
	// Position is where a source goes on; nil: it cannot.
	Position []byte `json:"position,omitempty"`
	// Marks are the watermarks of a source's partitions.
	Marks []byte `json:"marks,omitempty"`
	// Token is what a sink prepared for this commit. Whether it was committed is not known.
	Token []byte `json:"token,omitempty"`
	// Counts are the totals of the node since the checkpoint began.
	Counts Counts `json:"counts"`
}

// Counts are rows by fate: in = passed + filtered + late + rejected + held. Rows out are counted apart.
type Counts struct {
	In       uint64 `json:"in"`
	Passed   uint64 `json:"passed"`
	Filtered uint64 `json:"filtered"`
	Late     uint64 `json:"late"`
	Rejected uint64 `json:"rejected"`
	Held     uint64 `json:"held"`
	Out      uint64 `json:"out"`
}
