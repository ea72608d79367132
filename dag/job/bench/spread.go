package bench

import (
	"math"
	"slices"
)

// Spread is what several runs gave of one figure.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf sums up at least one figure.
func spreadOf(figures []float64) Spread {
	s := slices.Sorted(slices.Values(figures))
	n := len(s)
	return Spread{Median: (s[(n-1)/2] + s[n/2]) / 2, Min: s[0], Max: s[n-1]}
}

// quantile is the smallest of the sorted figures that is not exceeded by the share q of them.
func quantile(sorted []float64, q float64) float64 {
	at := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(at, 0), len(sorted)-1)]
}
