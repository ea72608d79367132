package relational

import (
	"context"
	"math"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// rateLimit passes rows on at a steady rate at most, in pieces of burst. It holds no rows: while it waits its input waits,
// and with it what is above, so that a barrier is never more than a few batches away.
type rateLimit struct {
	stateless
	rate  float64 // rows per second
	piece int     // rows that leave at once
	rt    op.Runtime
	due   time.Time // when the next row may leave
}

// burst is how much time the rows of a piece stand for, and how much of a delay is made good: in no stretch of time more
// rows pass than the rate allows for it and two bursts.
const burst = 50 * time.Millisecond

func newRateLimit(o *plan.RateLimit) *rateLimit {
	piece := min(max(o.RowsPerSecond*burst.Seconds(), 1), math.MaxInt32)
	return &rateLimit{rate: o.RowsPerSecond, piece: int(piece)}
}

func (l *rateLimit) Open(_ context.Context, rt op.Runtime) error {
	l.rt = rt
	return nil
}

func (l *rateLimit) Process(ctx context.Context, _ int, in *batch.Batch, out op.Emitter) error {
	rows := in.Rows()
	out.Pass(rows)
	for from := 0; from < rows; {
		n := min(l.piece, rows-from)
		hurry, err := l.wait(ctx)
		if err != nil {
			return err
		}
		if hurry {
			n = rows - from
		}
		l.due = l.due.Add(time.Duration(math.Ceil(float64(n) / l.rate * float64(time.Second))))
		if n == rows {
			err = pass(in, out)
		} else {
			err = out.Emit("", batch.Slice(in, from, from+n))
		}
		if err != nil {
			return err
		}
		from += n
	}
	return nil
}

// wait waits until a row is due, or until rows are not to be held back any longer.
func (l *rateLimit) wait(ctx context.Context) (hurry bool, err error) {
	select {
	case <-l.rt.Hurry():
		return true, nil
	default:
	}
	now := l.rt.Now()
	if early := now.Add(-burst); l.due.Before(early) {
		l.due = early
	}
	for left := l.due.Sub(now); left > 0; left = l.due.Sub(l.rt.Now()) {
		l.rt.Waiting(true)
		select {
		case <-l.rt.After(left):
		case <-l.rt.Hurry():
			hurry = true
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		l.rt.Waiting(false)
		if hurry || err != nil {
			return hurry, err
		}
	}
	return false, nil
}

func (l *rateLimit) Close() error { return nil }
