package generate

import (
	"context"
	"time"

	"flowrun/dag/op"
)

// pace says how many rows are due. It wakes at most once per tick, and what the pipeline did not take in time is made good
// only as far as slack: after a longer halt the rate falls behind instead of bursting.
type pace struct {
	rt   op.Runtime
	grid grid
	zero time.Time // when row 0 was, or would have been, due
	last time.Time // of the last rows
}

const (
	tick  = 10 * time.Millisecond
	slack = time.Second
	// span is how many rows a batch holds at the most, in time.
	span = 100 * time.Millisecond
)

// begin makes row n due now.
func (p *pace) begin(n int64) {
	p.zero = p.rt.Now().Add(-micros(p.grid.micros(n)))
}

// due waits until row n is due, and returns how many rows are, at least 1.
func (p *pace) due(ctx context.Context, n int64) (int64, error) {
	for {
		now := p.rt.Now()
		behind := now.Sub(p.zero) - micros(p.grid.micros(n))
		if behind > slack {
			p.zero = p.zero.Add(behind - slack)
		}
		rows := p.grid.rows(now.Sub(p.zero).Microseconds()) - n
		wait := max(-behind, p.last.Add(tick).Sub(now))
		if rows > 0 && (wait <= 0 || behind > tick) {
			p.last = now
			return min(rows, max(p.grid.rows(span.Microseconds()-1), 1)), nil
		}
		p.rt.Waiting(true)
		select {
		case <-p.rt.After(max(wait, time.Microsecond)):
		case <-ctx.Done():
		}
		p.rt.Waiting(false)
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
}

func micros(n int64) time.Duration {
	return time.Duration(min(n, int64(1<<63-1)/1000)) * time.Microsecond
}
