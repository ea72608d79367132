package exec

import "time"

// standing is what a writer promises an edge: that no row before a time will come, and whether it has nothing to say just now, so
// that nobody needs to wait for it. It travels as a watermark message.
type standing struct {
	at   time.Time
	idle bool
}

// watermarks keeps the standing of each input; the node's watermark is the least of those that are not idle. Once all are idle
// there is nothing to wait for below the greatest.
type watermarks struct {
	each []standing
	last standing
}

func newWatermarks(inputs int) watermarks { return watermarks{each: make([]standing, inputs)} }

// set takes an input's standing. It gives the node's, which never falls, whether its watermark rises, and whether it goes idle or
// comes back.
func (w *watermarks) set(port int, s standing) (now standing, rises, turns bool) {
	if s.at.Before(w.each[port].at) {
		s.at = w.each[port].at
	}
	w.each[port] = s
	now.idle = true
	for _, e := range w.each {
		now.idle = now.idle && e.idle
	}
	first := true
	for _, e := range w.each {
		switch {
		case now.idle:
			if e.at.After(now.at) {
				now.at = e.at
			}
		case !e.idle && (first || e.at.Before(now.at)):
			now.at, first = e.at, false
		}
	}
	rises = now.at.After(w.last.at)
	if !rises {
		now.at = w.last.at
	}
	turns = now.idle != w.last.idle
	w.last = now
	return now, rises, turns
}
