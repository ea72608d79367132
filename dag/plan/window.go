package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/diag"
	"flowrun/dag/schema"
)

// The columns that windows make.
const (
	WindowStart     = "window_start"
	WindowEnd       = "window_end"
	LateWindowStart = "late_window_start"
	LateWindowEnd   = "late_window_end"
	LateBy          = "late_by"
)

// afterWindow is how much the event time of a window's result lies before the window's end, which is outside of it.
const afterWindow = time.Microsecond

// Window says how an aggregate cuts time: into windows of Size that begin every Every, counted from the Unix epoch and
// Offset, in UTC. Of a tumbling window Every is Size. A row belongs to all windows that hold its time; start is in a window,
// end is not.
type Window struct {
	// Session: Size, and Every, is how far apart the rows of a session may be; it reaches from its first row to Size behind its
	// last one.
	Session bool
	// Gap is of sessions whose rows say themselves how far they reach: a duration for each. Its Text is empty elsewhere; where it is
	// not, Size and Every are 0.
	Gap                 Expr
	Size, Every, Offset time.Duration
	// Grace is how long behind its end, in event time, a window still takes rows; it closes then.
	Grace time.Duration
	// Processing: the time of a row is when it arrives, and windows close as the run's clock goes on.
	Processing bool
	At         diag.Span
	Clock      Clock // set by Bind
}

// Overlap is in how many windows a row can be.
func (w *Window) Overlap() int { return int((w.Size + w.Every - 1) / w.Every) }

// outputs implements what Declares asks for: late rows leave by an output of their own, where there can be any.
func (o *Aggregate) outputs() []Declared {
	all := []Declared{{}}
	if o.Window != nil && !o.Window.Processing && o.Emit != Complete {
		all = append(all, Declared{Name: LateOutput, Optional: true})
	}
	return all
}

// window checks a window and gives the columns that it makes.
func (b *binder) window(n *Node, o *Aggregate, in *Output) (fields []arrow.Field, ok bool) {
	w := o.Window
	gaps := b.gap(n, w, in)
	fields = []arrow.Field{{Name: WindowStart, Type: schema.Timestamp}, {Name: WindowEnd, Type: schema.Timestamp}}
	if w.Processing {
		w.Clock = noClock
		return fields, gaps
	}
	if in.Schema == nil {
		return fields, false
	}
	if in.Time == nil {
		b.noEventTime(n, w.At)
		return fields, false
	}
	w.Clock = clockOf(in)
	return fields, gaps
}

// gap types the gap of sessions whose rows say it.
func (b *binder) gap(n *Node, w *Window, in *Output) (ok bool) {
	if w.Gap.Text.Value == "" {
		return true
	}
	b.compile(&w.Gap, env(n, in))
	p := w.Gap.P
	if p == nil {
		return false
	}
	if !schema.Equal(p.Type(), schema.Duration) {
		hint := `make a duration of it, for instance: kind == "bot" ? duration("1m") : duration("30m")`
		switch p.Type().ID() {
		case arrow.INT64, arrow.FLOAT64:
			hint = `multiply it with a unit, for instance: minutes * duration("1m")`
		case arrow.STRING:
			hint = "make a duration of it: duration(text)"
		}
		b.report(CodeType, w.Gap.Text.At, hint, "the gap of a session is a duration, and this is %s", schema.Name(p.Type()))
		return false
	}
	return true
}

// noEventTime reports a node that needs event time and has none, with what to write for it.
func (b *binder) noEventTime(n *Node, at diag.Span) { b.noEventTimeOf(n, 0, at) }

// noEventTimeOf is noEventTime for one of several inputs.
func (b *binder) noEventTimeOf(n *Node, port int, at diag.Span) {
	from := edgeName(n.Inputs[port])
	column, hint := "COLUMN", ""
	if in := n.Inputs[port].Source(); in != nil && in.Schema != nil {
		if i := slices.IndexFunc(in.Schema.Fields(), func(f arrow.Field) bool { return schema.Equal(f.Type, schema.Timestamp) }); i >= 0 {
			column = in.Schema.Field(i).Name
		}
	}
	var sources []string
	for _, s := range Sources(n.Inputs[port].From) {
		if scan, ok := s.Op.(*Scan); ok && scan.Timing == nil {
			sources = append(sources, s.ID)
		}
	}
	if len(sources) > 0 {
		hint = fmt.Sprintf("write beside the source %s: event_time: {column: %s, delay: 10s}", strings.Join(sources, ", "), column)
	} else {
		hint = fmt.Sprintf("the column that was event time is gone or was made anew on the way: keep it, or put a watermark before: watermark: {column: %s, delay: 10s}", column)
	}
	b.report(CodeEventTime, at, hint, "%s needs event time, and the rows of %s have none", n.Kind, from)
}

// latePort says which input's late rows leave by an output; ok is false where none do.
func latePort(output string) (port int, ok bool) {
	return max(0, slices.Index(LateSides[:], output)), output == LateOutput || slices.Contains(LateSides[:], output)
}

// late is an output of late rows of a node, those of one of its inputs. Where somebody reads it, its columns must not be there
// before.
func (b *binder) late(n *Node, port int, name string, windows bool) *Output {
	in := n.Inputs[port].Source()
	out := lateOutput(in, windows)
	if !isRead(b.p, n, name) {
		return out
	}
	for _, f := range out.Schema.Fields()[in.Schema.NumFields():] {
		if len(in.Schema.FieldIndices(f.Name)) > 0 {
			b.report(CodeDuplicateColumn, n.FromAt, "rename it before: rename: {"+f.Name+": was_"+f.Name+"}",
				"what comes in has a column %q, and %s adds one to late rows", f.Name, address(n, name))
		}
	}
	return out
}

// lateOutput is what leaves by the output of late rows: they as they came, with the window that was closed where it is about
// windows, and how late they were.
func lateOutput(in *Output, windows bool) *Output {
	fields := slices.Clone(in.Schema.Fields())
	if windows {
		fields = append(fields, arrow.Field{Name: LateWindowStart, Type: schema.Timestamp}, arrow.Field{Name: LateWindowEnd, Type: schema.Timestamp})
	}
	fields = append(fields, arrow.Field{Name: LateBy, Type: schema.Duration})
	return &Output{Schema: arrow.NewSchema(fields, nil), Mode: in.Mode, Time: in.Time}
}

func (x *explainer) window(w *Window) {
	if w == nil {
		return
	}
	if w.Gap.P != nil {
		defer x.rowByRow(w.Gap.P)
	}
	about := fmt.Sprintf("windows of %s", w.Size)
	if w.Session {
		about = fmt.Sprintf("sessions of rows up to %s apart", w.Size)
		if w.Gap.P != nil {
			about = fmt.Sprintf("sessions of rows up to (%s) apart", w.Gap.Text.Value)
		}
	}
	if w.Every != w.Size {
		about += fmt.Sprintf(" every %s", w.Every)
	}
	if w.Offset != 0 {
		about += fmt.Sprintf(", beginning %s behind the full ones", w.Offset)
	}
	if w.Processing {
		x.linef("  %s, of the time at which rows arrive", about)
		return
	}
	about += ", of event time"
	if w.Grace > 0 {
		about += fmt.Sprintf(", open %s longer for late rows", w.Grace)
	}
	x.linef("  %s", about)
}
