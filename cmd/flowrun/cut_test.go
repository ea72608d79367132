package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"flowrun/dag/job/programtest"
)

// diamond splits the rows of one source, counts both branches, and counts them again where they meet.
const diamond = `name: diamond
trigger: 20ms
nodes:
  rows: {generate: {rows_per_second: 2000, rows: 1000, fields: {n: n}}}
  odds: {from: rows, filter: n % 3 == 1}
  rest: {from: rows, filter: n % 3 != 1}
  all: {from: [odds, rest], union: {}}
  odd_count: {from: odds, aggregate: {take: {n: count()}, emit: complete}}
  rest_count: {from: rest, aggregate: {take: {n: count()}, emit: complete}}
  all_count: {from: all, aggregate: {take: {n: count()}, emit: complete}}
  odd: {from: odd_count, console: {}}
  other: {from: rest_count, console: {}}
  both: {from: all_count, console: {}}
`

// TestDiamondCut holds all sinks of an epoch to the same prefix of the input: in each one the counts of the branches add
// up to the count behind the node where they meet.
func TestDiamondCut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "diamond.yaml")
	if err := os.WriteFile(file, []byte(diamond), 0o644); err != nil {
		t.Fatal(err)
	}
	run := start(t, programtest.Path(t), file)
	run.Exits(t, exitDone)
	epochs := map[string]map[string]int{}
	block := regexp.MustCompile(`Batch: (\d+)  (\w+)\n-+\n\+-+\+\n\| *n\|\n\+-+\+\n(?:\| *(\d+)\|\n)?`)
	for _, m := range block.FindAllStringSubmatch(run.Out.String(), -1) {
		if epochs[m[1]] == nil {
			epochs[m[1]] = map[string]int{}
		}
		n := 0 // a branch that has had no row yet has no count
		if m[3] != "" {
			var err error
			if n, err = strconv.Atoi(m[3]); err != nil {
				t.Fatal(err)
			}
		}
		epochs[m[1]][m[2]] = n
	}
	if len(epochs) < 2 {
		t.Fatalf("only %d epochs:\n%s", len(epochs), run.Out.String())
	}
	last := 0
	for epoch, counts := range epochs {
		if len(counts) != 3 || counts["odd"]+counts["other"] != counts["both"] {
			t.Errorf("epoch %s shows %v", epoch, counts)
		}
		last = max(last, counts["both"])
	}
	if last != 1000 {
		t.Errorf("the last epoch has %d rows of 1000", last)
	}
}
