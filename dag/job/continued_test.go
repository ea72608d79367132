package job_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/exec"
	"flowrun/dag/job"
)

// ran runs a file until its input has ended, and gives what a run says of what is stored.
func ran(t *testing.T, text string, b job.Begin) ([]job.Change, error) {
	t.Helper()
	j := parsed(t, text)
	d, err := j.Durable(b)
	if err != nil {
		return nil, err
	}
	run, err := exec.Build(j.Plan, job.Connectors{Fresh: b.Fresh}, exec.Options{Checkpoint: d.Exec})
	if err != nil {
		t.Fatal(err)
	}
	return d.Changes, errors.Join(run.Run(context.Background()), d.Close())
}

// written gives the lines of all files in a directory, sorted.
func written(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "part-*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			all = append(all, strings.TrimSpace(line))
		}
	}
	slices.Sort(all)
	return all
}

const firstRows = `{"at":"2026-01-01T00:00:01Z","k":"a","z":"x","v":1}
{"at":"2026-01-01T00:00:02Z","k":"b","z":"y","v":2}
{"at":"2026-01-01T00:00:03Z","k":"a","z":"y","v":3}
`

const secondRows = `{"at":"2026-01-01T00:00:04Z","k":"a","z":"x","v":10}
{"at":"2026-01-01T00:00:05Z","k":"b","z":"z","v":20}
`

