package state

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/DataDog/sketches-go/ddsketch"
	"pgregory.net/rapid"
)

func drawFloat(r *rapid.T) float64 {
	special := []float64{0, math.Copysign(0, -1), 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, 2.3e-308, -2.3e-308, 1e-300, 99.99, 100}
	switch rapid.IntRange(0, 2).Draw(r, "sort") {
	case 0:
		return rapid.SampledFrom(special).Draw(r, "special")
	case 1:
		return rapid.Float64().Draw(r, "any")
	}
	return rapid.Float64Range(0, 50).Draw(r, "near")
}

func bySize(a, b float64) int {
	if a != a || b != b {
		return cmp.Compare(-b2i64(a == a), -b2i64(b == b))
	}
	return cmp.Compare(a, b)
}

func b2i64(b bool) int {
	if b {
		return 1
	}
	return 0
}

// near reports whether a value may stand for another one.
func near(got, want float64) bool {
	switch {
	case want != want:
		return got != got
	case math.IsInf(want, 0) || math.Abs(want) < 2.3e-308:
		return got == want || got == 0 && !math.IsInf(want, 0) || math.Abs(got-want) <= QuantileError*math.Abs(want)*(1+1e-9)
	case math.Abs(want) > bins.MaxIndexableValue():
		return got*want > 0 && math.Abs(got) > 1.2e308
	}
	return math.Abs(got-want) <= QuantileError*math.Abs(want)*(1+1e-9)
}

// Quantiles lie within 1% of the value of that rank, whatever was added, merged and reset in between.
func TestQuantilesAgainstSorting(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		const slots = 4
		var c Quantiles
		c.Grow(slots)
		sets := make([][]float64, slots)
		for range rapid.IntRange(1, 20).Draw(r, "steps") {
			s := rapid.Int32Range(0, slots-1).Draw(r, "slot")
			switch rapid.IntRange(0, 5).Draw(r, "step") {
			case 0:
				if f := (s + rapid.Int32Range(1, slots-1).Draw(r, "from")) % slots; f != s {
					c.Merge([]int32{s}, []int32{f})
					sets[s], sets[f] = append(sets[s], sets[f]...), nil
				}
			case 1:
				c.Reset([]int32{s})
				sets[s] = nil
			default:
				for range rapid.IntRange(1, 30).Draw(r, "values") {
					f := drawFloat(r)
					c.add(s, binOf(f), 1)
					sets[s] = append(sets[s], f)
				}
			}
			for s := range int32(slots) {
				slices.SortFunc(sets[s], bySize)
				for _, p := range []float64{0, 0.25, 0.5, 0.99, 1} {
					got, ok := c.Quantile(s, p)
					if ok != (len(sets[s]) > 0) {
						r.Fatalf("slot %d: %v, %v of %v", s, got, ok, sets[s])
					}
					if !ok {
						continue
					}
					if want := sets[s][int(p*float64(len(sets[s])-1))]; !near(got, want) {
						r.Fatalf("quantile %v is %v, want %v of %v", p, got, want, sets[s])
					}
				}
			}
		}
	})
}

// The quantiles of values that are not negative are those of the library's own sketch, which has the same bins; below zero it
// rounds ranks up.
func TestQuantilesAgainstDDSketch(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var c Quantiles
		c.Grow(1)
		other, err := ddsketch.NewDefaultDDSketch(QuantileError)
		if err != nil {
			r.Fatal(err)
		}
		for range rapid.IntRange(1, 200).Draw(r, "values") {
			f := rapid.Float64Range(0, 1e9).Draw(r, "value")
			c.add(0, binOf(f), 1)
			if err := other.Add(f); err != nil {
				r.Fatal(err)
			}
		}
		for _, p := range []float64{0, 0.1, 0.5, 0.9, 1} {
			got, _ := c.Quantile(0, p)
			want, err := other.GetValueAtQuantile(p)
			if err != nil || math.Abs(got-want) > 1e-12*math.Abs(want) {
				r.Fatalf("quantile %v is %v, the library says %v, %v", p, got, want, err)
			}
		}
	})
}

// The bins are in the order of their values, and the codes fit.
func TestQuantileBinsAreInOrder(t *testing.T) {
	values := []float64{math.Inf(-1), -math.MaxFloat64, -1, -2.3e-308, 0, 2.3e-308, 1, math.MaxFloat64, math.Inf(1), math.NaN()}
	last := uint64(0)
	for _, f := range values {
		bin := binOf(f)
		if bin <= last || bin >= 1<<(64-countBits) {
			t.Errorf("the bin of %v is %d, that before it %d", f, bin, last)
		}
		last = bin
	}
	var c Quantiles
	c.Grow(1)
	c.add(0, zeroBin, countMask)
	c.add(0, zeroBin, 5)
	if v, ok := c.Quantile(0, 1); v != 0 || !ok {
		t.Errorf("a full bin gives %v, %v", v, ok)
	}
}
