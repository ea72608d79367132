package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shape is a pipeline that is killed.
type shape struct {
	name string
	// text is the file. GEN stands for rows of a steady kind, with disorder of two seconds; see generate.
	text  string
	sinks []output
	// files are its inputs, made once and read by every run; relative to the run's directory.
	files func(t testing.TB, dir string)
	// outside is the world that feeds it; nil: it needs none.
	outside func(t testing.TB, dir string) outside
	// lanes: node b has another parallelism in each run.
	lanes bool
	steps map[string]int // where such a one is killed, and how often it passes there at least
}

// output is where a sink wrote, and how it compares.
type output struct {
	path    string // relative to the run's directory; "": standard output
	how     comparison
	key     []string // for lastByKey
	table   string   // of the database at path
	convert bool     // no text: the program itself reads it
}

type comparison int

const (
	exactly   comparison = iota // each row as often
	inOrder                     // and in the same order
	lastByKey                   // the last row of each key
	settled                     // each row as often, once the run is over; before, rows are replaced
	atLeast                     // each row at least as often
)

// How much a shape reads, and how fast.
const (
	rows          = 5000
	rowsPerSecond = 8000
)

// generate is a source of rows whose times are up to two seconds behind the largest one.
func generate(seed, n int) string {
	return fmt.Sprintf(`
    generate:
      rows: %d
      rows_per_second: %d
      seed: %d
      start: "2026-01-01T00:00:00Z"
      fields: {id: n, ts: 'timestamp(1767225600000 + n * 10 + rand_int(0, 2000), "ms")', k: '"k" + string(rand_int(0, 29))', v: 'rand_int(0, 999)'}
    event_time: {column: ts, delay: 3s}`, n, rowsPerSecond, seed)
}

const ending = "\ncheckpoint: {dir: ck, every: 30ms, flush: true}\n"

// parts is the setting of a sink whose parts are rolled often.
const parts = `roll: {size: 16KiB}`

func pipeline(nodes string) string {
	nodes = strings.ReplaceAll(nodes, "GEN2", generate(2, rows))
	nodes = strings.ReplaceAll(nodes, "GEN", generate(1, rows))
	return "nodes:\n" + nodes + ending
}

// one is a shape with one source a, one node b and one sink.
func one(name, node string, how comparison, key ...string) shape {
	return shape{
		name:  name,
		text:  pipeline("  a:GEN\n  b: {from: a, " + node + "}\n  out: {from: b, file: {path: out, " + parts + "}}\n"),
		sinks: []output{{path: "out", how: how, key: key}},
	}
}

// two is a shape with two sources and one sink.
func two(name, node string, how comparison) shape {
	return shape{
		name:  name,
		text:  pipeline("  a:GEN\n  c:GEN2\n  b: {from: [a, c], " + node + "}\n  out: {from: b, file: {path: out, " + parts + "}}\n"),
		sinks: []output{{path: "out", how: how}},
	}
}

// lanes shares the work of b out to another number of lanes in each run.
func lanes(s shape) shape {
	s.lanes = true
	return s
}

// onDisk leaves state next to no memory, so that most of it lies on disk.
func onDisk(s shape) shape {
	s.name += ", on disk"
	s.text = strings.Replace(s.text, ending, strings.Replace(ending, "}", ", memory: 64KiB}", 1), 1)
	return s
}

// sinkOf is a shape whose sink is what matters.
func sinkOf(name, sink string, o output) shape {
	return shape{
		name:  name,
		text:  pipeline("  a:GEN\n  b: {from: a, filter: v % 3 != 0}\n  out: {from: b, " + sink + "}\n"),
		sinks: []output{o},
	}
}

