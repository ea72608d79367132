// Package bench holds the workloads that `flowrun bench` runs when it is given no file, and what each of them needs.
package bench

import "embed"

// Files are the pipelines: the workloads, and data_NAME.yaml, which makes the file NAME_ROWS.* in BENCH_DIR.
//
//go:embed *.yaml
var Files embed.FS

// Workload is a pipeline that is measured, with its settings.
type Workload struct {
	Name string
	File string            // in Files
	Env  map[string]string // beside BENCH_DIR and ROWS
	Data []string          // what has to be made before, in this order
	Feed string            // of Data: what the pipeline's sockets are sent
	Rate float64           // lines a second; 0: as fast as they are taken
	Rows int               // at most so many lines are sent; 0: all
	Dir  string            // in BENCH_DIR: where lines show, as parts; "": on the standard output
	// Bare: the checkpoint that the file has is left out.
	Bare bool
	// Beside is the workload that this one is measured beside: what it costs more is told.
	Beside string
	Set    []string // settings as in --set, in which ROWS stands for their number
	// Nexmark: File is a query in pipelines/nexmark.
	Nexmark bool
}

// Workloads are all that are measured, in the order of their names.
var Workloads = []Workload{
	{Name: "w1", File: "w1.yaml", Data: []string{"lines"}},
	{Name: "w1-file", File: "w1_file.yaml", Data: []string{"lines"}},
	{Name: "w2", File: "w2.yaml", Data: []string{"events"}},
	{Name: "w2-shuffled", File: "w2.yaml", Env: map[string]string{"EVENTS": "shuffled"}, Data: []string{"events", "shuffled"}},
	{Name: "w2-mixed", File: "w2.yaml", Env: map[string]string{"EVENTS": "mixed"}, Data: []string{"events", "mixed"}},
	{Name: "w3", File: "w3.yaml", Data: []string{"events"}},
	{Name: "w4", File: "w4.yaml", Data: []string{"lines"}, Feed: "lines"},
	{Name: "w5", File: "w5.yaml", Data: []string{"lines"}, Feed: "lines", Rate: 1000, Rows: 5000},
	{Name: "w5-commit", File: "w5_commit.yaml", Data: []string{"lines"}, Feed: "lines", Rate: 1000, Rows: 5000, Dir: "out/w5_commit"},
	{Name: "w6", File: "w6.yaml", Data: []string{"events"}, Beside: "w6-bare"},
	{Name: "w6-bare", File: "w6.yaml", Data: []string{"events"}, Bare: true},
	{Name: "w7", File: "w7.yaml", Beside: "w7-memory"},
	{Name: "w7-memory", File: "w7.yaml", Env: map[string]string{"MEMORY": "1TiB"}},
	{Name: "keys-1k", File: "keys.yaml", Env: map[string]string{"KEYS": "1000"}},
	{Name: "keys-1m", File: "keys.yaml", Env: map[string]string{"KEYS": "1000000"}},
	{Name: "nexmark-times", File: "nexmark_times.yaml"},
	{Name: "nexmark-all", File: "nexmark_all.yaml"},
	query("q0"), query("q1"), query("q2"), query("q3"), query("q4"), query("q5"), query("q7"), query("q8"), query("q9"),
	query("q11"), query("q12"), query("q13"), query("q14"), query("q15"), query("q16"), query("q17"), query("q18"), query("q19"),
	query("q20"), query("q22"),
}

// Groups are names for several workloads, by what their names begin with.
var Groups = map[string][]string{"w": {"w"}, "keys": {"keys"}, "nexmark": {"nexmark", "q"}}

func query(name string) Workload {
	w := Workload{Name: name, File: name + ".yaml", Nexmark: true, Set: []string{"nodes.events.nexmark.events=ROWS"}}
	if name == "q13" {
		w.Data, w.Env = []string{"side"}, map[string]string{"SIDE": "BENCH_DIR/side.csv"}
	}
	return w
}

// Output is the file in BENCH_DIR that data_NAME.yaml makes of so many rows.
func Output(name, rows string) string {
	switch name {
	case "lines":
		return name + "_" + rows + ".txt"
	case "side":
		return name + ".csv"
	}
	return name + "_" + rows + ".jsonl"
}
