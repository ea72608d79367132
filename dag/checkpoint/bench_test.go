package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/cockroachdb/pebble/v2/vfs"

	"flowrun/dag/state"
)

// What a commit costs by how many keys there are and how many of them changed: a count and a mean by an integer key, as a keyed
// aggregate keeps them. save is the part for which the operator stands still.
func BenchmarkCommit(b *testing.B) {
	for _, keys := range []int{10_000, 100_000, 1_000_000} {
		for _, percent := range []int{0, 1, 10, 100} {
			b.Run(fmt.Sprintf("%dkeys/%d%%", keys, percent), func(b *testing.B) { benchmarkCommit(b, keys, percent) })
		}
	}
}

func benchmarkCommit(b *testing.B, keys, percent int) {
	s, err := Open(vfs.Default, b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	table, err := state.NewTable(arrow.PrimitiveTypes.Int64)
	if err != nil {
		b.Fatal(err)
	}
	var count state.Fixed[int64]
	var sum state.Fixed[float64]
	table.Attach("n", &count)
	table.Attach("sum", &sum)
	var v state.Vector
	r := rand.New(rand.NewPCG(1, 2))
	for i, words := 0, v.Fill(keys); i < keys; i++ {
		words[i] = r.Uint64()
	}
	if _, err := table.Slots([]*state.Vector{&v}, keys, nil); err != nil {
		b.Fatal(err)
	}
	memory := state.NewMemory()
	show := func(m *state.Memory) { table.Remember(m, "groups") }
	commit := func() int {
		bytes := 0
		changes := memory.Save(show)
		for _, c := range changes {
			bytes += len(c.Value)
		}
		if err := s.Commit(&Point{}, []Instance{{Node: "n", Changes: changes}}, nil); err != nil {
			b.Fatal(err)
		}
		return bytes
	}
	commit()
	b.ReportAllocs()
	written, before := 0, s.Usage().Rewritten
	for b.Loop() {
		b.StopTimer()
		for range keys * percent / 100 {
			at := r.IntN(keys)
			count.V[at]++
			sum.V[at] += 0.5
		}
		b.StartTimer()
		written += commit()
	}
	b.ReportMetric(float64(written)/float64(b.N)/1024, "KiB/op")
	b.ReportMetric(float64(s.Usage().Rewritten-before)/float64(b.N)/1024, "KiB-again/op")
}
