package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// events are rows as JSON lines, in which times are up to two seconds behind the largest one.
func events(seed uint64, n int) []string {
	rng := rand.New(rand.NewPCG(seed, 7))
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	lines := make([]string, n)
	for i := range lines {
		ts := began.Add(time.Duration(i)*10*time.Millisecond + time.Duration(rng.IntN(2000))*time.Millisecond)
		lines[i] = fmt.Sprintf(`{"id":%d,"ts":"%s","k":"k%d","v":%d}`, i, ts.Format(time.RFC3339Nano), rng.IntN(20), rng.IntN(1000))
	}
	return lines
}

const eventSource = `
    file: {path: %s, follow: false, poll: 10ms}
    format: json
    schema: {id: int, ts: timestamp, k: string, v: int}
    event_time: {column: ts, delay: 3s}
`

// over is a shape over files, in and in2, that may grow.
func over(name, node string, how comparison, key ...string) shape {
	from := "a"
	second := ""
	if strings.Contains(node, "join") {
		from, second = "[a, c]", "  c:"+fmt.Sprintf(eventSource, "in2")
	}
	return shape{
		name: name,
		text: "trigger: available_now\ncheckpoint: {dir: ck, every: 10ms, flush: true}\nnodes:\n  a:" + fmt.Sprintf(eventSource, "in") + second +
			"  b: {from: " + from + ", " + node + "}\n  out: {from: b, file: {path: out, roll: {size: 16KiB}}}\n",
		sinks: []output{{path: "out", how: how, key: key}},
	}
}

var batches = []shape{
	over("stateless", `filter: v % 2 == 1`, inOrder),
	over("tumbling", `aggregate: {window: {tumbling: 2s}, by: [k], take: {n: count(), s: sum(v), f: first(id)}}`, exactly),
	over("hopping in lanes", `aggregate: {window: {hopping: 4s, every: 1s}, by: [k], take: {n: count(), s: sum(v)}}, parallelism: 2`, exactly),
	over("session", `aggregate: {window: {session: 300ms}, by: [k], take: {n: count(), all: collect(v)}}`, exactly),
	over("join", `join: {type: left, on: [k], within: 100ms, prefix: {right: r_}}`, exactly),
	over("dedupe", `dedupe: {by: [k, v], within: 5s}`, exactly),
	over("sort", `sort: {}`, inOrder),
	over("scan", `scan: {by: [k], start: {n: 0, s: 0}, next: {n: acc.n + 1, s: acc.s + v}}`, inOrder),
	over("match", `match: {by: [k], steps: [{small: 'v < 300'}, {large: 'v > 600'}], within: 2s, take: {first: small.id, then: large.id}}`, exactly),
	over("updates", `aggregate: {by: [k], take: {n: count(), s: sum(v)}}`, lastByKey, "k"),
	over("final", `aggregate: {by: [k], take: {n: count(), s: sum(v)}, emit: final}`, exactly),
	over("sample", `sample: 0.4`, inOrder),
	over("limit", `limit: 900`, inOrder),
}

// grow appends lines to a file.
func grow(t testing.TB, path string, lines []string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.WriteString(strings.Join(lines, "\n") + "\n"); err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// arrive puts one piece of the input there: the second half of one file and the first half of the next.
func arrive(t testing.TB, dir string, piece, pieces int) {
	for seed, in := range []string{"in", "in2"} {
		lines := events(uint64(seed), 1500)
		size := len(lines) / pieces
		for i, l := range [][]string{lines[piece*size : piece*size+size/2], lines[piece*size+size/2 : (piece+1)*size]} {
			grow(t, filepath.Join(dir, in, fmt.Sprintf("%02d.jsonl", piece+i)), l)
		}
	}
}

func well(t testing.TB, e ended) {
	t.Helper()
	if e.code != 0 {
		t.Fatalf("exit code %d\n%s", e.code, e.stderr)
	}
}

// One run over all of the input gives what run after run over what has come gives, the last of which closes what is open.
func TestRunAfterRunGivesWhatOneRunGives(t *testing.T) {
	t.Parallel()
	const pieces = 3
	for _, s := range batches {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			whole, grown := place(t, s), place(t, s)
			for piece := range pieces {
				arrive(t, whole, piece, pieces)
			}
			well(t, run(t, whole, given{}))
			for piece := range pieces {
				arrive(t, grown, piece, pieces)
				well(t, run(t, grown, given{args: []string{"--set", "checkpoint.flush=false"}}))
			}
			last := run(t, grown, given{})
			well(t, last)
			o := s.sinks[0]
			want := o.shown(t, whole)
			if len(want) == 0 {
				t.Fatal("one run gives nothing")
			}
			if v := o.compare(want, o.shown(t, grown)); v.bad() {
				t.Fatalf("%s\n%s", v.text, last.stderr)
			}
		})
	}
}

// What was there is read as a batch or not, what comes is followed, and no row is late.
func TestABackfillGoesOnLive(t *testing.T) {
	t.Parallel()
	const pieces = 5
	s := shape{
		name: "backfill",
		text: "checkpoint: {dir: ck, every: 10ms}\nnodes:\n  a:" + fmt.Sprintf(eventSource, "in") + `  b: {from: a, aggregate: {window: {tumbling: 2s}, by: [k], take: {n: count(), s: sum(v)}}}
  out: {from: b, file: {path: out, roll: {every: 50ms}}}
  late: {from: b.late, file: {path: late, roll: {every: 50ms}}}
  all: {from: a, file: {path: all, roll: {every: 50ms}}}
`,
		sinks: []output{{path: "out"}, {path: "late"}, {path: "all"}},
	}
	whole := place(t, s)
	for piece := range pieces {
		arrive(t, whole, piece, pieces)
	}
	well(t, run(t, whole, given{args: []string{"--set", "checkpoint.flush=true"}}))
	want := s.sinks[0].shown(t, whole)
	for _, batch := range []bool{true, false} {
		t.Run(fmt.Sprintf("batch first: %v", batch), func(t *testing.T) {
			t.Parallel()
			dir := place(t, s)
			for piece := range pieces - 2 {
				arrive(t, dir, piece, pieces)
			}
			if batch {
				well(t, run(t, dir, given{}))
			}
			live := run(t, dir, given{args: []string{"--set", "nodes.a.file.follow=true"}, feed: func(ctx context.Context, p *os.Process) {
				for piece := pieces - 2; piece < pieces; piece++ {
					arrive(t, dir, piece, pieces)
				}
				for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
					if len(s.sinks[2].shown(t, dir)) >= 1500 {
						break
					}
				}
				_ = p.Signal(syscall.SIGTERM)
			}})
			well(t, live)
			if n := len(s.sinks[2].shown(t, dir)); n != 1500 {
				t.Fatalf("%d rows of 1500\n%s", n, live.stderr)
			}
			last := run(t, dir, given{args: []string{"--set", "checkpoint.flush=true"}})
			well(t, last)
			if v := s.sinks[0].compare(want, s.sinks[0].shown(t, dir)); v.bad() {
				t.Errorf("%s\n%s", v.text, last.stderr)
			}
			if late := s.sinks[1].shown(t, dir); len(late) > 0 {
				t.Errorf("%d rows are late: %s", len(late), few(late))
			}
		})
	}
}
