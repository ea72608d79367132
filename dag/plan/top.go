package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// Rank is the column that a [Top] adds: the place of a row, from 1 on.
const Rank = "rank"

// Top lets the first N rows of each key pass, in an order, once it is known that no other can come: when the watermark has
// passed the event time of a key that event time is part of, or, of complete results, at the end of the epoch. With Updates it
// does not wait for that: at the end of each epoch it lets the first rows pass of the keys that got another one among them; the
// last row of a key and rank holds.
type Top struct {
	N     int
	By    []Item
	Order []Ordered
	// Ties: rows that are equal in order share a rank, and those equal to the N-th pass as well. Without it the one that came
	// first is the first.
	Ties     bool
	Updates  bool
	UpdateAt diag.Span // of what says so

	// Set by Bind. Delay is about how long, in event time, a key waits.
	Clock    Clock
	Delay    time.Duration
	PerEpoch bool // the input carries complete results
}

// Ordered is a column to order by: null, then the smallest value first, NaN being the largest; Desc turns that round.
type Ordered struct {
	Column diag.Text
	Desc   bool
	Index  int // its place; set by Bind
}

func (*Top) isOp() {}

// Keeps says of each column of the input whether it is looked at once its row is kept; out is the main output.
func (o *Top) Keeps(out *Output) func(column int) bool {
	return func(column int) bool {
		return out.Needs(column) || slices.ContainsFunc(o.Order, func(c Ordered) bool { return c.Index == column })
	}
}

// outputs implements what Declares asks for.
func (o *Top) outputs() []Declared {
	if o.Updates {
		return []Declared{{}} // no row comes too late for them
	}
	return []Declared{{}, {Name: LateOutput, Optional: true}}
}

// top types a Top.
func (b *binder) top(n *Node, o *Top, in *Output) *Output {
	if in.Schema == nil {
		return nil
	}
	e := env(n, in)
	var key []string
	ok := b.byKeys(o.By, e, func(it *Item, f arrow.Field) {
		if it.Bare {
			key = append(key, f.Name)
		}
	})
	for i := range o.Order {
		c := &o.Order[i]
		at := in.Schema.FieldIndices(c.Column.Value)
		if len(at) == 0 {
			b.unknownColumn(c.Column, e)
			ok = false
			continue
		}
		if why := notAKey(in.Schema.Field(at[0]).Type); why != "" {
			b.report(CodeType, c.Column.At, "order by a simple value of it", "%s has no order: %s", c.Column.Value, why)
			ok = false
		}
		c.Index = at[0]
	}
	if in.Schema.HasField(Rank) {
		b.report(CodeDuplicateColumn, n.ConfigAt, "give it another name before: rename: {rank: old_rank}",
			"%s adds the column %q, and %s has one", n.Kind, Rank, e.Of)
		ok = false
	}
	if o.Updates {
		ok = b.topUpdates(n, o, in) && ok
	} else {
		ok = b.topEnds(n, o, in) && ok
	}
	if !ok {
		return nil
	}
	out := in.passOn()
	if o.Updates {
		out.Mode, out.Key, out.Time = Updates, append(key, Rank), nil
	}
	out.Schema = arrow.NewSchema(append(slices.Clone(in.Schema.Fields()), arrow.Field{Name: Rank, Type: schema.Int}), nil)
	return out
}

// topUpdates checks that the last row of a key and rank can hold.
func (b *binder) topUpdates(n *Node, o *Top, in *Output) bool {
	o.Clock = noClock
	if in.Mode != Rows {
		b.report(CodeMode, n.FromAt, "let "+edgeName(n.Inputs[0])+" say emit: complete, and leave emit out here: then the first rows of each epoch come",
			"%s carries %s results: a row that comes again would stand beside what it replaces", edgeName(n.Inputs[0]), in.Mode)
		return false
	}
	if o.Ties {
		b.report(CodeMode, o.UpdateAt, "ties: cut, with more columns in order for rows that are equal",
			"with emit: updates the last row of a rank holds, and with ties: keep several rows have one rank")
		return false
	}
	for _, it := range o.By {
		if !it.Bare {
			b.report(CodeMode, it.Name.At, fmt.Sprintf("make it a column first: derive: {%s: %s}", it.Name.Value, it.Expr.Text.Value),
				"with emit: updates the last row of a key and rank holds, so the key has to be columns of the row")
			return false
		}
	}
	return true
}

// topEnds finds when the first rows of a key are known.
func (b *binder) topEnds(n *Node, o *Top, in *Output) bool {
	const ways = "by: [window_end, ...] behind an aggregate with a window and emit: final; or emit: updates, which shows each change; " +
		"or let an aggregate above say emit: complete, for the first rows of each epoch"
	o.Clock = noClock
	from := edgeName(n.Inputs[0])
	switch {
	case in.Mode == Complete:
		o.PerEpoch = true
		return true
	case in.Mode == Updates:
		b.report(CodeMode, n.FromAt, "let "+from+" say emit: complete, for the first rows of each epoch, or emit: final", "%s carries updates: a row that it replaces would stay among the first", from)
		return false
	case in.Time == nil:
		b.report(CodeNeverFinal, n.ConfigAt, ways, "%s would never know its first rows: %s has no event time that says when no better one can come", n.Kind, from)
		return false
	}
	grouped := func(column string) bool {
		return slices.ContainsFunc(o.By, func(it Item) bool { return it.Bare && it.Name.Value == column })
	}
	for _, column := range []string{in.Time.Column, in.Time.Or} {
		if column != "" && !grouped(column) {
			hint := ways
			if in.Time.Less > 0 {
				hint = fmt.Sprintf("add %s to by, for the first rows of each window; or let the aggregate above say emit: complete, for those of each epoch", column)
			}
			b.report(CodeNeverFinal, n.ConfigAt, hint, "%s would never know its first rows: only rows of one event time (%s) are known to be all there at some time, and by does not hold it",
				n.Kind, column)
			return false
		}
	}
	o.Clock, o.Delay = clockOf(in), in.Time.Delay
	return true
}

func (x *explainer) top(o *Top) {
	for _, it := range o.By {
		if it.Bare {
			x.linef("  by %s", it.Name.Value)
		} else {
			x.expr("by", it.Name.Value, it.Expr.P)
		}
	}
	first, last := fmt.Sprintf("the first %d rows", o.N), "the last of them"
	if o.N == 1 {
		first, last = "the first row", "it"
	}
	x.linef("  %s%s, in the order of", first, choose(o.Ties, " and all that are equal to "+last, ""))
	for _, c := range o.Order {
		x.linef("    %s%s", c.Column.Value, choose(c.Desc, ", largest first", ""))
	}
	switch {
	case o.Updates:
		x.linef("  at the end of each epoch, of the keys that changed")
	case o.PerEpoch:
		x.linef("  of each epoch")
	default:
		x.linef("  each key's once the watermark has passed its event time")
	}
}
