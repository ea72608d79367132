//go:build linux

package exec

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"flowrun/dag/plan"
	"flowrun/dag/schema"
	"flowrun/dag/state"
)

// A disk that does not give the state that lies on it ends the run with an error of the node, not the process; other faults are
// bugs as ever.
func TestStateThatTheDiskDoesNotGive(t *testing.T) {
	dir := t.TempDir()
	spill, err := state.NewSpill(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer spill.Close()
	table, err := state.NewTable(schema.Int)
	if err != nil {
		t.Fatal(err)
	}
	var v state.Vector
	for i, words := 0, v.Fill(100_000); i < len(words); i++ {
		words[i] = uint64(i)
	}
	if _, err := table.Slots([]*state.Vector{&v}, v.Len(), nil); err != nil {
		t.Fatal(err)
	}
	m := state.NewMemory()
	m.Use(spill)
	if err := m.Settle(func(m *state.Memory) { table.Remember(m, "t") }); err != nil {
		t.Fatal(err)
	}
	if err := spill.Keep(0); err != nil {
		t.Fatal(err)
	}
	takeAway(t, dir)
	n := &node{plan: &plan.Node{ID: "counts"}, rt: &runtime{log: slog.New(slog.DiscardHandler)}, spills: []*state.Spill{spill}}
	err = n.guard(t.Context(), "process", func() error {
		return fmt.Errorf("it is %d", table.Key(0).Word(70_000))
	})
	if err == nil || err.Error() != "counts: process: state that lies on disk cannot be read: the disk fails" {
		t.Error(err)
	}
	err = n.guard(t.Context(), "process", func() error { panic("another") })
	if err == nil || !strings.Contains(err.Error(), "another") {
		t.Error(err)
	}
}

// takeAway takes the contents of the files of no name in a directory away, so that their pages cannot be read.
func takeAway(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && strings.HasPrefix(to, dir) && strings.HasSuffix(to, "(deleted)") {
			found = true
			if err := os.Truncate(f, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !found {
		t.Fatalf("no file of no name in %s", dir)
	}
}
