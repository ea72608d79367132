package exec_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowrun/dag/plan"
)

// What a burst left behind is gone with the next start, in lanes or not, and the rows are those of a run that was not interrupted.
func TestWhatABurstLeftBehindIsGoneWithTheNextStart(t *testing.T) {
	const burst = 20_000
	var rows []timedRow
	for k := range int64(burst) {
		rows = append(rows, timedRow{1000, k, 1}) // of a window that closes
	}
	for i := range int64(300) {
		rows = append(rows, timedRow{60_000 + i, i % 30, i}) // and of one that stays open
	}
	first := len(rows)
	for i := range int64(100) {
		rows = append(rows, timedRow{60_500 + i, i % 40, i})
	}
	rows = append(rows, timedRow{120_000, 1, 1})
	for _, lanes := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			timed := func(w *world, rows []timedRow) durablePlan {
				p := oneNode(w, windowOf(10*time.Second, 10*time.Second, item("k", "k")), lanes, rows, false)
				p.by["a"].Op.(*plan.Scan).Timing = &plan.Timing{Column: text("at")}
				return p
			}
			undisturbed := newWorld()
			timed(undisturbed, rows).run(t, undisturbed, time.Second, time.Hour)
			w := newWorld()
			timed(w, rows[:first]).run(t, w, time.Second, time.Hour)
			before := w.stored(t, lanes)
			timed(w, rows).run(t, w, time.Second, time.Hour)
			after := w.stored(t, lanes)
			if before < burst*8 || after > before/20 {
				t.Errorf("%d lanes: %d bytes are stored behind the burst, and %d behind the next run", lanes, before, after)
			}
			timed(w, rows).run(t, w, time.Second, time.Hour) // what was packed can be read
			if d := cmp.Diff(undisturbed.results(), w.results()); d != "" {
				t.Errorf("%d lanes: one run, and several:\n%s", lanes, d)
			}
		})
	}
}

// stored is how many bytes the checkpoint has of the state of a node.
func (w *world) stored(t *testing.T, lanes int) (bytes int) {
	t.Helper()
	store, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for lane := range lanes {
		if err := store.Blocks("node", lane, func(_ string, _ uint32, value []byte) error { bytes += len(value); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return bytes
}
