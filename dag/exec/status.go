package exec

import (
	"fmt"
	"strings"
	"time"

	"flowrun/dag/live"
)

// Status is the run in one line, for a log: where it stands, how fast rows come in, and what it waits for outside.
func (r *Run) Status() string {
	var parts []string
	if state := r.State(); state != live.Running {
		parts = append(parts, string(state))
	}
	if n := r.epochs.Load(); n > 0 {
		parts = append(parts, fmt.Sprintf("epoch %d", n-1))
	} else {
		parts = append(parts, "no epoch yet")
	}
	if c := r.commits.told(); c != nil && !c.At.IsZero() {
		parts = append(parts, "committed "+max(r.o.Now().Sub(c.At), 0).Truncate(time.Second).String()+" ago")
	}
	var in float64
	var rejected, late uint64
	var sinks []live.NodeStats
	for i, n := range r.nodes {
		var s live.NodeStats
		r.history.fill(i, &s)
		if n.role == live.Source {
			in += s.Rate
		}
		if n.role == live.Sink {
			n.stats(&s)
			sinks = append(sinks, s)
		}
		rejected += n.meter.rejected.Load() + n.meter.rejectedOut.Load()
		late += n.meter.late.Load()
	}
	parts = append(parts, "in "+rate(in)+" rows/s")
	if rejected > 0 {
		parts = append(parts, fmt.Sprintf("rejected %d", rejected))
	}
	if at := live.Reached(sinks); !at.IsZero() {
		parts = append(parts, "watermark "+behind(r.o.Now().Sub(at)))
	}
	if late > 0 {
		parts = append(parts, fmt.Sprintf("late %d", late))
	}
	for _, n := range r.nodes {
		if text := n.status(); text != "" {
			parts = append(parts, n.id()+": "+text)
		}
	}
	return strings.Join(parts, "  ")
}

// behind writes how far event time is behind the clock: 5.4s behind, 2m5s behind, 3s ahead.
func behind(d time.Duration) string {
	word := " behind"
	if d < 0 {
		d, word = -d, " ahead"
	}
	unit := 100 * time.Millisecond
	if d >= 10*time.Second {
		unit = time.Second
	}
	return d.Round(unit).String() + word
}

// rate writes a number of rows with three digits at least: 7, 940, 92.4k, 1.2M.
func rate(v float64) string {
	switch {
	case v >= 999_950:
		return fmt.Sprintf("%.1fM", v/1e6)
	case v >= 10_000:
		return fmt.Sprintf("%.1fk", v/1e3)
	}
	return fmt.Sprintf("%.0f", v)
}
