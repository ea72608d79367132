package plan

import "time"

// Sort lets rows leave in the order of their event time, and those of one time in the order in which they came. A row waits
// until the watermark has passed its time, and one that comes behind that is late.
type Sort struct {
	// Set by Bind. Delay is about how long, in event time, a row waits.
	Clock Clock
	Delay time.Duration
}

func (*Sort) isOp() {}

// outputs implements what Declares asks for.
func (*Sort) outputs() []Declared { return []Declared{{}, {Name: LateOutput, Optional: true}} }

// sorted types a Sort.
func (b *binder) sorted(n *Node, o *Sort, in *Output) *Output {
	if in.Schema == nil {
		return nil
	}
	if in.Mode != Rows {
		b.report(CodeMode, n.FromAt, "sort before the aggregate, or let it emit: final",
			"%s carries %s results: a result that comes again has no place in event time", edgeName(n.Inputs[0]), in.Mode)
		return nil
	}
	if in.Time == nil {
		b.noEventTime(n, n.ConfigAt)
		return nil
	}
	o.Clock, o.Delay = clockOf(in), in.Time.Delay
	return in.passOn()
}
