package relational

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"flowrun/dag/batch"
	"flowrun/dag/op/optest"
	"flowrun/dag/plan"
)

// In no stretch of time more rows pass than the rate allows for it and for another 100 ms (or one row), and with a full
// input not noticeably fewer.
func TestRateLimitKeepsTheRate(t *testing.T) {
	for _, rate := range []float64{0.5, 3, 10, 100, 1234.5, 100_000} {
		for _, size := range []int{1, 3, 4096} {
			synctest.Test(t, func(t *testing.T) {
				p := open(t, t, &plan.RateLimit{RowsPerSecond: rate}, plan.Rows, nil, schemaOf("x int"))
				seconds := max(2, 3/rate)
				total := int(rate * seconds)
				if total/size > 2000 {
					t.Skip("as many rows one by one prove no more")
				}
				type left struct {
					at   time.Time
					rows int
				}
				var log []left
				begin := time.Now()
				out := &timed{Emitter: p.out, emitted: func(rows int) { log = append(log, left{time.Now(), rows}) }}
				for at := 0; at < total; at += size {
					b := numbered(p.rt.Allocator(), at, min(at+size, total), 0)
					if err := p.op.Process(t.Context(), 0, b, out); err != nil {
						t.Fatal(err)
					}
					b.Release()
				}
				for i := range log {
					rows := 0
					for _, l := range log[i:] {
						rows += l.rows
						allowed := rate*(l.at.Sub(log[i].at).Seconds()+0.1) + 1
						if float64(rows) > allowed+1e-6 {
							t.Fatalf("rate %v, batches of %d: %d rows in %v", rate, size, rows, l.at.Sub(log[i].at))
						}
					}
				}
				if took, most := time.Since(begin).Seconds(), float64(total)/rate*1.01+0.01; took > most {
					t.Errorf("rate %v, batches of %d: %d rows took %.3fs, want at most %.3fs", rate, size, total, took, most)
				}
				if p.out.Passed != total {
					t.Errorf("%d of %d rows passed", p.out.Passed, total)
				}
				for i, r := range p.taken() {
					if r[0] != int64(i) {
						t.Fatalf("row %d is %v: rows change places", i, r[0])
					}
				}
				p.close()
			})
		}
	}
}

// timed tells when rows are emitted.
type timed struct {
	*optest.Emitter
	emitted func(rows int)
}

func (e *timed) Emit(output string, b *batch.Batch) error {
	e.emitted(b.Rows())
	return e.Emitter.Emit(output, b)
}

// A slow stream is not held at all, and a pause earns no burst.
func TestRateLimitHoldsOnlyWhatIsTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t, t, &plan.RateLimit{RowsPerSecond: 100}, plan.Rows, nil, schemaOf("x int"))
		begin := time.Now()
		for range 10 {
			time.Sleep(20 * time.Millisecond)
			p.rows(0, row{int64(1)})
		}
		if took := time.Since(begin); took != 200*time.Millisecond {
			t.Errorf("rows that are not too many took %v, want 200ms", took)
		}
		time.Sleep(time.Hour)
		begin = time.Now()
		p.send(0, numbered(p.rt.Allocator(), 0, 200, 0))
		if took := time.Since(begin); took < 1900*time.Millisecond {
			t.Errorf("200 rows took %v after a pause", took)
		}
		p.close()
	})
}

// What waits gives up at once when the run ends, and lets everything go when the run drains.
func TestRateLimitDoesNotKeepARunFromEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := open(t, t, &plan.RateLimit{RowsPerSecond: 0.001}, plan.Rows, nil, schemaOf("x int"))
		begin := time.Now()
		stop := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		b := numbered(p.rt.Allocator(), 0, 100, 0)
		done := make(chan error, 1)
		go func() { done <- p.op.Process(ctx, 0, b, p.out) }()
		synctest.Wait()
		p.rt.AwaitWaiting()
		cancel(stop)
		if err := <-done; !errors.Is(err, stop) {
			t.Errorf("Process returns %v, want the reason why the run ends", err)
		}
		go func() { done <- p.op.Process(t.Context(), 0, b, p.out) }()
		synctest.Wait()
		p.rt.AwaitWaiting()
		p.rt.Hasten()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %v", took)
		}
		rows := 0
		for _, b := range p.out.Batches[""] {
			rows += b.Rows()
		}
		if rows != 101 { // one of the first try, and all of the second
			t.Errorf("%d rows left, want 101", rows)
		}
		b.Release()
		p.close()
	})
}
