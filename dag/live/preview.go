package live

import "time"

// Preview is a look at an edge: the newest batches on it, sampled, newest first.
type Preview struct {
	Edge    string    `json:"edge"`
	Columns []Column  `json:"columns"`
	Batches []Sampled `json:"batches"` // at most 16
}

// Sampled is a batch of which the first rows were copied.
type Sampled struct {
	Number uint64    `json:"number"` // of the batch on its edge, from 1
	Epoch  uint64    `json:"epoch"`
	At     time.Time `json:"at"`
	Total  int       `json:"total"` // rows in the batch
	Rows   [][]Cell  `json:"rows"`
}

// Cell is a value as text.
type Cell struct {
	Text string `json:"text"`
	Null bool   `json:"null,omitempty"`
	Late bool   `json:"late,omitempty"`
}
