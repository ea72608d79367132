package job_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/checkpoint"
	"flowrun/dag/diag"
	"flowrun/dag/job"
	"flowrun/dag/plan"
	_ "flowrun/nodes/all"
)

// edited is a pipeline with each operator that keeps something, below two sources.
const edited = `
name: edited
checkpoint: {dir: ck}
nodes:
  reads:
    file: {path: in/reads}
    format: json
    schema: {at: timestamp, device: string, zone: string, temp: float, hits: int, sure: int!, other: timestamp}
    event_time: {column: at, delay: 5s}
  users: {file: {path: in/users}, format: json, schema: {at: timestamp, device: string, owner: string}, event_time: {column: at, delay: 5s}}
  ticks: {generate: {rows: 10, fields: {i: n}}}
  warm: {from: reads, filter: temp > 1}
  more: {from: warm, derive: {double: temp * 2}}
  counts: {from: more, aggregate: {window: {tumbling: 1m}, by: [device, zone], take: {n: count(), heat: sum(temp), mean: avg(temp)}}}
  totals: {from: more, aggregate: {by: [{low: lower(device)}], take: {n: count(), ratio: sum(hits) / count(), kinds: 'count_distinct_if(zone, hits > 1)'}, emit: updates}}
  visits: {from: more, aggregate: {window: {session: 30s}, by: [device], take: {n: count()}}}
  firsts: {from: more, dedupe: {by: [device], within: 10m}}
  lasts: {from: more, dedupe: {by: [device], within: 10m, keep: last}}
  both: {from: [more, users], join: {type: left, on: [device], within: 10m, prefix: {right: user_}}}
  sorted: {from: more, sort: {}}
  best: {from: counts, top: {n: 3, by: [window_end], order: [{heat: desc}, device]}}
  running: {from: more, scan: {by: [device], start: {total: 0.0, last: string}, next: {total: acc.total + temp, last: zone}, ttl: 1h}}
  rise: {from: more, match: {by: [device], steps: [{low: temp < 5}, {high: temp > low.temp}], within: 5m, take: {at: high.at, zone: low.zone}}}
  some: {from: ticks, sample: 0.5}
  few: {from: some, limit: 5}
  out_counts: {from: counts, file: {path: out/counts}, format: json}
  out_totals: {from: totals, discard: {}}
  out_visits: {from: visits, stdout: {}}
  out_firsts: {from: firsts, select: [device, temp]}
  out_first: {from: out_firsts, file: {path: out/firsts}, format: json}
  out_lasts: {from: lasts, select: [device, temp]}
  out_last: {from: out_lasts, stdout: {}}
  out_both: {from: both, select: [device, temp, owner]}
  out_join: {from: out_both, stdout: {}}
  out_sorted: {from: sorted, select: [at, device, double]}
  out_sort: {from: out_sorted, stdout: {}}
  out_best: {from: best, stdout: {}}
  out_running: {from: running, select: [device, total, last]}
  out_run: {from: out_running, stdout: {}}
  out_rise: {from: rise, stdout: {}}
  out_few: {from: few, stdout: {}}
`

// replace gives a text with one thing in it changed, which has to be there once.
func replace(t *testing.T, text, old, with string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q is there %d times", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, with, 1)
}

func parsed(t *testing.T, text string) *job.Job {
	t.Helper()
	j := job.Parse(context.Background(), "edited.yaml", []byte(text), job.Options{Inputless: true})
	if j.Plan == nil {
		var b strings.Builder
		diag.Print(&b, j.Diags, j.SourceOf, diag.PrintOptions{})
		t.Fatal(b.String())
	}
	return j
}

// pointOf is what a run of a plan stores, with something in all that can have something.
func pointOf(p *plan.Pipeline) *checkpoint.Point {
	point := &checkpoint.Point{Commit: 1, Epoch: 1, Nodes: map[string]checkpoint.Node{}}
	for _, n := range p.Nodes {
		kept := checkpoint.Node{Shape: plan.Shape(n)}
		switch o := n.Op.(type) {
		case *plan.Scan:
			if o.Replays || o.Journal != nil {
				kept.Position = []byte{1}
			}
			kept.Marks = []byte{1}
		case *plan.Write:
			if o.Transactional {
				kept.Token = []byte{1}
			}
		default:
			if kept.Shape != nil {
				kept.Lanes = max(n.Parallelism, 1)
				if n.Kind != "limit" && n.Kind != "sample" {
					kept.Rows = 7
				}
			}
		}
		point.Nodes[n.ID] = kept
	}
	return point
}

