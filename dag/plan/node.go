package plan

import (
	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
)

// Pipeline is a bound plan.
type Pipeline struct {
	Name        string
	Description string
	File        string
	Trigger     Trigger
	TriggerAt   diag.Span
	Checkpoint  *Checkpoint // nil: the end of the run is its only commit
	Nodes       []*Node     // in file order
	// Secrets is what is shown to nobody: whoever prints, logs or draws something of the plan or its run masks it.
	Secrets *diag.Secrets
}

// OnError is what happens to a rejected row that nobody reads.
type OnError int

// The policies. Unset lets Bind choose: Fail where every source above can replay, else Drop.
const (
	Unset OnError = iota
	Fail
	Drop
)

// String gives the word used in files.
func (e OnError) String() string { return [...]string{"", "fail", "drop"}[e] }

// Node is a named operation.
type Node struct {
	ID          string
	Kind        string
	Op          Op
	Inputs      []Edge
	Outputs     []*Output // the main one first, then those that are read or always there; none on a Write
	OnError     OnError   // never Unset once bound
	Description string
	At          diag.Span // of the name
	ConfigAt    diag.Span // of the kind's settings
	FromAt      diag.Span
	// BatchRows is how many rows a batch that the node makes should hold at the most, since a rate limit lies below it;
	// 0: as many as the engine likes. Bind sets it.
	BatchRows int
	// Parallelism is how many lanes the node runs in, as written; 0: nothing was written. Unordered: the batches of its lanes go
	// on as they are done, not in the order in which they came; those of one key, where it has keys, still do.
	Parallelism int
	Unordered   bool
	LanesAt     diag.Span // where it was written
	// Chained is set by Rewrite: the node runs in the goroutine of the one it reads, without a queue in between. It has one
	// input. Where the two do not have the same lanes it means nothing, since there rows go from one goroutine to another.
	Chained bool
}

// Edge names the output that an input reads.
type Edge struct {
	From   *Node
	Output string // "" is the main one
	At     diag.Span
}

// Output is one output of a node, typed.
type Output struct {
	Name   string
	Schema *arrow.Schema
	Mode   Mode
	Time   *EventTime // when its rows happened; nil: not known
	Key    []string   // of Updates: the columns that identify a row
	Read   bool       // something reads it
	// Need says which columns somebody reads, set by Rewrite; nil: all. The others may be batch.Blank.
	Need []bool
}

// Needs reports whether somebody reads a column of the output, by its place; before Rewrite all count as read.
func (o *Output) Needs(column int) bool { return o.Need == nil || o.Need[column] }

// Output returns the output called name, or nil.
func (n *Node) Output(name string) *Output {
	for _, o := range n.Outputs {
		if o.Name == name {
			return o
		}
	}
	return nil
}

// Source returns the output that the edge reads, nil before it is typed.
func (e Edge) Source() *Output {
	if e.From == nil {
		return nil
	}
	return e.From.Output(e.Output)
}
