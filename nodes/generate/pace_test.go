package generate

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/op/optest"
)

// paced takes rows for a time on the bubble's clock; each call of work lets time pass between two batches.
func paced(t *testing.T, rate float64, atMost time.Duration, work func(batch int)) (rows int64, sizes []int64) {
	rt := optest.New(t)
	p := &pace{rt: rt, grid: newGrid(rate)}
	start := time.Now()
	p.begin(0)
	ctx, cancel := context.WithDeadline(t.Context(), start.Add(atMost))
	defer cancel()
	for {
		n, err := p.due(ctx, rows)
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("due = %v", err)
			}
			return rows, sizes
		}
		rows += n
		sizes = append(sizes, n)
		work(len(sizes))
	}
}

func nothing(int) {}

func TestPaceKeepsTheRate(t *testing.T) {
	for _, rate := range []float64{0.5, 3, 10, 1000, 123_456} {
		synctest.Test(t, func(t *testing.T) {
			rows, sizes := paced(t, rate, 10*time.Second-time.Microsecond, nothing)
			if want := newGrid(rate).rows(10*1e6 - 1); rows > want || float64(rows) < float64(want)-rate*0.01-1 {
				t.Errorf("%v rows/s gave %d rows in 10 s, want %d", rate, rows, want)
			}
			// A row comes alone when there is time, and there is no more than a batch per tick.
			if rate <= 100 && sizes[len(sizes)-1] != 1 {
				t.Errorf("%v rows/s came in batches of %v", rate, sizes)
			}
			if len(sizes) > 1001 {
				t.Errorf("%v rows/s came in %d batches in 10 s", rate, len(sizes))
			}
		})
	}
}

func TestPaceAfterAHalt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		halted := false
		var after []int64
		start := time.Now()
		rows, sizes := paced(t, 1000, 20*time.Second, func(batch int) {
			if !halted && time.Since(start) > time.Second {
				halted = true
				time.Sleep(10 * time.Second)
			}
		})
		for _, n := range sizes {
			if n > 100 {
				after = append(after, n)
			}
		}
		if len(after) > 0 {
			t.Errorf("batches of more than 100 ms of rows: %v", after)
		}
		// 20 s less the halt of 10 s, of which the last second was made good.
		if rows < 10_900 || rows > 11_100 {
			t.Errorf("%d rows", rows)
		}
	})
}

func TestPaceCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		rows, _ := paced(t, 1000, 10*time.Second, func(batch int) {
			if batch%50 == 0 {
				time.Sleep(500 * time.Millisecond) // less than the slack
			}
		})
		if due := time.Since(start).Milliseconds(); rows < due-500 || rows > due+1 {
			t.Errorf("%d rows of %d that were due", rows, due)
		}
	})
}
