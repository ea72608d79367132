package generate

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestGrid(t *testing.T) {
	for _, c := range []struct {
		rate float64
		n    int64
		want int64
	}{
		{10, 0, 0}, {10, 1, 100_000}, {10, 25, 2_500_000}, {0.5, 3, 6_000_000}, {3, 1, 333_333}, {3, 3, 1_000_000},
		{1e9, 999, 0}, {1e9, 1000, 1}, {50_000, 10_000_000_000_000, 200_000_000_000_000},
	} {
		if got := newGrid(c.rate).micros(c.n); got != c.want {
			t.Errorf("row %d at %v rows/s stands at %d us, want %d", c.n, c.rate, got, c.want)
		}
	}
	if got := newGrid(slowest).micros(math.MaxInt64); got != math.MaxInt64 {
		t.Errorf("beyond the end of time: %d", got)
	}
}

// Against exact arithmetic: micros is floor(n/rate), and rows(m) is the number of rows with micros at most m.
func TestGridIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid{rapid.Uint64Range(1000, 1e15).Draw(t, "rows per million seconds")}
		n := rapid.Int64Range(0, 1<<50).Draw(t, "n")
		exact := new(big.Int).Mul(big.NewInt(n), big.NewInt(microsPerMillionSeconds))
		exact.Div(exact, new(big.Int).SetUint64(g.perMillion))
		at := g.micros(n)
		if exact.IsInt64() && exact.Int64() != at {
			t.Fatalf("micros(%d) = %d, want %d", n, at, exact)
		}
		if !exact.IsInt64() {
			return
		}
		if got := g.rows(at); got <= n || g.micros(got) <= at || g.micros(got-1) > at {
			t.Fatalf("rows(%d) = %d, which stands at %d behind %d", at, got, g.micros(got), g.micros(got-1))
		}
	})
}