// What each edit of a file does to what is stored of its nodes; those that are not named are kept.
func TestEdits(t *testing.T) {
	type edit struct {
		name string
		swap []string // old, new, old, new...
		want string   // node: what: why, a line each
	}
	edits := []edit{
		{"nothing", nil, ""},
		// Nodes.
		{"description", []string{"warm: {from: reads,", "warm: {from: reads, description: only the warm ones,"}, ""},
		{"name of the pipeline", []string{"name: edited", "name: again"}, ""},
		{"trigger", []string{"name: edited", "trigger: 2s"}, ""},
		{"every", []string{"{dir: ck}", "{dir: ck, every: 10s, flush: true}"}, ""},
		{"stateless expression", []string{"filter: temp > 1", "filter: temp > 2 && zone != nil"}, ""},
		{"stateless node added", []string{"more: {from: warm,", "noted: {from: warm, derive: {note: zone}}\n  more: {from: noted,"}, "" /* nobody reads it above a join */},
		{"stateless node removed", []string{"  warm: {from: reads, filter: temp > 1}\n", "", "more: {from: warm,", "more: {from: reads,"}, ""},
		{"stateless node renamed", []string{"  warm: {from", "  hot: {from", "more: {from: warm,", "more: {from: hot,"}, ""},
		{"order of nodes", []string{"  few: {from: some, limit: 5}\n", "", "  some: {from: ticks", "  few: {from: some, limit: 5}\n  some: {from: ticks"}, ""},
		{"aggregate renamed", []string{"  counts: {from", "  per_minute: {from", "best: {from: counts", "best: {from: per_minute", "out_counts: {from: counts", "out_counts: {from: per_minute"},
			"counts: refused: the file has no such node; its state has 7 rows or keys\nper_minute: new: it begins with what comes from now on"},
		{"aggregate removed", []string{"  visits: {from: more, aggregate: {window: {session: 30s}, by: [device], take: {n: count()}}}\n", "", "  out_visits: {from: visits, stdout: {}}\n", ""},
			"visits: refused: the file has no such node; its state has 7 rows or keys"},
		{"limit removed", []string{"  few: {from: some, limit: 5}\n", "", "out_few: {from: few,", "out_few: {from: some,"},
			"few: refused: the file has no such node; the rows that it counted would be forgotten"},
		{"aggregate added", []string{"  some: {from: ticks", "  all: {from: ticks, aggregate: {take: {n: count()}}}\n  out_all: {from: all, stdout: {}}\n  some: {from: ticks"},
			"all: new: it begins with what comes from now on\nout_all: new: it begins with what comes from now on"},
		{"aggregate becomes a filter", []string{"  sorted: {from: more, sort: {}}", "  sorted: {from: more, filter: true}"}, "sorted: refused: it was a sort, and keeps nothing any more"},
		{"filter becomes a sort", []string{"filter: temp > 1", "sort: {}"}, "warm: new: it begins with what comes from now on"},
		{"sort becomes a dedupe", []string{"sorted: {from: more, sort: {}}", "sorted: {from: more, dedupe: {by: [device], within: 1m}}"}, "sorted: refused: it was a sort, and is a dedupe"},
		{"parallelism", []string{"visits: {from: more,", "visits: {from: more, parallelism: 2,"},
			"visits: migrated: its keys are spread over 2 lanes, and lay in 1"},
		{"parallelism of a filter", []string{"warm: {from: reads,", "warm: {from: reads, parallelism: 2,"}, ""},

		// Sources and sinks.
		{"path of a source", []string{"path: in/reads", "path: in/others"}, ""},
		{"kind of a source", []string{"ticks: {generate: {rows: 10, fields: {i: n}}}", "ticks: {file: {path: in/ticks}, format: json, schema: {i: int}}"},
			"ticks: refused: it was a generate, and is a file: where it stood would be forgotten"},
		{"source to one that cannot replay", []string{"ticks: {generate: {rows: 10, fields: {i: n}}}", "ticks: {socket: {port: 1}, format: json, schema: {i: int}}"},
			"ticks: refused: it was a generate, and is a socket: where it stood would be forgotten"},
		{"source renamed", []string{"  users: {file", "  owners: {file", "[more, users]", "[more, owners]"},
			"owners: new: it begins with all that it has\nusers: refused: the file has no such source; where it stood would be forgotten"},
		{"source added", []string{"  ticks: {gen", "  tocks: {generate: {rows: 10, fields: {i: n}}}\n  both_ticks: {from: [ticks, tocks], union: {}}\n  ticks: {gen", "some: {from: ticks", "some: {from: both_ticks"},
			"tocks: new: it begins with all that it has"},
		{"rate of a source", []string{"{rows: 10, fields", "{rows: 10, rows_per_second: 5, fields"}, ""},
		{"delay", []string{"event_time: {column: at, delay: 5s}\n  users", "event_time: {column: at, delay: 50s}\n  users"}, ""},
		{"another event time", []string{"event_time: {column: at, delay: 5s}\n  users", "event_time: {column: other, delay: 5s}\n  users"}, `
			reads: migrated: its event time was at, and is other: its watermark begins anew
			counts: refused: event time was at, and is other
			visits: refused: event time was at, and is other
			firsts: refused: event time was at, and is other
			lasts: refused: event time was at, and is other
			both: refused: left event time was at, and is other
			sorted: refused: event time was at, and is other
			running: refused: event time was at, and is other
			rise: refused: event time was at, and is other`},
		{"path of a sink", []string{"path: out/counts", "path: out/elsewhere"}, ""},
		{"format of a sink", []string{"{path: out/counts}, format: json", "{path: out/counts}, format: csv"}, ""},
		{"kind of a sink", []string{"out_counts: {from: counts, file: {path: out/counts}, format: json}", "out_counts: {from: counts, stdout: {}}"},
			"out_counts: refused: it was a file, and is a stdout"},
		{"kind of a sink that keeps nothing", []string{"out_few: {from: few, stdout: {}}", "out_few: {from: few, discard: {}}"}, "out_few: new: it was a stdout, of which nothing is stored"},
		{"sink removed", []string{"  out_counts: {from: counts, file: {path: out/counts}, format: json}\n", ""},
			"out_counts: refused: the file has no such sink; what it had prepared may not be visible yet"},
		{"sink removed that keeps nothing", []string{"  out_visits: {from: visits, stdout: {}}\n", "  out_visits2: {from: visits, stdout: {}}\n"},
			"out_visits2: new: it begins with what comes from now on"},

		// Aggregates.
		{"aggregate of another name added", []string{"take: {n: count(), heat", "take: {n: count(), most: max(temp), heat"}, "counts: migrated: most begins with what comes from now on\nbest: migrated: most is null in rows that are kept"},
		{"aggregate of another name removed", []string{", mean: avg(temp)}", "}"}, "counts: migrated: mean is dropped\nbest: migrated: mean is dropped"},
		{"aggregates in another order", []string{"take: {n: count(), heat: sum(temp), mean: avg(temp)}", "take: {mean: avg(temp), n: count(), heat: sum(temp)}"}, ""},
		{"aggregate renamed inside", []string{"mean: avg(temp)", "middle: avg(temp)"}, "counts: migrated: middle begins with what comes from now on; mean is dropped\nbest: migrated: middle is null in rows that are kept; mean is dropped"},
		{"aggregate of something else", []string{"heat: sum(temp)", "heat: sum(hits)"},
			"counts: refused: heat was made of sum(temp: float) float, and is of sum(hits: int) int: under another name it would begin with what comes from now on\nbest: refused: heat was float, and is int"},
		{"another aggregate of the same", []string{"mean: avg(temp)", "mean: median(temp)"},
			"counts: refused: mean was made of avg(temp: float) float, and is of median(temp: float) float: under another name it would begin with what comes from now on"},
		{"aggregate with a condition", []string{"take: {n: count(), heat", "take: {n: count_if(temp > 3), heat"},
			"counts: refused: n was made of count() int, and is of count(; if temp > 3) int: under another name it would begin with what comes from now on"},
		{"aggregate spaced otherwise", []string{"heat: sum(temp)", "heat: sum( temp )"}, ""},
		{"what is made of aggregates", []string{"ratio: sum(hits) / count()", "ratio: 100 * sum(hits) / count()"}, ""},
		{"part of an entry left out", []string{"ratio: sum(hits) / count()", "ratio: sum(hits)"}, ""},
		{"part of an entry added", []string{"ratio: sum(hits) / count()", "ratio: sum(hits) / count() + max(hits)"},
			"totals: refused: ratio was made of sum(hits: int) int and count() int, and is of sum(hits: int) int and count() int and max(hits: int) int: under another name it would begin with what comes from now on"},
		{"distinct values kept with those of another", []string{"kinds: 'count_distinct_if(zone, hits > 1)'", "kinds: 'count_distinct_if(zone, hits > 1)', zones: count_distinct(zone)"},
			"totals: refused: kinds was made of count_distinct(zone: string; if hits > 1) int, and is of count_distinct(zone: string; if hits > 1) int among the values of zones: under another name it would begin with what comes from now on"},
		{"distinct values of something else added", []string{"kinds: 'count_distinct_if(zone, hits > 1)'", "kinds: 'count_distinct_if(zone, hits > 1)', hit: count_distinct(hits)"}, "totals: migrated: hit begins with what comes from now on"},
		{"key added", []string{"by: [device, zone]", "by: [device, zone, hits]"},
			"counts: refused: by was device (string), zone (string), and is device (string), zone (string), hits (int)\nbest: migrated: hits is null in rows that are kept"},
		{"key removed", []string{"by: [device, zone], take", "by: [device], take"}, "counts: refused: by was device (string), zone (string), and is device (string)\nbest: migrated: zone is dropped"},
		{"keys in another order", []string{"by: [device, zone]", "by: [zone, device]"},
			"counts: refused: the keys are in another order, and what is kept is found by the order that they had: `by` was device (string), zone (string), and is zone (string), device (string); put them back, and the columns in their order by a `select` behind"},
		{"another name of a key", []string{"by: [device, zone]", "by: [device, {area: zone}]"}, "best: migrated: area is null in rows that are kept; zone is dropped"},
		{"key spaced otherwise", []string{"by: [{low: lower(device)}]", "by: [{low: 'lower( device )'}]"}, ""},
		{"another expression of a key", []string{"by: [{low: lower(device)}]", "by: [{low: upper(device)}]"}, "totals: refused: by was lower(device) (string), and is upper(device) (string)"},
		{"size of a window", []string{"{tumbling: 1m}", "{tumbling: 2m}"}, "counts: refused: window was tumbling 1m, and is tumbling 2m"},
		{"size of a window in other words", []string{"{tumbling: 1m}", "{tumbling: 60s}"}, ""},
		{"hopping window", []string{"{tumbling: 1m}", "{hopping: 1m, every: 20s}"}, "counts: refused: window was tumbling 1m, and is hopping 1m every 20s"},
		{"hopping window that tumbles", []string{"{tumbling: 1m}", "{hopping: 1m, every: 1m}"}, ""},
		{"offset of a window", []string{"{tumbling: 1m}", "{tumbling: 1m, offset: 10s}"}, "counts: refused: window was tumbling 1m, and is tumbling 1m, offset 10s"},
		{"grace of a window", []string{"{tumbling: 1m}", "{tumbling: 1m, grace: 10s}"}, "counts: refused: window was tumbling 1m, and is tumbling 1m, grace 10s"},
		{"gap of a session", []string{"{session: 30s}", "{session: 31s}"}, "visits: refused: window was session 30s, and is session 31s"},
		{"window to session", []string{"{tumbling: 1m}", "{session: 1m}"}, "counts: refused: window was tumbling 1m, and is session 1m"},
		{"window added", []string{"totals: {from: more, aggregate: {by", "totals: {from: more, aggregate: {window: {tumbling: 1m}, by"},
			"totals: refused: event time is at, and was not said"},
		{"emit", []string{"kinds: 'count_distinct_if(zone, hits > 1)'}, emit: updates", "kinds: 'count_distinct_if(zone, hits > 1)'}, emit: complete"}, "totals: refused: emit was updates, and is complete"},
		{"type of a key", []string{"schema: {at: timestamp, device: string, zone: string, temp", "schema: {at: timestamp, device: string, zone: int, temp", "count_distinct_if(zone, hits > 1)", "count_distinct_if(zone, hits > 2)", "last: string}", "last: int}"},
			`counts: refused: by was device (string), zone (string), and is device (string), zone (int)
			best: refused: zone was string, and is int
			totals: refused: kinds was made of count_distinct(zone: string; if hits > 1) int, and is of count_distinct(zone: int; if hits > 2) int: under another name it would begin with what comes from now on
			running: refused: last was string, and is int
			rise: refused: zone was string, and is int`},
		{"type of an argument", []string{"temp: float, hits: int", "temp: float, hits: float"}, `
			totals: refused: ratio was made of sum(hits: int) int and count() int, and is of sum(hits: float) float and count() int: under another name it would begin with what comes from now on`},

		// Columns that are kept.
		{"column that is kept added", []string{"select: [device, temp, owner]", "select: [device, temp, owner, hits]"}, "both: migrated: left hits is null in rows that are kept"},
		{"column that is kept removed", []string{"select: [device, temp, owner]", "select: [device, owner]"}, "both: migrated: left temp is dropped"},
		{"column that is kept added, never null", []string{"select: [device, temp, owner]", "select: [device, temp, owner, sure]"},
			"both: refused: column left sure is new and never null, and rows that are kept have none"},
		{"column added to what is sorted", []string{"select: [at, device, double]", "select: [at, device, double, zone]"}, "sorted: migrated: zone is null in rows that are kept"},
		{"column removed from what is sorted", []string{"select: [at, device, double]", "select: [at, device]"}, "sorted: migrated: double is dropped"},
		{"column computed otherwise", []string{"double: temp * 2", "double: temp + temp"}, ""},
		{"column retyped", []string{"double: temp * 2", "double: hits * 2"}, "sorted: refused: double was float, and is int"},
		{"column never null any more", []string{"double: temp * 2", "double: '(temp ?? 0.0) * 2'"}, "sorted: refused: double is float! now, and in what is kept it may be null"},
		{"column of the last row", []string{"out_lasts: {from: lasts, select: [device, temp]", "out_lasts: {from: lasts, select: [device, temp, zone]"}, "lasts: migrated: zone is null in rows that are kept"},
		{"column of the first row", []string{"out_firsts: {from: firsts, select: [device, temp]", "out_firsts: {from: firsts, select: [device, temp, zone]"}, ""},

		// The other operators.
		{"keys of a join", []string{"on: [device], within", "on: [{device: owner}], within", "[device, temp, owner]", "[device, temp, user_device]"}, "both: refused: on was device (string), and is device = owner (string)"},
		{"type of a join", []string{"type: left,", "type: inner,"}, "both: refused: type was left, and is inner"},
		{"time of a join", []string{"on: [device], within: 10m", "on: [device], within: 1h"}, "both: refused: within was 10m, and is 1h"},
		{"prefix of a join", []string{"prefix: {right: user_}", "prefix: {right: u_}"}, ""},
		{"keys of a dedupe", []string{"dedupe: {by: [device], within: 10m}", "dedupe: {by: [zone], within: 10m}"}, "firsts: refused: by was device (string), and is zone (string)"},
		{"time of a dedupe", []string{"dedupe: {by: [device], within: 10m}", "dedupe: {by: [device], within: 1h}"}, "firsts: refused: within was 10m, and is 1h"},
		{"which row a dedupe keeps", []string{"within: 10m, keep: last}", "within: 10m}"}, "lasts: refused: keep was last, and is first"},
		{"how many rows of a top", []string{"top: {n: 3,", "top: {n: 5,"}, "best: refused: n was 3, and is 5"},
		{"order of a top", []string{"order: [{heat: desc}, device]", "order: [heat, device]"}, "best: refused: order was heat desc, device, and is heat, device"},
		{"ties of a top", []string{"top: {n: 3,", "top: {n: 3, ties: keep,"}, "best: refused: ties was cut, and is keep"},
		{"how a scan goes on", []string{"total: acc.total + temp", "total: acc.total + temp * 2"}, ""},
		{"value of a scan added", []string{"start: {total: 0.0,", "start: {rows: 0, total: 0.0,", "next: {total", "next: {rows: acc.rows + 1, total"}, "running: refused: rows is new, and keys that are kept have none"},
		{"value of a scan removed", []string{", last: string}", "}", ", last: zone}", "}", "[device, total, last]", "[device, total]"}, "running: migrated: last is dropped"},
		{"time of a scan", []string{"ttl: 1h", "ttl: 2h"}, ""},
		{"steps of a match", []string{"{low: temp < 5}", "{low: temp < 6}"}, "rise: refused: steps was low: temp < 5, high: temp > low.temp, and is low: temp < 6, high: temp > low.temp"},
		{"steps of a match spaced otherwise", []string{"{low: temp < 5}, {high: temp > low.temp}", "{low: temp<5}, {high: 'temp  >  low.temp'}"}, ""},
		{"time of a match", []string{"within: 5m", "within: 6m"}, "rise: refused: within was 5m, and is 6m"},
		{"what is taken of a match", []string{"zone: low.zone}", "zone: low.zone, h: low.hits}"}, "rise: migrated: hits is null in rows that are kept"},
		{"rows of a limit", []string{"limit: 5", "limit: 50"}, ""},
		{"share of a sample", []string{"sample: 0.5", "sample: 0.1"}, ""},
		{"limit becomes a sample", []string{"limit: 5", "sample: 0.2"}, "few: refused: it was a limit, and is a sample"},
	}
	point := pointOf(parsed(t, edited).Plan)
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			text := edited
			for i := 0; i+1 < len(e.swap); i += 2 {
				text = replace(t, text, e.swap[i], e.swap[i+1])
			}
			all, err := job.Changes(parsed(t, text).Plan, point, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, c := range all {
				if c.What != job.Kept || c.Why != "" {
					got = append(got, c.String())
				}
			}
			for line := range strings.Lines(e.want) {
				if line = strings.TrimSpace(line); line != "" {
					want = append(want, line)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
		})
	}
	if len(edits) < 60 {
		t.Errorf("only %d edits", len(edits))
	}
}

