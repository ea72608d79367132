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
	Session  spec.Duration `yaml:"session" doc:"Sessions: the rows of a key that lie no farther apart than this. Each goes on from its first row to this long behind its last one."`
	Offset   spec.Duration `yaml:"offset" min:"-36500d" doc:"Moves where windows begin: a day from 06:00 UTC is {tumbling: 1d, offset: 6h}. Below zero is earlier."`
	Grace    spec.Duration `yaml:"grace" doc:"How long a window stays open behind its end, in event time, for rows that come late." min:"0s"`
	Time     diag.Text     `yaml:"time" doc:"event: the time at which rows happened. processing: the time at which they arrive." default:"event" enum:"event,processing"`
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
	for _, length := range []spec.Duration{w.Tumbling, w.Hopping, w.Session} {
		if length != 0 {
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
	case w.Session != 0 && (w.Every != 0 || w.Offset != 0):
		return wrong(fmt.Sprintf("window: {session: %s}", w.Session), "every and offset say where windows begin; a session begins with its first row")
	case w.Session != 0:
		p.Session, p.Size, p.Every = true, time.Duration(w.Session), time.Duration(w.Session)
	case w.Hopping != 0:
		if w.Every == 0 {
			return wrong(fmt.Sprintf("hopping: %s, every: %s", w.Hopping, w.Hopping/6), "hopping windows need every: how often one begins")
		}
		p.Size, p.Every = time.Duration(w.Hopping), time.Duration(w.Every)
	}
	switch {
	case p.Size < time.Microsecond || p.Every < time.Microsecond:
		return wrong(example, "the length of a window, and every, are at least 1us")
	case p.Size%time.Microsecond != 0 || p.Every%time.Microsecond != 0 || p.Offset%time.Microsecond != 0 || p.Grace%time.Microsecond != 0:
		return wrong("round it to 1us", "times are whole microseconds")
	case p.Every > p.Size:
		return wrong("let every be at most the length", "windows of %s that begin every %s would leave rows out in between", p.Size, p.Every)
	case p.Overlap() > maxOverlap:
		return wrong(fmt.Sprintf("every: %s", (p.Size/maxOverlap).Round(time.Microsecond)+time.Microsecond), "each row would be in %d windows; at most %d are possible", p.Overlap(), maxOverlap)
	case p.Offset >= p.Every || p.Offset <= -p.Every:
		return wrong(fmt.Sprintf("offset: %s", p.Offset%p.Every), "the offset is less than the time from one window to the next, %s", p.Every)
	case p.Processing && p.Grace > 0:
		return wrong("remove grace", "no row is late for a window of the time at which it arrives")
	}
	return p
}

// maxOverlap bounds how often a row is counted.
const maxOverlap = 10_000