// What a first file saved, a second one, edited, goes on with.
func TestEditedFilesGoOn(t *testing.T) {
	const head = `
checkpoint: {dir: ck}
nodes:
  rows: {file: {path: in}, format: json, schema: {at: timestamp, k: string, z: string, v: int}, event_time: {column: at, delay: 10s}}
`
	const tail = "  out: {from: made, file: {path: out}, format: json}\n"
	for _, c := range []struct {
		name, first, second string
		begin               job.Begin
		changes             string // of made
		want                []string
	}{
		{"aggregates in another order, one more, one less, another name of the key",
			`made: {from: rows, aggregate: {window: {tumbling: 1m}, by: [k], take: {n: count(), total: sum(v), least: min(v)}}}`,
			`made: {from: rows, aggregate: {window: {tumbling: 60s}, by: [{key: k}], take: {total: sum( v ), most: max(v), n: count()}}}`,
			job.Begin{}, "made: migrated: most begins with what comes from now on; least is dropped", []string{
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","key":"a","total":14,"most":10,"n":3}`,
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","key":"b","total":22,"most":20,"n":2}`}},
		{"what is made of aggregates, with less of them",
			`made: {from: rows, aggregate: {window: {tumbling: 1m}, by: [k], take: {r: sum(v) + 100 * count()}}}`,
			`made: {from: rows, aggregate: {window: {tumbling: 1m}, by: [k], take: {r: 1 + sum(v)}}}`,
			job.Begin{}, "made: kept", []string{
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"a","r":15}`,
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"b","r":23}`}},
		{"different values, kept with those of another, in another order",
			`made: {from: rows, aggregate: {window: {tumbling: 1m}, by: [k], take: {all: count_distinct(z), some: 'count_distinct_if(z, v < 100)'}}}`,
			`made: {from: rows, aggregate: {window: {tumbling: 1m}, by: [k], take: {some: 'count_distinct_if(z, v < 100)', all: count_distinct(z)}}}`,
			job.Begin{}, "made: kept", []string{
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"a","some":2,"all":2}`,
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"b","some":2,"all":2}`}},
		{"another window, that is allowed to begin anew",
			`made: {from: rows, aggregate: {window: {tumbling: 1m}, by: [k], take: {n: count()}}}`,
			`made: {from: rows, aggregate: {window: {tumbling: 1h}, by: [k], take: {n: count()}}}`,
			job.Begin{Reset: []string{"made"}}, "made: discarded: --reset says that it begins anew; window was tumbling 1m, and is tumbling 1h", []string{
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T01:00:00Z","k":"a","n":1}`,
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T01:00:00Z","k":"b","n":1}`}},
		{"one more column of rows that wait to be sorted, one less",
			"waits: {from: rows, sort: {}}\n  made: {from: waits, select: [k, v]}",
			"waits: {from: rows, sort: {}}\n  made: {from: waits, select: [v, z]}",
			job.Begin{}, "waits: migrated: z is null in rows that are kept; k is dropped", []string{
				`{"v":1,"z":null}`, `{"v":10,"z":"x"}`, `{"v":2,"z":null}`, `{"v":20,"z":"z"}`, `{"v":3,"z":null}`}},
		{"a stateless expression above what is kept",
			"doubled: {from: rows, derive: {v: v * 2}}\n  made: {from: doubled, aggregate: {window: {tumbling: 1m}, by: [k], take: {total: sum(v)}}}",
			"doubled: {from: rows, derive: {v: v * 3}}\n  made: {from: doubled, aggregate: {window: {tumbling: 1m}, by: [k], take: {total: sum(v)}}}",
			job.Begin{}, "made: kept", []string{
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"a","total":38}`,
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"b","total":64}`}},
		{"other lanes",
			`made: {from: rows, parallelism: 3, aggregate: {window: {tumbling: 1m}, by: [k], take: {n: count()}}}`,
			`made: {from: rows, aggregate: {window: {tumbling: 1m}, by: [k], take: {n: count()}}}`,
			job.Begin{}, "made: migrated: its keys are spread over 1 lane, and lay in 3", []string{
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"a","n":3}`,
				`{"window_start":"2026-01-01T00:00:00Z","window_end":"2026-01-01T00:01:00Z","k":"b","n":2}`}},
		{"a scan that keeps less, and goes on otherwise",
			"ran: {from: rows, scan: {by: [k], start: {total: 0, n: 0}, next: {total: acc.total + v, n: acc.n + 1}}}\n  made: {from: ran, select: [k, total]}",
			"ran: {from: rows, scan: {by: [k], start: {total: 0}, next: {total: acc.total + 10 * v}}}\n  made: {from: ran, select: [k, total]}",
			job.Begin{}, "ran: migrated: n is dropped", []string{
				`{"k":"a","total":1}`, `{"k":"a","total":104}`, `{"k":"a","total":4}`, `{"k":"b","total":2}`, `{"k":"b","total":202}`}},
		{"more rows of a limit",
			"made: {from: rows, limit: 4}", "made: {from: rows, limit: 100}", job.Begin{}, "made: kept", []string{
				`{"at":"2026-01-01T00:00:01Z","k":"a","z":"x","v":1}`, `{"at":"2026-01-01T00:00:02Z","k":"b","z":"y","v":2}`,
				`{"at":"2026-01-01T00:00:03Z","k":"a","z":"y","v":3}`, `{"at":"2026-01-01T00:00:04Z","k":"a","z":"x","v":10}`, `{"at":"2026-01-01T00:00:05Z","k":"b","z":"z","v":20}`}},
		{"keys under another name",
			"made: {from: rows, dedupe: {by: [{zone: lower(z)}], within: 1h}}", "made: {from: rows, dedupe: {by: [{zone: 'lower( z )'}], within: 60m}}", job.Begin{}, "made: kept", []string{
				`{"at":"2026-01-01T00:00:01Z","k":"a","z":"x","v":1}`, `{"at":"2026-01-01T00:00:02Z","k":"b","z":"y","v":2}`, `{"at":"2026-01-01T00:00:05Z","k":"b","z":"z","v":20}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.Mkdir("in", 0o777); err != nil {
				t.Fatal(err)
			}
			put := func(name, text string) {
				if err := os.WriteFile(filepath.Join("in", name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			put("a.jsonl", firstRows)
			if _, err := ran(t, head+"  "+c.first+"\n"+tail, job.Begin{}); err != nil {
				t.Fatal(err)
			}
			put("b.jsonl", secondRows)
			second := strings.Replace(head, "{dir: ck}", "{dir: ck, flush: true}", 1) + "  " + c.second + "\n" + tail
			saved, err := parsed(t, second).Saved(c.begin.Reset)
			if err != nil {
				t.Fatal(err)
			}
			changes, err := ran(t, second, c.begin)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(saved.Changes, changes) {
				t.Errorf("plan said %v, and the run %v", saved.Changes, changes)
			}
			if node, _, _ := strings.Cut(c.changes, ":"); !slices.ContainsFunc(changes, func(x job.Change) bool { return x.Node == node && x.String() == c.changes }) {
				t.Errorf("changes %v, want %s", changes, c.changes)
			}
			slices.Sort(c.want)
			if got := written(t, "out"); !slices.Equal(got, c.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(c.want, "\n  "))
			}
		})
	}
}

// To look changes nothing, and what would be refused is.
func TestSavedChangesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	const text = "checkpoint: {dir: ck}\nnodes:\n  rows: {generate: {rows: 9, fields: {i: n}}}\n  counts: {from: rows, aggregate: {by: [i], take: {n: count()}}}\n  out: {from: counts, file: {path: out}, format: json}\n"
	if saved, err := parsed(t, text).Saved(nil); err != nil || saved.Point != nil {
		t.Fatalf("%v, %v", saved, err)
	}
	if _, err := os.Stat("ck"); !os.IsNotExist(err) {
		t.Error("to look made the checkpoint")
	}
	if _, err := ran(t, text, job.Begin{}); err != nil {
		t.Fatal(err)
	}
	before := files(t, "ck")
	edited := strings.Replace(text, "by: [i]", "by: [{i: i % 2}]", 1)
	saved, err := parsed(t, edited).Saved(nil)
	if err != nil || len(saved.Refused()) != 1 {
		t.Fatalf("%v, %v", saved, err)
	}
	if after := files(t, "ck"); !slices.Equal(after, before) {
		t.Errorf("to look changed the checkpoint: %q, and was %q", after, before)
	}
	if _, err := ran(t, edited, job.Begin{}); !errors.Is(err, job.ErrDiscards) {
		t.Errorf("the run: %v", err)
	}
}

// files are the names and contents of all files below a directory.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, path+": "+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
