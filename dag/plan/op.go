package plan

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/spec"
)

// Op is one operation. It is sealed: every switch over it is exhaustive, and a test holds each back end to that.
type Op interface{ isOp() }

// Expr is an expression of an operation: as written, and typed once Bind has seen it.
type Expr struct {
	Text diag.Text
	P    *expr.Program // nil before Bind
}

// Scan reads a source. The connector fills it in, except for Kind and Config.
type Scan struct {
	Kind   string
	Config any           // the kind's decoded settings
	Schema *arrow.Schema // the rows as decoded, with the metadata that decoders need
	Format Format        // how bytes become rows; the zero Format where the source makes rows itself
	Detail string        // what it reads, short: "localhost:1100"
	// Bounded: it ends by itself. Replays: it can start again at a position. UntilNow: it can say what is there now,
	// which triggers once and available_now need.
	Bounded, Replays, UntilNow bool
	// Journal is where what it reads is kept until it is committed; nil: nowhere.
	Journal *Journal
	// Inferred: the schema was found by reading what the input begins with.
	Inferred bool
	// Timing is where event time comes from; nil: the rows have none.
	Timing *Timing
	// Alone names what only one source of a pipeline can read, such as standard input; empty: any number can.
	Alone string
	// Lanes: it decodes in as many lanes as op.Runtime.Lanes says, in order, so that `parallelism` means something.
	Lanes bool
	// Pushes: the source can answer conditions itself. PushesOver are the columns that they may read; nil: any.
	Pushes     bool
	PushesOver []string
	// Newest is a column whose largest value of each batch the source keeps, whatever conditions say of its row: event time of that
	// column goes on as if nothing were left out. "": there is none, and with event time nothing is pushed.
	Newest string
	// Set by Rewrite. Want says which columns are to be built; nil: all; see codec.DecoderOptions. Pushed are conditions, none of
	// which can fail, for a source that Pushes: rows for which one is not true it leaves out, and counts in Batch.Skipped.
	Want   []bool
	Pushed []*expr.Program
}

// Write hands rows to a sink.
type Write struct {
	Kind   string
	Config any
	Format Format
	Detail string
	// Transactional: where the run has a checkpoint, rows become visible only at a commit, so that with a replayable source each
	// shows exactly once.
	Transactional bool
	// Shown: rows are shown by epoch on the run's output.
	Shown bool
	// AtEnd is set where nothing shows before the end of the run, so that every source above has to have one.
	AtEnd *AtEnd
	// Exprs are what the settings compute of each row, such as the templates of a request; Bind types them against the rows
	// that come in.
	Exprs []Expr
	// ExprsOnly: what Exprs compute is all that the sink reads of a row. Without Exprs it reads nothing.
	ExprsOnly bool
	// Upserts is set where a row can take the place of another one with its key.
	Upserts *Upserts
	// Set by Bind: what comes in, whether a source above never ends, and whether the run has a checkpoint.
	Live         bool
	Checkpointed bool
	Pipeline     string // its name
	Schema       *arrow.Schema
	Mode         Mode
	Key          []string
}

// AtEnd blames a setting that waits for the end of the run: its place, what is wrong with it below a source without an end
// ("x is one file, which ..."), and what to write instead.
type AtEnd struct {
	At            diag.Span
	Message, Hint string
}

// Format is `format` as written beside a kind: a name and its options.
type Format struct {
	Name    string
	Options *spec.Value // nil: none
	Config  any         // the format's own options, decoded; nil: it has none
	At      diag.Span
}

// Filter keeps the rows for which Cond is true.
type Filter struct{ Cond Expr }

// Project makes the columns of its Items in order. With Keep it first keeps all incoming columns but those of Drop, those
// of Rename under their new names, and an item of the same name replaces in place; new ones come last.
type Project struct {
	Keep   bool
	Items  []Item
	Drop   []diag.Text
	Rename []Renamed
	// Columns is what Bind made of it: each column of the result, in order.
	Columns []ProjectColumn
}

// Item is a column to make.
type Item struct {
	Name diag.Text
	Expr Expr
	Bare bool // only a column's name was written
}

// Renamed is a column that gets another name and keeps its place.
type Renamed struct{ Old, New diag.Text }

// ProjectColumn is a column of a projection's result: the incoming column Source, or, where Source is -1, Expr.
type ProjectColumn struct {
	Name   string
	Source int
	Expr   *expr.Program
}

// Explode makes a row of each element of a list; Column takes the element, all other columns stay.
type Explode struct{ Item Item }

// Limit passes the first Rows rows; then its input closes.
type Limit struct{ Rows int64 }

// Union passes on the rows of all its inputs, columns by name.
type Union struct {
	// Columns[port][i] is the place in that input of column i of the result; set by Bind.
	Columns [][]int
}

// Route sends each row to the output of the first branch whose predicate is true, or else to [ElseOutput]. It has no main
// output.
type Route struct{ Branches []Branch }

// Branch is an output of a Route.
type Branch struct {
	Name diag.Text
	Cond Expr
}

// Sample keeps about Rate of the rows, from above 0 to 1: those whose number, counted for each source partition, a hash
// with Seed picks. The same rows in the same order give the same sample, however they are batched.
type Sample struct {
	Rate float64
	Seed int64
}

// RateLimit passes all rows on, at most RowsPerSecond of them; the rest waits, and what is above waits with it.
type RateLimit struct{ RowsPerSecond float64 }

// Aggregate groups rows by key, and by window where it has one, and keeps one accumulator per call.
type Aggregate struct {
	Window *Window // nil: none
	By     []Item
	Take   []TakeItem
	Emit   Mode // Final, Updates or Complete
	EmitAt diag.Span
	Times  Clock // by which first and last go: event time, where there is any and they are asked for; set by Bind
}

// TakeItem is a column made of aggregates.
type TakeItem struct {
	Name diag.Text
	Text diag.Text
	Take *expr.Take // nil before Bind
}

func (*Scan) isOp()      {}
func (*Write) isOp()     {}
func (*Filter) isOp()    {}
func (*Project) isOp()   {}
func (*Explode) isOp()   {}
func (*Limit) isOp()     {}
func (*Union) isOp()     {}
func (*Aggregate) isOp() {}
func (*Route) isOp()     {}
func (*Sample) isOp()    {}
func (*RateLimit) isOp() {}

// Mode is what the rows on an edge mean.
type Mode int

// The modes. Rows: each row stands for itself. Updates: the last row per key holds. Complete: each epoch's rows replace
// the last epoch's. Final is what an aggregate emits once, at the end; on the edge that is Rows.
const (
	Rows Mode = iota
	Updates
	Complete
	Final
)

// String gives the word used in files and messages.
func (m Mode) String() string { return [...]string{"rows", "updates", "complete", "final"}[m] }

// TriggerKind says when epochs are cut.
type TriggerKind int

// The triggers.
const (
	ASAP TriggerKind = iota
	Every
	AvailableNow
	Once
)

// Trigger is when epochs are cut; Interval belongs to Every.
type Trigger struct {
	Kind     TriggerKind
	Interval time.Duration
}

// String prints the trigger as in the file.
func (t Trigger) String() string {
	switch t.Kind {
	case Every:
		return t.Interval.String()
	case AvailableNow:
		return "available_now"
	case Once:
		return "once"
	}
	return "asap"
}
