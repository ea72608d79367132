package aggregate

import (
	"fmt"
	"time"

	"flowrun/dag/diag"
	"flowrun/dag/plan"
	"flowrun/dag/spec"
	"flowrun/nodes"
)

// window is `window` of an aggregate: one of tumbling, hopping and session says which.
type window struct {
	Tumbling spec.Duration `yaml:"tumbling" doc:"Windows of this length, one behind the other: each row is in one."`
	Hopping  spec.Duration `yaml:"hopping" doc:"Windows of this length that begin every so often, so that a row is in several."`
	Every    spec.Duration `yaml:"every" doc:"With hopping: how often a window begins."`
	Session  *session      `yaml:"session" doc:"Sessions: the rows of a key that lie no farther apart than this. Each goes on from its first row to this long behind its last one."`
	Offset   spec.Duration `yaml:"offset" min:"-36500d" doc:"Moves where windows begin: a day from 06:00 UTC is {tumbling: 1d, offset: 6h}. Below zero is earlier."`
	Grace    spec.Duration `yaml:"grace" doc:"How long a window stays open behind its end, in event time, for rows that come late." min:"0s"`
	Time     diag.Text     `yaml:"time" doc:"event: the time at which rows happened. processing: the time at which they arrive." default:"event" enum:"event,processing"`
}

// session is how far apart the rows of a session are: always the same, or as each row says.
type session struct {
	Fixed spec.Duration `yaml:"fixed" short:"true" doc:"How far apart the rows of a session are: session: 30s is short for session: {fixed: 30s}."`
	Gap   diag.Text     `yaml:"gap" doc:"An expression that gives the duration for each row; the row reaches from its time to that much later. Rows where it is null or not above zero are left out."`
}

// fixed gives the one gap of all rows, 0 where an expression says it.
func (s *session) fixed() time.Duration {
	if d, err := spec.ParseDuration(s.Gap.Value); err == nil {
		return d
	}
	return time.Duration(s.Fixed)
}

const example = "window: {tumbling: 1m}, window: {hopping: 1m, every: 10s}, or window: {session: 30s}"

// plan checks the window; nil after a mistake.
func (w *window) plan(b *nodes.Builder) *plan.Window {
	at := b.Node.Config.Get("window").At
	wrong := func(hint, format string, args ...any) *plan.Window {
		b.Report(diag.Diagnostic{Code: nodes.CodeSetting, At: at, Message: fmt.Sprintf(format, args...), Hint: hint})
		return nil
	}
	p := &plan.Window{
		Size: time.Duration(w.Tumbling), Every: time.Duration(w.Tumbling), Offset: time.Duration(w.Offset), Grace: time.Duration(w.Grace),
		Processing: w.Time.Value == "processing", At: at,
	}
	kinds := 0
	for _, said := range []bool{w.Tumbling != 0, w.Hopping != 0, w.Session != nil} {
		if said {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return wrong(example, "a window says its kind and length")
	case kinds > 1:
		return wrong(example, "a window is one of tumbling, hopping and session")
	case w.Tumbling != 0 && w.Every != 0:
		return wrong(fmt.Sprintf("hopping: %s, every: %s", w.Tumbling, w.Every), "every goes with hopping; tumbling windows begin where the last one ends")
	case w.Session != nil && (w.Every != 0 || w.Offset != 0):
		hint := "remove them"
		if d := w.Session.fixed(); d != 0 {
			hint = fmt.Sprintf("window: {session: %s}", spec.Duration(d))
		}
		return wrong(hint, "every and offset say where windows begin; a session begins with its first row")
	case w.Session != nil && w.Session.Gap.Value != "" && w.Session.Fixed != 0:
		return wrong("session: {gap: EXPR}, or session: 30s", "fixed and gap both say how far apart the rows of a session are")
	case w.Session != nil:
		d := w.Session.fixed()
		p.Session, p.Size, p.Every = true, d, d
		if d == 0 && w.Session.Gap.Value != "" {
			p.Gap.Text = w.Session.Gap
		}
	case w.Hopping != 0:
		if w.Every == 0 {
			return wrong(fmt.Sprintf("hopping: %s, every: %s", w.Hopping, w.Hopping/6), "hopping windows need every: how often one begins")
		}
		p.Size, p.Every = time.Duration(w.Hopping), time.Duration(w.Every)
	}
	byRow := p.Gap.Text.Value != ""
	switch {
	case !byRow && (p.Size < time.Microsecond || p.Every < time.Microsecond):
		return wrong(example, "the length of a window, and every, are at least 1us")
	case p.Size%time.Microsecond != 0 || p.Every%time.Microsecond != 0 || p.Offset%time.Microsecond != 0 || p.Grace%time.Microsecond != 0:
		return wrong("round it to 1us", "times are whole microseconds")
	case p.Every > p.Size:
		return wrong("let every be at most the length", "windows of %s that begin every %s would leave rows out in between", p.Size, p.Every)
	case !byRow && p.Overlap() > maxOverlap:
		return wrong(fmt.Sprintf("every: %s", (p.Size/maxOverlap).Round(time.Microsecond)+time.Microsecond), "each row would be in %d windows; at most %d are possible", p.Overlap(), maxOverlap)
	case !byRow && (p.Offset >= p.Every || p.Offset <= -p.Every):
		return wrong(fmt.Sprintf("offset: %s", p.Offset%p.Every), "the offset is less than the time from one window to the next, %s", p.Every)
	case p.Processing && p.Grace > 0:
		return wrong("remove grace", "no row is late for a window of the time at which it arrives")
	}
	return p
}

// maxOverlap bounds how often a row is counted.
const maxOverlap = 10_000
