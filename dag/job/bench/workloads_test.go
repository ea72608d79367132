package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"flowrun/dag/job"
	"flowrun/dag/job/bench"
	_ "flowrun/nodes/all"
	workloads "flowrun/pipelines/bench"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const workloadRows = 20_000

// desk is a folder with the workloads' data, small.
type desk struct {
	dir string
	env map[string]string
}

func newDesk(t *testing.T) *desk {
	d := &desk{dir: t.TempDir(), env: map[string]string{"ROWS": strconv.Itoa(workloadRows)}}
	d.env["BENCH_DIR"], d.env["CHECKPOINT_DIR"] = d.dir, d.dir
	if err := os.Mkdir(filepath.Join(d.dir, "out"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lines", "events", "shuffled", "mixed"} {
		d.run(t, "data_"+name+".yaml", nil)
	}
	return d
}

// run runs a workload, edited, and gives what it prints and its figures.
func (d *desk) run(t *testing.T, file string, edit *strings.Replacer) (string, bench.Once) {
	t.Helper()
	src, err := workloads.Files.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edited := edit.Replace(string(src))
		if edited == string(src) {
			t.Fatalf("%s is not what this test thinks it is:\n%s", file, src)
		}
		src = []byte(edited)
	}
	env := func(name string) (string, bool) { v, ok := d.env[name]; return v, ok }
	j := job.Parse(t.Context(), file, src, job.Options{Env: env})
	for _, problem := range j.Diags {
		t.Error(problem.Error())
	}
	if j.Plan == nil {
		t.FailNow()
	}
	var printed bytes.Buffer
	once, err := bench.Run(t.Context(), j, bench.Options{Output: &printed})
	if err != nil {
		t.Fatal(err)
	}
	return printed.String(), once
}

func (d *desk) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// events are the events of a file as encoding/json reads them; what is null or missing is nil.
func (d *desk) events(t *testing.T, name string) []event {
	t.Helper()
	var all []event
	for line := range strings.Lines(d.read(t, name)) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, e)
	}
	if len(all) != workloadRows {
		t.Fatalf("%s has %d events", name, len(all))
	}
	return all
}

type event struct {
	At     *int64   `json:"ts"`
	User   *string  `json:"user_id"`
	Device *string  `json:"device"`
	Temp   *float64 `json:"temp"`
	Status *string  `json:"status"`
}

