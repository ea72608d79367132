package relational

import "flowrun/dag/op"

// punctual gives the event times of a batch, by row of its record, and takes out of its rows those that have none, which are
// rejects, and those behind a watermark, which are late.
func punctual(clock *eventClock, late *lateRows, rows *survivors, now int64, out op.Emitter) (times []int64, err error) {
	in := rows.in
	times, untimed := clock.times(in)
	if len(untimed) > 0 {
		if err := out.Reject(in, untimed); err != nil {
			return nil, err
		}
		rows.drop(untimed)
	}
	if lates := behind(rows.left, times, now); len(lates) > 0 {
		rows.take(lates)
		out.Late(len(lates))
		if err := late.emit(in, lates, times, now, nil, nil, out); err != nil {
			return nil, err
		}
	}
	return times, nil
}
