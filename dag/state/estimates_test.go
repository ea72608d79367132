package state

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/axiomhq/hyperloglog"
	"pgregory.net/rapid"

	"flowrun/dag/schema"
)

// Sets that were merged, reset and widened have the registers, and so the estimate, of one that got all values in any order.
func TestEstimatesDependOnTheirValuesAlone(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		const slots = 5
		var c Estimates
		c.Grow(slots)
		sets := make([]map[uint64]bool, slots)
		for i := range sets {
			sets[i] = map[uint64]bool{}
		}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			s := rapid.Int32Range(0, slots-1).Draw(r, "slot")
			switch rapid.IntRange(0, 4).Draw(r, "step") {
			case 0:
				f := rapid.Int32Range(0, slots-1).Draw(r, "from")
				if f == s {
					continue
				}
				c.Merge([]int32{s}, []int32{f})
				for h := range sets[f] {
					sets[s][h] = true
				}
				sets[f] = map[uint64]bool{}
			case 1:
				c.Reset([]int32{s})
				sets[s] = map[uint64]bool{}
			default:
				rnd := rand.New(rand.NewPCG(rapid.Uint64Range(0, 3).Draw(r, "seed"), 1))
				for range rapid.SampledFrom([]int{1, 3, 100, EstimateExact - 100, EstimateExact, 5000}).Draw(r, "values") {
					h := rnd.Uint64()
					c.addHash(s, h)
					sets[s][h] = true
				}
			}
			for s := range int32(slots) {
				var one Estimates
				one.Grow(1)
				for h := range sets[s] { // in another order each time
					one.addHash(0, h)
				}
				if got, want := c.Size(s), one.Size(0); got != want {
					r.Fatalf("slot %d: %d after %d values, and %d where they came alone", s, got, len(sets[s]), want)
				}
				if n := len(sets[s]); n <= EstimateExact && int(c.Size(s)) != n {
					r.Fatalf("%d of %d values", c.Size(s), n)
				}
			}
		}
		c.Reset([]int32{0, 1, 2, 3, 4})
		for i := range c.few.sizes {
			if slices.ContainsFunc(c.few.sizes[i].entries, func(e uint32) bool { return e != 0 }) {
				r.Fatal("entries are left in free blocks")
			}
		}
	})
}

// The registers are those of another implementation, as far as its estimate tells, which it makes in another way.
func TestEstimatesAgainstAnotherImplementation(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{EstimateExact + 1, 10_000, 50_000, 300_000, 2_000_000} {
		var c Estimates
		c.Grow(1)
		other := hyperloglog.NewNoSparse()
		for range n {
			h := rnd.Uint64()
			c.addHash(0, h)
			other.InsertHash(h)
		}
		if got, want := float64(c.Size(0)), float64(other.Estimate()); math.Abs(got-want) > 0.004*float64(n) {
			t.Errorf("of %d values: %v, the other says %v", n, got, want)
		}
	}
}

// Over values of every kind the error is what is promised: 0.8% is one standard deviation.
func TestEstimatesError(t *testing.T) {
	for _, n := range []int{1000, 5000, 40_000, 200_000} {
		var sum float64
		const runs = 8
		for run := range runs {
			var c Estimates
			c.Grow(1)
			var v Vector
			bld := array.NewBuilder(memory.DefaultAllocator, schema.Int)
			if run%2 == 1 {
				bld = array.NewBuilder(memory.DefaultAllocator, schema.String)
			}
			for i := range n {
				switch b := bld.(type) {
				case *array.Int64Builder:
					b.Append(int64(run*n + i))
				case *array.StringBuilder:
					b.Append(fmt.Sprintf("user-%d-%d", run, i))
				}
			}
			v.LoadKeys(bld.NewArray(), nil)
			c.Add(make([]int32, n), &v)
			e := float64(c.Size(0))/float64(n) - 1
			if math.Abs(e) > 0.04 {
				t.Errorf("%d values are estimated as %d", n, c.Size(0))
			}
			sum += e * e
		}
		if rms := math.Sqrt(sum / runs); rms > 0.016 {
			t.Errorf("of %d values the error is %.2f%%", n, 100*rms)
		}
	}
}

// A set of few values is small, and of many it is bounded.
func TestEstimatesBytes(t *testing.T) {
	var c Estimates
	const slots = 100_000
	c.Grow(slots)
	rnd := rand.New(rand.NewPCG(5, 6))
	for s := range int32(slots) {
		c.addHash(s, rnd.Uint64())
	}
	if per := float64(c.Bytes()) / slots; per > 32 {
		t.Errorf("a set of one value takes %.0f bytes", per)
	}
	c = Estimates{}
	c.Grow(1)
	for range 1_000_000 {
		c.addHash(0, rnd.Uint64())
	}
	if c.Bytes() > 200_000 {
		t.Errorf("a set of a million values takes %d bytes", c.Bytes())
	}
}