// TestWorkloads holds what the measured pipelines write to plain programs that do the same slowly.
func TestWorkloads(t *testing.T) {
	d := newDesk(t)
	lines := d.read(t, workloads.Output("lines", d.env["ROWS"]))
	t.Run("data", d.testData)
	t.Run("w1", func(t *testing.T) {
		got, once := d.run(t, "w1.yaml", strings.NewReplacer("discard: {}}", "stdout: {}, format: text}"))
		same(t, got, lines)
		if once.Rows != workloadRows || once.Bytes != uint64(len(lines)) || len(once.Nodes) != 2 {
			t.Errorf("%+v", once)
		}
	})
	t.Run("w1_file", func(t *testing.T) {
		d.run(t, "w1_file.yaml", nil)
		same(t, d.read(t, "out/w1.txt"), lines)
	})
	for _, kind := range []string{"events", "shuffled", "mixed"} {
		d.env["EVENTS"] = kind
		events := d.events(t, workloads.Output(kind, d.env["ROWS"]))
		t.Run("w2/"+kind, func(t *testing.T) {
			d.run(t, "w2.yaml", nil)
			same(t, d.read(t, "out/w2_"+kind+".jsonl"), hot(t, events))
		})
		t.Run("w3/"+kind, func(t *testing.T) {
			// So few events make one window of ten seconds; of these shorter ones they make several.
			d.run(t, "w3.yaml", strings.NewReplacer("tumbling: 10s", "tumbling: 70ms", "delay: 1s", "delay: 10ms"))
			same(t, d.read(t, "out/w3_"+kind+".jsonl"), averages(t, events))
		})
	}
	t.Run("w4", func(t *testing.T) {
		var want strings.Builder
		for line := range strings.Lines(lines) {
			if strings.Contains(line, "ERROR") {
				want.WriteString(line)
			}
		}
		got := d.fed(t, "w4.yaml", strings.NewReplacer("discard: {}}", "stdout: {}, format: text}"))
		same(t, got, want.String())
	})
	t.Run("w5", func(t *testing.T) { same(t, d.fed(t, "w5.yaml", nil), lines) })
	t.Run("w5_commit", func(t *testing.T) {
		d.fed(t, "w5_commit.yaml", nil)
		parts := &bench.Parts{Dir: filepath.Join(d.dir, "out/w5_commit"), Done: closed()}
		defer parts.Close()
		text, err := io.ReadAll(parts)
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(text), lines)
		d.nothingKept(t)
	})
	t.Run("w6", func(t *testing.T) {
		// With a commit each epoch, and windows so short that there are several, it writes what it writes without.
		short := []string{"tumbling: \"${WINDOW:-1m}\"", "tumbling: 70ms", "delay: 1s", "delay: 10ms"}
		_, once := d.run(t, "w6.yaml", strings.NewReplacer(append(short, "every: 1s", "every: 0s")...))
		got := d.read(t, "out/w6.jsonl")
		if k := once.Durable; k == nil || k.Commits == 0 || k.Stored == 0 || k.Logged == 0 {
			t.Errorf("%+v", k)
		}
		d.nothingKept(t)
		j, _ := d.run(t, "w6.yaml", strings.NewReplacer(append(short, "checkpoint: {", "x-none: {")...))
		same(t, got, d.read(t, "out/w6.jsonl"))
		if readings := strings.Count(got, "\n"); j != "" || readings < workloadRows/2 {
			t.Errorf("%d rows, %q", readings, j)
		}
	})
	t.Run("w7", func(t *testing.T) {
		// The last row of each order is the same, wherever state lies.
		d.run(t, "w7.yaml", strings.NewReplacer("MEMORY:-64MiB", "MEMORY:-64KiB", "every: 1s", "every: 0s"))
		got := lastVersions(t, d.read(t, "out/w7.jsonl"))
		d.nothingKept(t)
		d.run(t, "w7.yaml", strings.NewReplacer("MEMORY:-64MiB", "MEMORY:-1GiB"))
		want := lastVersions(t, d.read(t, "out/w7.jsonl"))
		if len(got) < workloadRows/4 || !maps.Equal(got, want) {
			t.Errorf("%d orders where state lies on disk, %d where it is in memory, or not the same", len(got), len(want))
		}
	})
}

// lastVersions gives of each order the last version that was written.
func lastVersions(t *testing.T, lines string) map[int64]int64 {
	t.Helper()
	last := map[int64]int64{}
	for line := range strings.Lines(lines) {
		var row struct{ Order, Version int64 }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		last[row.Order] = row.Version
	}
	return last
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// nothingKept holds a run to removing the checkpoint that it made.
func (d *desk) nothingKept(t *testing.T) {
	t.Helper()
	if left, err := filepath.Glob(filepath.Join(d.dir, "checkpoint*")); len(left) > 0 || err != nil {
		t.Errorf("%v is left (%v)", left, err)
	}
}

// fed runs a workload whose socket is sent the lines.
func (d *desk) fed(t *testing.T, file string, edit *strings.Replacer) string {
	t.Helper()
	s := &bench.Sender{Path: filepath.Join(d.dir, workloads.Output("lines", d.env["ROWS"]))}
	address, err := s.Listen(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	_, d.env["PORT"], err = net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := d.run(t, file, edit)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return got
}

// testData holds the data to what the workloads say of it.
func (d *desk) testData(t *testing.T) {
	size := 0
	order := []string{"ts", "user_id", "device", "temp", "status", "url", "bytes", "agent", "ok"}
	orders := map[string]bool{}
	plain := strings.Split(d.read(t, workloads.Output("events", d.env["ROWS"])), "\n")
	shuffled := strings.Split(d.read(t, workloads.Output("shuffled", d.env["ROWS"])), "\n")
	for i, line := range plain[:workloadRows] {
		size += len(line)
		if i%100 != 0 {
			continue
		}
		if got := keys(t, line); strings.Join(got, " ") != strings.Join(order, " ") {
			t.Fatalf("keys %v in %s", got, line)
		}
		orders[strings.Join(keys(t, shuffled[i]), " ")] = true
		if !bytes.Equal(canonical(t, line), canonical(t, shuffled[i])) {
			t.Fatalf("%s became %s", line, shuffled[i])
		}
	}
	if mean := float64(size) / workloadRows; mean < 214 || mean > 224 {
		t.Errorf("events have %.1f bytes, want about 219", mean)
	}
	if len(orders) < workloadRows/100*9/10 {
		t.Errorf("%d orders of keys", len(orders))
	}
	var null, missing, escaped int
	for line := range strings.Lines(d.read(t, workloads.Output("mixed", d.env["ROWS"]))) {
		null += strings.Count(line, ":null")
		missing += len(order) - strings.Count(line, `":`)
		escaped += strings.Count(line, `\u`)
	}
	for what, n := range map[string]int{"null": null, "missing": missing, "escaped": escaped} {
		if n < workloadRows/4 {
			t.Errorf("only %d fields are %s", n, what)
		}
	}
	for line := range strings.Lines(d.read(t, workloads.Output("lines", d.env["ROWS"]))) {
		if len(line) != 100 {
			t.Fatalf("%d bytes: %s", len(line), line)
		}
	}
}

// keys are the keys of an object, as they come.
func keys(t *testing.T, line string) []string {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(line))
	var all []string
	for n := 0; ; n++ {
		token, err := dec.Token()
		if err != nil {
			return all
		}
		if n%2 == 1 {
			if key, ok := token.(string); ok {
				all = append(all, key)
			}
		}
	}
}

func canonical(t *testing.T, line string) []byte {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(line), &v); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// number is a float that is told from an int also where it is whole, as flowrun writes it.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	text, err := json.Marshal(float64(n))
	if err == nil && !bytes.ContainsAny(text, ".e") {
		text = append(text, ".0"...)
	}
	return text, err
}