// What is kept is found by the hash of all keys in their order, so another order is refused, with the way out.
func TestKeysInAnotherOrder(t *testing.T) {
	const file = `
name: keys
checkpoint: {dir: ck}
nodes:
  in: {file: {path: in/reads}, format: json, schema: {at: timestamp, a: string, b: int, n: int}, event_time: {column: at, delay: 5s}}
  other: {file: {path: in/reads}, format: json, schema: {at: timestamp, a: string, b: int}, event_time: {column: at, delay: 5s}}
  once: {from: in, dedupe: {by: [a, b], within: 1h}}
  sums: {from: in, aggregate: {by: [a, b], take: {n: count()}}}
  most: {from: in, top: {n: 1, by: [a, b], order: [n], emit: updates}}
  pairs: {from: [in, other], join: {on: [a, b], within: 1h, prefix: {right: other_}}}
  out: {from: once, stdout: {}}
  out2: {from: sums, stdout: {}}
  out3: {from: most, stdout: {}}
  out4: {from: pairs, stdout: {}}
`
	text := strings.ReplaceAll(file, "[a, b]", "[b, a]")
	all, err := job.Changes(parsed(t, text).Plan, pointOf(parsed(t, file).Plan), nil)
	if err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{}
	for _, c := range all {
		if c.What != job.Refused {
			continue
		}
		refused[c.Node] = true
		if !strings.HasPrefix(c.Why, "the keys are in another order, and what is kept is found by the order that they had: ") ||
			!strings.HasSuffix(c.Why, "(string), b (int), and is b (int), a (string); put them back, and the columns in their order by a `select` behind") {
			t.Errorf("%s", c)
		}
	}
	if len(refused) != 4 || !refused["once"] || !refused["sums"] || !refused["most"] || !refused["pairs"] {
		t.Errorf("refused are %v", refused)
	}
}

// --reset says of any node that it begins anew, and has to name one that is stored.
func TestReset(t *testing.T) {
	point := pointOf(parsed(t, edited).Plan)
	text := replace(t, edited, "{tumbling: 1m}", "{tumbling: 2m}")
	all, err := job.Changes(parsed(t, text).Plan, point, []string{"counts", "sorted"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		want := map[string]string{
			"counts": "counts: discarded: --reset says that it begins anew; window was tumbling 1m, and is tumbling 2m",
			"sorted": "sorted: discarded: --reset says that it begins anew",
		}[c.Node]
		if want != "" && c.String() != want || want == "" && c.What != job.Kept {
			t.Errorf("%s", c)
		}
	}
	if _, err := job.Changes(parsed(t, text).Plan, point, []string{"nobody"}); err == nil || !strings.Contains(fmt.Sprint(err), "--reset nobody: the checkpoint knows no such node; it has best, both,") {
		t.Errorf("%v", err)
	}
}
