package codec

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/batch"
	"flowrun/dag/schema"
)

func TestIntsAreWrittenAsStrconvDoes(t *testing.T) {
	check := func(v int64) {
		if got, want := string(appendInt([]byte("x"), v)), "x"+strconv.FormatInt(v, 10); got != want {
			t.Errorf("%d is written %s", v, got[1:])
		}
	}
	for _, v := range []int64{0, math.MaxInt64, math.MinInt64, math.MinInt64 + 1} {
		check(v)
	}
	for p := int64(1); p > 0 && p <= 1e18; p *= 10 {
		for _, d := range []int64{-1, 0, 1} {
			check(p + d)
			check(-p + d)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(int64(rng.Uint64()) >> rng.IntN(64))
	}
}

// floatText is the form in which floats are written, by strconv alone: the shortest digits, plain where that is at most 21
// digits long, and always with a point or an exponent.
func floatText(v float64) string {
	abs := math.Abs(v)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "null"
	case abs != 0 && abs < 1e-5, abs >= 1e21:
		// What has a short decimal is written plainly even there, down to 0.00001.
		text := strconv.FormatFloat(v, 'e', -1, 64)
		if abs < 1 && abs >= 1e-6 {
			return strconv.FormatFloat(v, 'f', -1, 64)
		}
		return strings.Replace(text, "e-0", "e-", 1)
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// Whatever the values before it were like, a float is written in its one form.
func TestFloatsAreWrittenInOneForm(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	last := make([]int, 1+maxDecimals)
	for i := range last {
		last[i] = i
	}
	check := func(v float64) {
		want := floatText(v)
		for i := range last {
			for _, decimals := range []int{i, last[i]} {
				if got := string(appendFloatLike(nil, v, &decimals)); got != want {
					t.Errorf("%g is written %s, want %s", v, got, want)
				}
			}
			appendFloatLike(nil, v, &last[i])
		}
	}
	for _, v := range []float64{
		0, math.Copysign(0, -1), 1, -1, 0.5, 12.34, 12.3, 12, 1e-5, 1e-6, 1e-7, 9.999e-6, 999_999_999.99999, 1e9, -1e9, 123456789.123456, 1e20, 1e21,
		math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.NaN(), 0.1 + 0.2, 57.650000000000006, 0.000005, 1.000005, 4503599627370496.5,
	} {
		check(v)
		check(-v)
		check(math.Nextafter(v, 1e300))
		check(math.Nextafter(v, -1e300))
	}
	for range 30_000 {
		check(math.Float64frombits(rng.Uint64()))
		check(math.Round(rng.Float64()*1e9) / math.Pow10(rng.IntN(9)))
		check((rng.Float64() - 0.5) * math.Pow10(rng.IntN(14)))
		check(float64(rng.IntN(10_000)) / 100)
	}
}

// A column of timestamps is written as each of them alone.
func TestMomentsAreWrittenAsEachAlone(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("at", schema.Timestamp)}, nil)
	b := batch.NewBuilder(s, checked(t))
	defer b.Release()
	rng := rand.New(rand.NewPCG(5, 6))
	const first, last = firstDay * 86_400 * usPerSecond, (lastDay+1)*86_400*usPerSecond - 1
	moments := []int64{
		0, -1, 1, 86_400*usPerSecond - 1, 86_400 * usPerSecond, first, first - 1, last, last + 1, math.MinInt64, math.MaxInt64, -1_500_000,
	}
	for range 20_000 {
		moments = append(moments, rng.Int64N(last)*int64(1-2*rng.IntN(2))/[]int64{1, 100, 10_000}[rng.IntN(3)]/usPerSecond*usPerSecond+rng.Int64N(usPerSecond)*rng.Int64N(2))
	}
	for _, v := range moments {
		b.Column(0).AppendInt(v)
	}
	in := b.Batch()
	defer in.Release()
	out, failed := NewEncoder("json", s).Append(nil, in)
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	bad := map[int]bool{}
	for _, f := range failed {
		bad[int(f.Row)] = true
	}
	at := 0
	for i, v := range moments {
		if batch.HasFourDigitYear(v) == bad[i] {
			t.Fatalf("%d: left out %v", v, bad[i])
		}
		if bad[i] {
			continue
		}
		if want := `{"at":"` + string(batch.AppendTimestamp(nil, v, 'T')) + `Z"}`; lines[at] != want {
			t.Fatalf("%d is written %s, want %s", v, lines[at], want)
		}
		at++
	}
	if at != len(lines) || len(failed) < 4 {
		t.Errorf("%d of %d lines, %d left out", at, len(lines), len(failed))
	}
}

// Texts of every length and with an escape at every place, next to the end of a column's bytes and far from it.
func TestTextsAreWrittenWholeWhereverTheyLie(t *testing.T) {
	s := arrow.NewSchema([]arrow.Field{column("a", schema.String), column("a key of more than sixteen bytes", schema.String)}, nil)
	for n := range 40 {
		for at := -1; at < n; at++ {
			text := []byte(strings.Repeat("é234567 ", 6)[:n])
			text = []byte(strings.ToValidUTF8(string(text), "?"))
			if at >= 0 && at < len(text) && text[at] < 0x80 {
				text[at] = "\"\\\n\x00"[at%4]
			}
			b := batch.NewBuilder(s, checked(t))
			for range 3 {
				b.Column(0).AppendBytes(text)
				b.Column(1).AppendBytes(text)
			}
			in := b.Batch()
			b.Release()
			out, _ := NewEncoder("json", s).Append(nil, in)
			in.Release()
			lines := strings.Split(string(out), "\n")
			if len(lines) != 4 {
				t.Fatalf("%q", out)
			}
			for _, line := range lines[:3] {
				var back map[string]string
				if err := json.Unmarshal([]byte(line), &back); err != nil || back["a"] != string(text) || len(back) != 2 || back["a key of more than sixteen bytes"] != string(text) {
					t.Fatalf("%q is written %s: %v", text, line, err)
				}
			}
		}
	}
}
