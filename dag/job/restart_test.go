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
