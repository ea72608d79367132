package plan

import (
	"fmt"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
)

// Dedupe lets one row of each key through. With Within, rows of a key that lie so far apart in event time, or farther, are
// different ones, and a key is forgotten when the watermark has passed its last row by that; without it keys are kept for
// ever.
//
// First passes the row of a key that comes first, at once. Last keeps the one that is last in event time (of equal ones, and
// where there is no event time, the one that comes last), and emits each key's at the end of every epoch in which it changed.
type Dedupe struct {
	By     []Item
	Within time.Duration // 0: for ever
	Last   bool
	At     diag.Span // of what it says of time
	Clock  Clock     // set by Bind
}

func (*Dedupe) isOp() {}

// outputs implements what Declares asks for.
func (o *Dedupe) outputs() []Declared {
	all := []Declared{{}}
	if o.Within > 0 {
		all = append(all, Declared{Name: LateOutput, Optional: true})
	}
	return all
}

func (b *binder) dedupe(n *Node, o *Dedupe, in *Output) *Output {
	e := env(n, in)
	var key []string
	ok := b.byKeys(o.By, e, func(it *Item, f arrow.Field) {
		if it.Bare {
			key = append(key, f.Name)
		}
	})
	for _, it := range o.By {
		if o.Last && !it.Bare {
			b.report(CodeMode, it.Name.At, fmt.Sprintf("make it a column first: derive: {%s: %s}", it.Name.Value, it.Expr.Text.Value),
				"keep: last says which row of a key holds, so the key has to be columns of the row")
			ok = false
		}
	}
	ok = ok && in.Schema != nil
	if in.Schema != nil && in.Mode != Rows {
		b.report(CodeMode, n.FromAt, "dedupe before the aggregate", "%s carries %s results: one that comes again is no duplicate", edgeName(n.Inputs[0]), in.Mode)
		ok = false
	}
	if !ok {
		return nil
	}
	if o.Clock = clockOf(in); in.Time == nil && o.Within > 0 {
		b.noEventTime(n, o.At)
		return nil
	}
	out := in.passOn()
	if o.Last {
		out.Mode, out.Key, out.Time = Updates, key, nil
	}
	return out
}

func (x *explainer) dedupe(o *Dedupe) {
	which, long := "the first", "for ever"
	if o.Last {
		which = "the last"
	}
	if o.Within > 0 {
		long = fmt.Sprintf("within %s of event time", o.Within)
	}
	for _, it := range o.By {
		if it.Bare {
			x.linef("  by %s", it.Name.Value)
		} else {
			x.expr("by", it.Name.Value, it.Expr.P)
		}
	}
	x.linef("  keeps %s row of each, remembered %s", which, long)
}
