package live

import "time"

// Reached is the event time that all of these nodes have come to, the least of their watermarks: of the sinks of a run, what has
// come out of it for good. Who has no event time does not count, nor who has ended, nor, while another goes on, who is idle.
// It is zero where none is left.
func Reached(nodes []NodeStats) time.Time {
	var at, idle time.Time
	for i := range nodes {
		least := &at
		switch st := &nodes[i]; {
		case st.Watermark.IsZero() || st.Ended:
			continue
		case st.Idle:
			least = &idle
		}
		if least.IsZero() || nodes[i].Watermark.Before(*least) {
			*least = nodes[i].Watermark
		}
	}
	if at.IsZero() {
		return idle
	}
	return at
}
