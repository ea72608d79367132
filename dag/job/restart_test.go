package job

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowrun/dag/exec"
	"flowrun/dag/live"
	_ "flowrun/nodes/all"
)

// A run that failed of something that passes goes on from its last checkpoint, and to whoever watches it is one run: what it
// writes is there once, events are numbered through, and it is not shown as failed in between.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	input := filepath.Join(dir, "rows.jsonl.gz")
	var whole bytes.Buffer
	w := gzip.NewWriter(&whole)
	for i := range 5000 {
		fmt.Fprintf(w, "{\"n\":%d,\"text\":\"%x\"}\n", i, i*7919)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cut := func(n int) {
		t.Helper()
		if err := os.WriteFile(input, whole.Bytes()[:n], 0o666); err != nil {
			t.Fatal(err)
		}
	}
	load := func(max int) *Job {
		t.Helper()
		j := Parse(context.Background(), "p.yaml", []byte(fmt.Sprintf(`
checkpoint: {dir: %[1]s/ck%[2]d, every: 0s, restart: {max: %[2]d}}
nodes:
  rows: {file: {path: %[1]s/rows.jsonl.gz}, format: json, schema: {n: int, text: string}}
  out: {from: rows, file: {path: %[1]s/out%[2]d}, format: csv}
`, dir, max)), Options{})
		if j.Plan == nil {
			t.Fatal(j.Diags)
		}
		return j
	}
	start := func(max int, during func(failure int)) (*Runner, *int) {
		t.Helper()
		j := load(max)
		d, err := j.Durable(Begin{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewRunner(j, d, Connectors{}, exec.Options{Watched: true, Log: slog.DiscardHandler})
		if err != nil {
			t.Fatal(err)
		}
		failures := 0
		r.after = func(time.Duration) <-chan time.Time {
			failures++
			if s := r.Snapshot().State; s != live.Starting {
				t.Errorf("while it waits for its restart it is %s", s)
			}
			during(failures)
			c := make(chan time.Time, 1)
			c <- time.Time{}
			return c
		}
		return r, &failures
	}

	// The file is damaged twice, and whole at the third try.
	cut(whole.Len() / 3)
	r, failures := start(3, func(failure int) {
		if failure == 1 {
			cut(whole.Len() * 2 / 3)
		} else {
			cut(whole.Len())
		}
	})
	snapshots, err := r.Snapshots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, err := r.Events(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	states := make(chan live.State, 1)
	go func() {
		var last live.State
		for s := range snapshots {
			if last = s.State; last == live.Failed {
				break
			}
		}
		states <- last
	}()
	told := make(chan error, 1)
	go func() {
		var last uint64
		restarts := 0
		for e := range events {
			if e.Seq != last+1+e.Dropped {
				told <- fmt.Errorf("event %d comes behind %d", e.Seq, last)
				return
			}
			last = e.Seq
			if strings.Contains(e.Text, "going on from the last checkpoint") {
				restarts++
			}
		}
		if restarts != 2 {
			told <- fmt.Errorf("%d restarts were told", restarts)
			return
		}
		told <- nil
	}()
	if err := r.Run(t.Context()); err != nil || *failures != 2 {
		t.Fatalf("%v after %d failures", err, *failures)
	}
	if s := <-states; s != live.Finished {
		t.Errorf("it was shown as %s", s)
	}
	if err := <-told; err != nil {
		t.Error(err)
	}
	checkRows(t, filepath.Join(dir, "out3"), 5000)

	// Where it fails more often than is allowed it ends with the failure.
	cut(whole.Len() / 3)
	r, failures = start(1, func(int) {})
	if err := r.Run(t.Context()); err == nil || *failures != 1 || !r.Restarted() || r.Snapshot().State != live.Failed {
		t.Errorf("%v after %d restarts, and 1 was allowed; it is %s", err, *failures, r.Snapshot().State)
	}
	// And it can be started again by hand.
	cut(whole.Len())
	r, _ = start(1, func(int) {})
	if err := r.Run(t.Context()); err != nil {
		t.Error(err)
	}
	checkRows(t, filepath.Join(dir, "out1"), 5000)

	// A checkpoint that cannot be opened again may pass as well: the disk was full, say. It is told.
	cut(whole.Len() / 3)
	store := filepath.Join(dir, "ck4", "store")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r, failures = start(4, func(failure int) {
		switch failure {
		case 1:
			must(os.Rename(store, store+".away"))
			must(os.WriteFile(store, nil, 0o666))
		case 3:
			must(os.Remove(store))
			must(os.Rename(store+".away", store))
			cut(whole.Len())
		}
	})
	if err := r.Run(t.Context()); err != nil || *failures != 3 {
		t.Fatalf("%v after %d failures", err, *failures)
	}
	checkRows(t, filepath.Join(dir, "out4"), 5000)
	texts := func(after uint64) (all []live.Event) {
		events, err := r.Events(t.Context(), after)
		must(err)
		for e := range events {
			all = append(all, e)
		}
		return all
	}
	// Who comes late is told how much is gone.
	if all := texts(1); all[0].Seq != 2+all[0].Dropped || all[0].Dropped == 0 {
		t.Errorf("behind event 1 comes %+v", all[0])
	}
	if later := texts(texts(0)[0].Seq); len(later) > 0 && later[0].Dropped != 0 { // the last run may have told only one thing
		t.Error("nothing is gone behind what is known")
	}
}

// What is told between two runs is numbered on, also where the checkpoint could not be opened.
func TestARestartThatCannotBeOpenedIsTold(t *testing.T) {
	r, next := waiting(t)
	l := r.current()
	r.tell(l, live.Error, "cannot")
	r.tell(l, live.Warn, "again")
	events, err := r.Events(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	follows, err := next()
	if err != nil {
		t.Fatal(err)
	}
	r.Drain()
	r.adopt(l, follows)
	if err := follows.run.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(follows.over)
	var all []string
	seq := uint64(0)
	for e := range events {
		if seq++; e.Seq != seq {
			t.Errorf("event %d comes behind %d", e.Seq, seq-1)
		}
		all = append(all, e.Text)
	}
	if text := strings.Join(all, "|"); !strings.Contains(text, "cannot|again|") {
		t.Errorf("%q", all)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

// A run that is stopped, or ended, just as the next one is built ends all the same: this one would never end by itself.
func TestWhatIsAskedWhileARestartIsBuilt(t *testing.T) {
	for name, ask := range map[string]func(*Runner){"drain": (*Runner).Drain, "stop": (*Runner).Stop} {
		r, next := waiting(t)
		l := r.current()
		r.tell(l, live.Warn, "going on")
		follows, err := next()
		if err != nil {
			t.Fatal(err)
		}
		ask(r)
		r.adopt(l, follows)
		if err := follows.run.Run(t.Context()); (err == nil) != (name == "drain") {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}
}

// waiting is a runner of a run that has ended, and what builds the one behind it, which has no end.
func waiting(t *testing.T) (r *Runner, next func() (*leg, error)) {
	t.Helper()
	j := Parse(context.Background(), "p.yaml", []byte(fmt.Sprintf(`
checkpoint: {dir: %s/ck, restart: {max: 1}}
nodes:
  rows: {generate: {rows_per_second: 100, fields: {n: n}}}
  out: {from: rows, discard: {}}
`, t.TempDir())), Options{})
	if j.Plan == nil {
		t.Fatal(j.Diags)
	}
	d, err := j.Durable(Begin{})
	if err != nil {
		t.Fatal(err)
	}
	if r, err = NewRunner(j, d, Connectors{}, exec.Options{Watched: true, Log: slog.DiscardHandler}); err != nil {
		t.Fatal(err)
	}
	l := r.current()
	l.run.Drain()
	if err := l.run.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r, func() (*leg, error) { return r.reopen(l) }
}

// checkRows checks that the parts of a directory have the rows from 0 on, once each.
func checkRows(t *testing.T, dir string, rows int) {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, "part-*"))
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	for _, p := range parts {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			if want := fmt.Sprintf("%d,%x", next, next*7919); line != want {
				t.Fatalf("%s has %q where %q should be", p, line, want)
			}
			next++
		}
	}
	if next != rows {
		t.Errorf("%s has %d rows, want %d", dir, next, rows)
	}
}