// hot is workload 2: null is neither hot nor well.
func hot(t *testing.T, events []event) string {
	var rows []any
	for _, e := range events {
		if e.Temp != nil && *e.Temp > 30 && e.Status != nil && *e.Status == "ok" {
			rows = append(rows, struct {
				User *string `json:"user_id"`
				Temp number  `json:"temp_f"`
			}{e.User, number(*e.Temp*9/5 + 32)})
		}
	}
	if len(rows) < workloadRows/10 || len(rows) > workloadRows/3 {
		t.Errorf("%d of %d rows pass", len(rows), workloadRows)
	}
	return jsonLines(t, rows)
}

// averages is workload 3, with windows of 70 ms: null is a device of its own, no temperature, and no time.
func averages(t *testing.T, events []event) string {
	const window = 70
	type group struct {
		Start    string  `json:"window_start"`
		End      string  `json:"window_end"`
		Device   *string `json:"device"`
		Readings int     `json:"readings"`
		Average  *number `json:"avg_temp"`
		start    int64
		sum      float64
		temps    int
	}
	stamp := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
	groups := map[string]*group{}
	var all []*group
	for _, e := range events {
		if e.At == nil {
			continue
		}
		start := *e.At / window * window
		key := fmt.Sprint(start, "null")
		if e.Device != nil {
			key = fmt.Sprint(start, "=", *e.Device)
		}
		g := groups[key]
		if g == nil {
			g = &group{Start: stamp(start), End: stamp(start + window), Device: e.Device, start: start}
			groups[key] = g
			all = append(all, g)
		}
		g.Readings++
		if e.Temp != nil {
			g.sum, g.temps = g.sum+*e.Temp, g.temps+1
		}
	}
	if len(all) < 2 || all[0].start == all[len(all)-1].start {
		t.Fatalf("%d groups of one window", len(all))
	}
	var rows []any
	for _, g := range all {
		if g.temps > 0 {
			average := number(g.sum / float64(g.temps))
			g.Average = &average
		}
		rows = append(rows, g)
	}
	return jsonLines(t, rows)
}

func jsonLines(t *testing.T, rows []any) string {
	t.Helper()
	var b strings.Builder
	for _, r := range rows {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return b.String()
}

// same compares texts line by line.
func same(t *testing.T, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Fatalf("line %d of %d (want %d)\n got %s\nwant %s", i, len(g)-1, len(w)-1, g[i], w[i])
		}
	}
	t.Fatalf("%d lines, want %d", len(g)-1, len(w)-1)
}
