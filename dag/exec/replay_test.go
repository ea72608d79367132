package exec_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/batch"
	"flowrun/dag/op"
	"flowrun/dag/plan"
)

// againSource gives batches that arrived in an earlier run, and then those of the one below.
type againSource struct {
	timedSource
	arrived []time.Duration // of its first batches, before now
	began   time.Time
	given   int
}

func (s *againSource) Read(ctx context.Context) (*batch.Batch, op.Position, error) {
	b, p, err := s.timedSource.Read(ctx)
	if err == nil && s.Replaying() {
		b.Arrived = s.began.Add(-s.arrived[s.given])
		s.given++
	}
	return b, p, err
}

func (s *againSource) Replaying() bool { return s.given < len(s.arrived) }

// Rows that are read again count for the windows of the time at which they arrived, however long ago that is, and the clock closes
// those once all of them have come.
func TestRowsThatAreReadAgainCountForWhenTheyArrived(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			p := newTimedPlan()
			s := &againSource{began: time.Now(), arrived: []time.Duration{ms(59_000), ms(51_000), ms(48_000), ms(47_000), ms(36_000)}, timedSource: timedSource{live: true}}
			for range s.arrived {
				s.batches = append(s.batches, timedBatch{after: ms(700), rows: rowsAt(4)}) // slow, so that epochs lie in between
			}
			s.batches = append(s.batches, timedBatch{after: ms(2_000), rows: rowsAt(4)})
			p.source("a", plan.Timing{}, &s.timedSource)
			p.sources["a"] = s
			w := windowOf(10*time.Second, 10*time.Second, item("k", "k"))
			w.Window.Processing = true
			p.add("windows", w, "a")
			p.by["windows"].Parallelism = lanes
			p.sink("windows")
			p.start(t)
			shows := func(when string, want ...string) {
				t.Helper()
				synctest.Wait()
				var got []string
				for _, line := range p.shown("windows") {
					_, counts, _ := strings.Cut(line, "window_end=")
					got = append(got, counts)
				}
				if d := cmp.Diff(want, sorted(got)); d != "" {
					t.Errorf("%d lanes, %s:\n%s", lanes, when, d)
				}
			}
			time.Sleep(ms(3_000))
			shows("while rows are read again")
			time.Sleep(ms(1_500))
			old := []string{"1999-12-31T23:59:10Z k=0 n=2 sum=2", "1999-12-31T23:59:20Z k=0 n=2 sum=2", "1999-12-31T23:59:30Z k=0 n=1 sum=1"}
			shows("behind all of them", old...)
			time.Sleep(ms(6_000))
			shows("once the next window is over", append(old, "2000-01-01T00:00:10Z k=0 n=1 sum=1")...)
		})
	}
}
