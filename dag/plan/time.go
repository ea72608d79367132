package plan

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// EventTime says which column of an output tells when its rows happened. The watermark on the output's edges is about it.
type EventTime struct {
	Column string
	Or     string        // a second column, behind a join: the time is the later of those two that are not null; "": none
	Less   time.Duration // the time is the column's value less this: 1us behind windows, so that a window is not in the next one
	Delay  time.Duration // how far behind the newest row an older one is still waited for
}

// Clock is where an operator reads the event time of its input's rows: what [EventTime] says, by places. Index is -1 where there
// is none, Or where there is no second column.
type Clock struct {
	Index, Or int
	Less      time.Duration
}

var noClock = Clock{Index: -1, Or: -1}

func clockOf(in *Output) Clock {
	if in.Time == nil {
		return noClock
	}
	c := Clock{Index: in.Schema.FieldIndices(in.Time.Column)[0], Or: -1, Less: in.Time.Less}
	if in.Time.Or != "" {
		c.Or = in.Schema.FieldIndices(in.Time.Or)[0]
	}
	return c
}

// clock notes that the clock's columns are read.
func (d need) clock(c Clock) {
	for _, i := range [2]int{c.Index, c.Or} {
		if i >= 0 {
			d[i] = true
		}
	}
}

// Timing is `event_time` of a source, and the operation of `watermark`: where event time comes from, and how the watermark
// is made of it: the largest time seen, for each source partition, less Delay.
type Timing struct {
	Column diag.Text
	Delay  time.Duration
	Idle   time.Duration // how long a source may have nothing before it no longer holds the watermark back; 0: for ever
	Index  int           // the place of Column in the rows; set by Bind
}

// Watermark makes the watermark of what comes in anew, from a column.
type Watermark struct{ Timing Timing }

func (*Watermark) isOp() {}

// timing checks where event time comes from; nil after a mistake.
func (b *binder) timing(t *Timing, n *Node, in *Output) *EventTime {
	if in == nil || in.Schema == nil {
		return nil
	}
	at := in.Schema.FieldIndices(t.Column.Value)
	if len(at) == 0 {
		e := env(n, in)
		if e.Of == "" {
			e.Of = n.ID
		}
		b.unknownColumn(t.Column, e)
		return nil
	}
	t.Index = at[0]
	if f := in.Schema.Field(t.Index); !schema.Equal(f.Type, schema.Timestamp) {
		hint := "declare it as a timestamp, or make one of it before a watermark: derive: {at: timestamp(" + f.Name + ", \"ms\")}"
		if f.Type.ID() == arrow.STRING {
			hint = "declare it as a timestamp, which reads RFC 3339 text, or make one of it before a watermark: derive: {at: date(" + f.Name + ")}"
		}
		b.report(CodeType, t.Column.At, hint, "event time is a timestamp, and %s is %s", f.Name, schema.Name(f.Type))
		return nil
	}
	return &EventTime{Column: t.Column.Value, Delay: t.Delay}
}

// watermark types a Watermark.
func (b *binder) watermark(n *Node, o *Watermark, in *Output) *Output {
	out := in.passOn()
	time := b.timing(&o.Timing, n, in)
	if out == nil || time == nil {
		return nil
	}
	if in.Mode != Rows {
		b.report(CodeMode, n.FromAt, "make the watermark before the aggregate, or let it emit: final",
			"%s carries %s results: a result that comes again has no place in event time", edgeName(n.Inputs[0]), in.Mode)
		return nil
	}
	out.Time = time
	return out
}

// keptTime is the event time of an output behind a projection, under its new name; nil where its column does not pass through
// as it is.
func keptTime(in *Output, cols []ProjectColumn) *EventTime {
	if in.Time == nil {
		return nil
	}
	kept := func(name string) string { return keptName(in, cols, name) }
	t := *in.Time
	if t.Column = kept(t.Column); t.Column == "" {
		return nil
	}
	if t.Or != "" {
		if t.Or = kept(t.Or); t.Or == "" {
			return nil // without it the time would be another
		}
	}
	return &t
}

// IsColumn reports whether event time is read of the column, which a node below must not replace.
func (t *EventTime) IsColumn(name string) bool {
	return t != nil && (t.Column == name || t.Or != "" && t.Or == name)
}

// sharedTime is the event time of inputs that are put together: the column that all of them have it in, and the longest
// delay. Nil where one has none, or another column.
func sharedTime(inputs []Edge) *EventTime {
	var shared *EventTime
	for _, e := range inputs {
		t := e.Source().Time
		switch {
		case t == nil:
			return nil
		case shared == nil:
			c := *t
			shared = &c
		case t.Column != shared.Column || t.Or != shared.Or || t.Less != shared.Less:
			return nil
		default:
			shared.Delay = max(shared.Delay, t.Delay)
		}
	}
	return shared
}
