package generate

import (
	"math"
	"math/bits"
)

// grid is the exact relation of row numbers and microseconds at a constant rate: row n stands floor(n / rate) behind row 0.
type grid struct {
	perMillion uint64 // rows in a million seconds
}

const microsPerMillionSeconds = 1e12

// The rates, in rows a second, that there are grids for.
const (
	slowest = 0.001
	fastest = 1e9
)

func newGrid(rowsPerSecond float64) grid {
	return grid{uint64(math.Round(rowsPerSecond * 1e6))}
}

// micros is the distance of row n from row 0 in microseconds.
func (g grid) micros(n int64) int64 {
	hi, lo := bits.Mul64(uint64(n), microsPerMillionSeconds)
	if hi >= g.perMillion {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, g.perMillion)
	return int64(min(q, math.MaxInt64))
}

// rows is how many rows stand at most the given microseconds behind row 0.
func (g grid) rows(micros int64) int64 {
	if micros < 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(micros)+1, g.perMillion)
	lo, carry := bits.Add64(lo, microsPerMillionSeconds-1, 0) // rounds up
	hi += carry
	if hi >= microsPerMillionSeconds {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, microsPerMillionSeconds)
	return int64(min(q, math.MaxInt64))
}
