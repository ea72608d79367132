package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// keys is how many keys the window has; closingKey is that of the row that closes the windows at the end.
const (
	keys       = 100_000
	closingKey = keys
)

// pipeline is what soaks. Its numbers are those of the rows: c and i are the connection and the place in it of a left row, rc and ri
// those of a right one, which refers to a left one by c and i.
const pipeline = `
name: soak
checkpoint: {dir: %[1]s/state, every: 1s}
nodes:
  left:
    socket: {address: %[2]q}
    journal: true
    format: json
    schema: {c: int!, i: int!, at: timestamp(us)!, k: int!}
    event_time: {column: at, delay: 2s}
  right:
    socket: {mode: listen, address: %[3]q}
    journal: true
    format: json
    schema: {rc: int!, ri: int!, rat: timestamp(us)!, c: int!, i: int!}
    event_time: {column: rat, delay: 2s, idle_timeout: 3s}
  log:
    file: {path: "%[1]s/logs/*.log", follow: true}
    format: json
    schema: {id: int!, at: timestamp(us)!, text: string}
    event_time: {column: at, delay: 2s}

  left_rows:  {from: left, select: [c, i, k]}
  left_out:   {from: left_rows, file: {path: %[1]s/out/left, roll: {every: 5s}}, format: csv}
  right_rows: {from: right, select: [rc, ri]}
  right_out:  {from: right_rows, file: {path: %[1]s/out/right, roll: {every: 5s}}, format: csv}

  counts:      {from: left, aggregate: {window: {tumbling: 10s}, by: [k], take: {n: count(), s: sum(i)}}}
  windows:     {from: counts, select: [k, n, s]}
  windows_out: {from: windows, file: {path: %[1]s/out/windows, roll: {every: 5s}}, format: csv}
  late:        {from: counts.late, select: [k, i]}
  late_out:    {from: late, file: {path: %[1]s/out/late, roll: {every: 5s}}, format: csv}

  pairs:          {from: [left, right], join: {type: full, on: [c, i], within: 2s}}
  matched:        {from: pairs, select: [c, i, k, rc, ri]}
  pairs_out:      {from: matched, file: {path: %[1]s/out/pairs, roll: {every: 5s}}, format: csv}
  late_left:      {from: pairs.late_left, select: [c, i]}
  late_left_out:  {from: late_left, file: {path: %[1]s/out/late_left, roll: {every: 5s}}, format: csv}
  late_right:     {from: pairs.late_right, select: [rc, ri]}
  late_right_out: {from: late_right, file: {path: %[1]s/out/late_right, roll: {every: 5s}}, format: csv}

  once:     {from: log, dedupe: {by: [id], within: 5s}}
  ids:      {from: once, select: [id]}
  once_out: {from: ids, file: {path: %[1]s/out/once, roll: {every: 5s}}, format: csv}
  again:    {from: once.late, select: [id]}
  late_ids: {from: again, file: {path: %[1]s/out/late_ids, roll: {every: 5s}}, format: csv}
  slow:
    from: once
    http: {url: %[4]q, batch: ndjson, max_rows: 500, retry: {shortest: 50ms, longest: 1s}}
`

// outputs are the directories of parts.
var outputs = []string{"left", "right", "windows", "late", "pairs", "late_left", "late_right", "once", "late_ids"}

// writePipeline makes the directory of a soak and gives the path of its file.
func writePipeline(t *testing.T, dir, left, right, slow string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "soak.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, pipeline, dir, left, right, slow), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