var shapes = []shape{
	{
		name: "stateless",
		text: pipeline(`  a:GEN
  odd: {from: a, filter: v % 2 == 1}
  few: {from: odd, select: [id, {kk: 'upper(k)'}, {w: v * 3}]}
  out: {from: few, file: {path: out, ` + parts + `}}
`),
		sinks: []output{{path: "out", how: inOrder}},
	},
	one("tumbling", `aggregate: {window: {tumbling: 2s}, by: [k], take: {n: count(), s: sum(v), m: max(v), f: first(id), l: last(id)}}`, exactly),
	one("hopping", `aggregate: {window: {hopping: 4s, every: 1s}, by: [k], take: {n: count(), d: count_distinct(v)}}`, exactly),
	one("session", `aggregate: {window: {session: 200ms}, by: [k], take: {n: count(), all: collect(v)}}`, exactly),
	one("sketches", `aggregate: {window: {tumbling: 20s}, by: [k], take: {d: count_distinct_approx(v), q: 'quantile_approx(v, 0.5)', md: median(v)}}`, exactly),
	one("updates", `aggregate: {by: [k], take: {n: count(), s: sum(v)}}`, lastByKey, "k"),
	one("complete", `aggregate: {by: [k], take: {n: count(), s: sum(v)}, emit: complete}`, lastByKey, "k"),
	one("final", `aggregate: {by: [k], take: {n: count(), s: sum(v)}, emit: final}`, exactly),
	two("join inner", `join: {on: [k], within: 100ms, prefix: {right: r_}}`, exactly),
	two("join left", `join: {type: left, on: [k, v], within: 2s, prefix: {right: r_}}`, exactly),
	lanes(two("join full in lanes", `join: {type: full, on: [k, v], within: 1s, prefix: {right: r_}}`, exactly)),
	two("join anti", `join: {type: anti, on: [k, v], within: 5s}`, exactly),
	two("asof", `join: {type: asof, on: [k], within: 5s, prefix: {right: r_}}`, exactly),
	two("union", `union: {}`, exactly),
	one("dedupe first", `dedupe: {by: [k, v], within: 5s}`, exactly),
	one("dedupe last", `dedupe: {by: [k], keep: last}`, lastByKey, "k"),
	one("sort", `sort: {}`, inOrder),
	one("scan", `scan: {by: [k], start: {n: 0, s: 0}, next: {n: acc.n + 1, s: acc.s + v}}`, inOrder),
	lanes(one("scan in lanes", `scan: {by: [k], start: {n: 0, s: 0}, next: {n: acc.n + 1, s: acc.s + v}}`, exactly)),
	one("match", `match: {by: [k], steps: [{small: 'v < 300'}, {large: 'v > 600'}], within: 2s, take: {first: small.id, then: large.id}}`, exactly),
	one("limit", `limit: 3500`, inOrder),
	one("sample", `sample: 0.4`, inOrder),
	lanes(one("tumbling in lanes", `aggregate: {window: {tumbling: 2s}, by: [k], take: {n: count(), s: sum(v), all: collect(v)}}`, exactly)),
	lanes(one("session in lanes", `aggregate: {window: {session: 200ms}, by: [k], take: {n: count(), m: median(v)}}`, exactly)),
	lanes(one("updates in lanes", `aggregate: {by: [k], take: {n: count(), s: sum(v)}}`, lastByKey, "k")),
	lanes(one("dedupe in lanes", `dedupe: {by: [k, v], within: 5s}`, exactly)),
	lanes(one("match in lanes", `match: {by: [k], steps: [{small: 'v < 300'}, {large: 'v > 600'}], within: 2s, take: {first: small.id, then: large.id}}`, exactly)),
	lanes(two("asof in lanes", `join: {type: asof, on: [k], within: 5s, prefix: {right: r_}}`, exactly)),
	onDisk(one("windows of lists", `aggregate: {window: {tumbling: 20s}, by: [k], take: {n: count(), all: collect(id), d: count_distinct(v)}}`, exactly)),
	onDisk(lanes(two("join left in lanes", `join: {type: left, on: [k, v], within: 2s, prefix: {right: r_}}`, exactly))),
	onDisk(lanes(one("dedupe last in lanes", `dedupe: {by: [id], keep: last}`, lastByKey, "id"))),
	onDisk(one("sort", `sort: {}`, inOrder)),
	onDisk(one("top", `top: {n: 300, by: [k], order: [v], emit: updates}`, lastByKey, "k", "rank")),
	lanes(one("stateless in lanes", `derive: {w: 'v * 2 + len(k)'}`, inOrder)),
	{
		name: "commits of some MiB",
		text: strings.Replace(pipeline(`  a:GEN
  wide: {from: a, derive: {text: 'repeat(k + " and " + string(v) + "; ", 200)'}}
  b: {from: wide, dedupe: {by: [id], keep: last}}
  sizes: {from: b, select: [id, k, v, {size: len(text)}]}
  out: {from: sizes, file: {path: out, `+parts+`}}
`), "every: 30ms", "every: 300ms", 1),
		sinks: []output{{path: "out", how: lastByKey, key: []string{"id"}}},
	},
	{
		name: "chained windows and a top",
		text: pipeline(`  a:GEN
  small: {from: a, aggregate: {window: {tumbling: 1s}, by: [k], take: {n: count(), s: sum(v)}}}
  best: {from: small, top: {n: 3, by: [window_end], order: [{s: desc}, k]}}
  large: {from: small, aggregate: {window: {tumbling: 5s}, by: [k], take: {most: max(n), s: sum(s)}}}
  out: {from: large, file: {path: out, ` + parts + `}}
  top: {from: best, file: {path: top, ` + parts + `}}
`),
		sinks: []output{{path: "out"}, {path: "top"}},
	},
	{
		name: "route with two sinks",
		text: pipeline(`  a:GEN
  r: {from: a, route: {big: v > 700, small: v < 300}}
  big: {from: r.big, file: {path: big, ` + parts + `}}
  small: {from: r.small, file: {path: small, ` + parts + `}, format: csv}
  rest: {from: r.else, discard: {}}
`),
		sinks: []output{{path: "big", how: inOrder}, {path: "small"}},
	},
	{
		name: "dead letters",
		text: pipeline(`  a:GEN
  b: {from: a, derive: {w: '10000 % (v % 7)'}}
  n: {from: b, aggregate: {window: {tumbling: 5s}, by: [k], take: {n: count(), s: sum(w)}}}
  bad: {from: b.rejected, select: [node, reason, raw]}
  out: {from: n, file: {path: out, ` + parts + `}}
  dead: {from: bad, file: {path: dead, ` + parts + `}}
`),
		sinks: []output{{path: "out"}, {path: "dead", how: inOrder}},
	},
	{
		name: "lookup",
		text: pipeline(`  a:GEN
  b: {from: a, lookup: {file: names.csv, on: {k: key}, take: [name]}}
  out: {from: b, file: {path: out, ` + parts + `}}
`),
		sinks: []output{{path: "out", how: inOrder}},
		files: func(t testing.TB, dir string) {
			var b strings.Builder
			b.WriteString("key,name\n")
			for i := range 20 {
				fmt.Fprintf(&b, "k%d,name of %d\n", i, i)
			}
			put(t, filepath.Join(dir, "names.csv"), b.String())
		},
	},
	{
		name: "many files, a slow node, no flush",
		text: `nodes:
  a: {file: {path: in}, format: json, schema: {id: int, k: string}}
  b: {from: a, rate_limit: {rows_per_second: 12000}}
  out: {from: b, file: {path: out, ` + parts + `}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks: []output{{path: "out", how: inOrder}},
		files: func(t testing.TB, dir string) {
			for f := range 40 {
				var b strings.Builder
				for i := range 200 {
					fmt.Fprintf(&b, `{"id":%d,"k":"file %d"}`+"\n", f*200+i, f)
				}
				put(t, filepath.Join(dir, "in", fmt.Sprintf("%02d.jsonl", f)), b.String())
			}
		},
	},
	{
		name: "nexmark, every epoch committed",
		text: `trigger: 20ms
nodes:
  a:
    nexmark: {events: 300000, rate: 10000, out_of_order: 1000}
    event_time: {column: at, delay: 4s}
  bids: {from: a, filter: event == "bid"}
  opened: {from: a, filter: event == "auction"}
  slow: {from: bids, rate_limit: {rows_per_second: 500000}}
  n: {from: slow, aggregate: {window: {tumbling: 1s}, by: [auction], take: {n: count(), most: max(price)}}, parallelism: 2}
  best: {from: n, top: {n: 5, by: [window_end], order: [{n: desc}, auction]}}
  per: {from: opened, aggregate: {window: {tumbling: 2s}, by: [category], take: {n: count(), r: avg(reserve)}}}
  out: {from: best, file: {path: out, ` + parts + `}}
  auctions: {from: per, file: {path: auctions, ` + parts + `}}
checkpoint: {dir: ck, every: 0s, flush: true}
`,
		sinks: []output{{path: "out"}, {path: "auctions"}},
	},
	sinkOf("parquet parts", `file: {path: out, `+parts+`}, format: {parquet: {row_group_rows: 200}}`, output{path: "out", convert: true}),
	sinkOf("arrow parts", `file: {path: out, `+parts+`}, format: arrow`, output{path: "out", convert: true}),
	sinkOf("one parquet file", `file: {path: out.parquet}`, output{path: "out.parquet", convert: true}),
	sinkOf("packed parts", `file: {path: out, compression: gzip, `+parts+`}`, output{path: "out", how: inOrder, convert: true}),
	sinkOf("one csv file", `file: {path: out.csv}`, output{path: "out.csv", how: inOrder}),
	sinkOf("rows into sqlite", `sqlite: {path: out.db, table: t}`, output{path: "out.db", table: "t"}),
	{
		name: "updates and complete results into sqlite",
		text: pipeline(replacing("sqlite: {path: counts.db, table: counts}", "sqlite: {path: whole.db, table: whole}", "sqlite: {path: counts.db, table: latest}")),
		sinks: []output{
			{path: "counts.db", table: "counts", how: settled}, {path: "whole.db", table: "whole", how: settled}, {path: "counts.db", table: "latest", how: settled},
		},
	},
	ofServer(sinkOf("rows into postgres", postgres("t"), output{path: addressFile, table: "t"})),
	ofServer(shape{
		name: "updates and complete results into postgres",
		text: pipeline(replacing(postgres("counts"), postgres("whole"), postgres("latest"))),
		sinks: []output{
			{path: addressFile, table: "counts", how: settled}, {path: addressFile, table: "whole", how: settled}, {path: addressFile, table: "latest", how: settled},
		},
	}),
	{
		name: "tables and queries of sqlite",
		text: `nodes:
  a: {sqlite: {path: in.db, table: t}}
  b: {from: a, rate_limit: {rows_per_second: 8000}}
  q: {sqlite: {path: in.db, query: 'select name, id * 2 as twice from t where id % 3 = 0', column: name}, schema: {name: string, twice: int}}
  r: {from: q, rate_limit: {rows_per_second: 4000}}
  out: {from: b, file: {path: out, ` + parts + `}}
  query: {from: r, file: {path: query, ` + parts + `}}
checkpoint: {dir: ck, every: 30ms}
`,
		sinks: []output{{path: "out", how: inOrder}, {path: "query", how: inOrder}},
		files: func(t testing.TB, dir string) {
			insert(t, newTable(t, dir), 0, rows)
		},
	},
	sinkOf("standard output", `stdout: {}`, output{how: atLeast}),
}

// replacing are nodes whose rows take the place of others: counts, all of each commit, and the latest row of a key, each into a sink.
func replacing(counts, whole, latest string) string {
	return `  a:GEN
  n: {from: a, aggregate: {by: [k], take: {n: count(), s: sum(v)}}}
  few: {from: a, aggregate: {by: [{even: v % 2 == 0}], take: {n: count(), s: sum(v)}, emit: complete}}
  last: {from: a, dedupe: {by: [k], keep: last}}
  counts: {from: n, ` + counts + `}
  whole: {from: few, ` + whole + `}
  latest: {from: last, ` + latest + `}
`
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
