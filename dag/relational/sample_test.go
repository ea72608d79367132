package relational

import (
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/plan"
)

// kept gives the numbers of the rows of 0 to n that a sample keeps, handed in in batches of some size.
func kept(t *testing.T, o *plan.Sample, n, size int, part int32) []int64 {
	t.Helper()
	p := open(t, t, o, plan.Rows, nil, schemaOf("x int"))
	for at := 0; at < n; at += size {
		p.send(0, numbered(p.rt.Allocator(), at, min(at+size, n), part))
	}
	var got []int64
	for _, r := range p.taken() {
		got = append(got, r[0].(int64))
	}
	if p.out.Passed != len(got) || p.out.Filtered != n-len(got) {
		t.Errorf("%d passed and %d filtered, and %d of %d rows came", p.out.Passed, p.out.Filtered, len(got), n)
	}
	p.close()
	return got
}

func numbered(mem memory.Allocator, from, to int, part int32) *batch.Batch {
	rows := make([]row, to-from)
	for i := range rows {
		rows[i] = row{int64(from + i)}
	}
	b := makeBatch(mem, schemaOf("x int"), rows, nil)
	b.Part = part
	return b
}

func TestSampleKeepsItsShare(t *testing.T) {
	const n = 20_000
	for _, rate := range []float64{0.001, 0.1, 0.5, 0.9} {
		for _, seed := range []int64{0, 1, -7} {
			got := float64(len(kept(t, &plan.Sample{Rate: rate, Seed: seed}, n, 1000, 0)))
			// The choice is fixed, so this cannot fail by chance; five standard deviations are what a fair one keeps to.
			if d := math.Abs(got - n*rate); d > 5*math.Sqrt(n*rate*(1-rate)) {
				t.Errorf("rate %v, seed %d: %v rows of %d", rate, seed, got, n)
			}
		}
	}
	if got := kept(t, &plan.Sample{Rate: 1}, n, 1000, 0); len(got) != n {
		t.Errorf("all rows are %d of %d", len(got), n)
	}
}

// Which rows are kept hangs on rate, seed, partition and number, and on nothing else.
func TestSampleIsTheSameForTheSameRows(t *testing.T) {
	const n = 2000
	want := kept(t, &plan.Sample{Rate: 0.3, Seed: 5}, n, n, 0)
	for _, size := range []int{1, 7, 999} {
		if got := kept(t, &plan.Sample{Rate: 0.3, Seed: 5}, n, size, 0); !slices.Equal(got, want) {
			t.Errorf("batches of %d rows change the sample", size)
		}
	}
	if slices.Equal(kept(t, &plan.Sample{Rate: 0.3, Seed: 6}, n, n, 0), want) {
		t.Error("another seed gives the same sample")
	}
	if slices.Equal(kept(t, &plan.Sample{Rate: 0.3, Seed: 5}, n, n, 1), want) {
		t.Error("another partition gives the same sample")
	}
	for _, x := range kept(t, &plan.Sample{Rate: 0.1, Seed: 5}, n, n, 0) {
		if !slices.Contains(want, x) {
			t.Errorf("row %d is in the smaller sample and not in the larger one", x)
		}
	}
}

// How the batches of two partitions mix changes nothing for either, and rows that do not count are not counted.
func TestSampleCountsEachPartition(t *testing.T) {
	const n = 300
	want := [2][]int64{}
	for part := range want {
		want[part] = kept(t, &plan.Sample{Rate: 0.4}, n, n, int32(part))
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := open(t, rt, &plan.Sample{Rate: 0.4}, plan.Rows, nil, schemaOf("x int"))
		var got [2][]int64
		at := [2]int{}
		for at[0] < n || at[1] < n {
			part := rapid.IntRange(0, 1).Draw(rt, "partition")
			to := min(at[part]+rapid.IntRange(1, 50).Draw(rt, "rows"), n)
			if to == at[part] {
				part = 1 - part
				to = n
			}
			var rows []row
			for x := at[part]; x < to; x++ {
				rows = append(rows, row{int64(x)})
			}
			b := drawBatch(rt, p.rt.Allocator(), schemaOf("x int"), rows)
			b.Part = int32(part)
			p.send(0, b)
			for _, r := range p.taken() {
				got[part] = append(got[part], r[0].(int64))
			}
			at[part] = to
		}
		for part := range want {
			if !slices.Equal(got[part], want[part]) {
				rt.Fatalf("partition %d: the sample depends on the other one", part)
			}
		}
		p.close()
	})
}

// Complete results come anew with each epoch, and so does their sample.
func TestSampleOfCompleteResultsStartsAgainEachEpoch(t *testing.T) {
	p := open(t, t, &plan.Sample{Rate: 0.5}, plan.Complete, nil, schemaOf("x int"))
	p.send(0, numbered(p.rt.Allocator(), 0, 40, 0))
	first := p.taken()
	p.barrier()
	p.send(0, numbered(p.rt.Allocator(), 0, 40, 0))
	check(t, p.taken(), first)
	p.close()
}
