package bench_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flowrun/dag/exec"
	"flowrun/dag/job"
	"flowrun/dag/live"
	"flowrun/dag/plan"
	"flowrun/nodes"
	queries "flowrun/pipelines/nexmark"
)

// auctionHouse are events, and how they are made.
type auctionHouse struct {
	set    []string // all of it but their number
	events []*happening
}

const houseEvents, fewEvents = 9_000, 1_500

// 9,000 events at 400 a second are 22 s. They begin 15 s before midnight: so they are of two days. No row is later than 2.5 s.
func newAuctionHouse(t *testing.T, seed, outOfOrder int) *auctionHouse {
	h := &auctionHouse{set: []string{"nodes.events.nexmark.rate=400", "nodes.events.nexmark.start=2026-01-01T23:59:45Z",
		fmt.Sprint("nodes.events.nexmark.seed=", seed), fmt.Sprint("nodes.events.nexmark.out_of_order=", outOfOrder)}}
	all := "nodes:\n  events: {nexmark: {}}\n  show: {from: events, console: {}}\n"
	for _, line := range h.run(t, "events", []byte(all), houseEvents, exec.Options{}, 1) {
		e := new(happening)
		if err := json.Unmarshal([]byte(line), e); err != nil {
			t.Fatal(err)
		}
		h.events = append(h.events, e)
	}
	return h
}

// run runs a query over the first so many events and gives the lines of its result.
func (h *auctionHouse) run(t *testing.T, name string, src []byte, events int, o exec.Options, lanes int) []string {
	t.Helper()
	src = bytes.Replace(src, []byte("console: {}"), []byte("stdout: {}"), 1)
	set := append(slices.Clone(h.set), fmt.Sprint("nodes.events.nexmark.events=", events))
	load := func() *job.Job {
		j := job.Parse(t.Context(), name+".yaml", src, job.Options{Set: set})
		if j.Plan == nil || len(j.Diags) > 0 {
			t.Fatalf("%s: %v", name, j.Diags)
		}
		return j
	}
	j := load()
	if lanes > 1 {
		for _, n := range j.Plan.Nodes {
			if why, _ := plan.NoLanes(n.Op); why == "" && len(n.Inputs) > 0 {
				set = append(set, fmt.Sprintf("nodes.%s.parallelism=%d", n.ID, lanes))
			}
		}
		j = load()
	}
	var printed bytes.Buffer
	o.Output = &printed
	run, err := exec.Build(j.Plan, nodes.Connectors{}, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range run.Summary().Nodes {
		if n.Late > 0 || n.Rejected > 0 || n.Role == live.Source && n.In != uint64(events) {
			t.Errorf("%s: %d events in, %d late, %d rejected", n.Node, n.In, n.Late, n.Rejected)
		}
	}
	return strings.Split(strings.TrimSuffix(printed.String(), "\n"), "\n")
}

// rowWise are the queries that look at one row at a time: few of them say as much as many.
var rowWise = []string{"q0", "q1", "q13", "q14", "q22"}

// keysOfUpdates are the columns of which the last row holds, for the queries whose result changes.
var keysOfUpdates = map[string][]string{
	"q4": {"category"}, "q15": {"window_start"}, "q16": {"window_start", "channel"}, "q17": {"window_start", "auction"},
	"q18": {"bidder", "auction"}, "q19": {"auction", "rank"},
}

// lasting are the rows of a result that hold in the end, as texts.
func lasting(t *testing.T, name string, lines []string) []string {
	t.Helper()
	key := keysOfUpdates[name]
	var rows []string
	last, sums := map[string]string{}, map[string]int64{}
	for _, line := range lines {
		var row map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%s: %s: %v", name, line, err)
		}
		text, err := json.Marshal(row) // its columns in the order of their names
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case name == "q12":
			var n int64
			if err := json.Unmarshal(row["bids"], &n); err != nil {
				t.Fatal(err)
			}
			sums[string(row["bidder"])] += n
		case key == nil:
			rows = append(rows, string(text))
		default:
			var k strings.Builder
			for _, column := range key {
				k.Write(row[column])
				k.WriteByte(' ')
			}
			last[k.String()] = string(text)
		}
	}
	for _, text := range last {
		rows = append(rows, text)
	}
	for bidder, n := range sums {
		rows = append(rows, fmt.Sprintf(`{"bidder":%s,"bids":%d}`, bidder, n))
	}
	slices.Sort(rows)
	return rows
}

// TestNexmark holds each query to a plain program that does the same slowly: over several seeds, in order and out of order, with
// batches and queues of several sizes, in one lane and in two.
func TestNexmark(t *testing.T) {
	t.Chdir("../../..") // q13 reads a file of the repository
	files, err := queries.Files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(models) {
		t.Errorf("%d queries and %d models", len(files), len(models))
	}
	ways := []struct {
		o     exec.Options
		lanes int
	}{
		{exec.Options{}, 2}, {exec.Options{BatchRows: 1000, Queue: 1}, 2}, {exec.Options{BatchRows: 77, Queue: 1}, 1}, {exec.Options{BatchRows: 333, Queue: 16}, 1},
	}
	for seed := range 4 {
		h := newAuctionHouse(t, seed, 1+seed%2*999)
		for i, f := range files {
			name := strings.TrimSuffix(f.Name(), filepath.Ext(f.Name()))
			way := ways[(seed+i)%len(ways)]
			t.Run(fmt.Sprintf("%s/seed %d", name, seed), func(t *testing.T) {
				src, err := queries.Files.ReadFile(f.Name())
				if err != nil {
					t.Fatal(err)
				}
				n := houseEvents
				if slices.Contains(rowWise, name) {
					n = fewEvents
				}
				got := lasting(t, name, h.run(t, name, src, n, way.o, way.lanes))
				var want []string
				for _, row := range models[name](h.events[:n]) {
					text, err := json.Marshal(row)
					if err != nil {
						t.Fatal(err)
					}
					want = append(want, string(text))
				}
				slices.Sort(want)
				if len(want) < 2 {
					t.Errorf("the result has %d rows, which proves little", len(want))
				}
				same(t, strings.Join(got, "\n"), strings.Join(want, "\n"))
			})
		}
	}
}
