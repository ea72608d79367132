package relational

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"pgregory.net/rapid"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/state"
)

var shared = schemaOf("n int", "s string", "f float")

// programs types expressions over the rows of these tests.
func programs(t tb, texts ...string) []*expr.Program {
	t.Helper()
	var all []*expr.Program
	for _, text := range texts {
		p, list := expr.Compile(diag.Text{Value: text}, &expr.Env{Schema: shared, Of: "rows"})
		if list.HasErrors() {
			t.Fatal(list.Err())
		}
		all = append(all, p)
	}
	return all
}

// However rows are cut, selected and batched, those with equal keys go to one lane, in order, each once, and what was skipped
// goes with one part; another exchange with the same keys, as of another input, agrees.
func TestAnExchangeGivesEachKeyALane(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		mem := memory.NewCheckedAllocator(batch.NewPool())
		keys := rapid.SampledFrom([][]string{{"n"}, {"s"}, {"f"}, {"s", "f"}, {"n % 3"}, {"s + s", "n"}, {"[n][n > 5 ? 7 : 0]"}}).Draw(rt, "keys")
		lanes := rapid.IntRange(1, 5).Draw(rt, "lanes")
		exchanges := [2]*Exchange{NewExchange(programs(rt, keys...), lanes, mem), NewExchange(programs(rt, keys...), lanes, mem)}
		laneOf := map[string]int{}
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			var rows []row
			for range rapid.IntRange(0, 200).Draw(rt, "rows") {
				rows = append(rows, row{
					rapid.SampledFrom([]any{nil, int64(0), int64(1), int64(2), int64(9)}).Draw(rt, "n"),
					rapid.SampledFrom([]any{nil, "", "a", "b", "a text that is longer than a view"}).Draw(rt, "s"),
					rapid.SampledFrom([]any{nil, 0.0, math.Copysign(0, -1), math.NaN(), 1.5}).Draw(rt, "f"),
				})
			}
			in := makeBatch(mem, shared, rows, nil)
			if rapid.Bool().Draw(rt, "selected") {
				sel := []int32{}
				for i := range rows {
					if rapid.Bool().Draw(rt, "counts") {
						sel = append(sel, int32(i))
					}
				}
				some := in.WithSelection(sel)
				in.Release()
				in = some
			}
			in.Skipped = rapid.IntRange(0, 2).Draw(rt, "skipped")
			var want []int32
			for i := range in.Rows() {
				want = append(want, int32(in.Row(i)))
			}
			skipped := in.Skipped
			parts, err := exchanges[rapid.IntRange(0, 1).Draw(rt, "input")].Cut(context.Background(), in)
			if err != nil {
				rt.Fatal(err)
			}
			var got []int32
			for lane, part := range parts {
				if part == nil {
					continue
				}
				skipped -= part.Skipped
				last := -1
				for i := range part.Rows() {
					at := part.Row(i)
					if at <= last {
						rt.Fatalf("row %d follows %d", at, last)
					}
					last, got = at, append(got, int32(at))
					key := laneKey(keys, rows[at])
					if was, known := laneOf[key]; known && was != lane {
						rt.Fatalf("%s goes to lanes %d and %d", key, was, lane)
					}
					laneOf[key] = lane
				}
				part.Release()
			}
			if slices.Sort(got); !slices.Equal(got, want) || skipped != 0 {
				rt.Fatalf("rows %v, want %v; %d skipped are missing", got, want, skipped)
			}
		}
		exchanges[0].Close()
		exchanges[1].Close()
		if left := mem.CurrentAlloc(); left != 0 {
			rt.Fatalf("%d bytes are not given back", left)
		}
	})
}

// laneKey is the key of a row as a text; one that fails may be like any other.
func laneKey(keys []string, r row) string {
	f := r[2]
	if f == 0.0 {
		f = 0.0 // of both signs
	}
	text := ""
	for _, k := range keys {
		switch k {
		case "n":
			text += fmt.Sprint(r[0], "|")
		case "s", "s + s":
			text += fmt.Sprintf("%v|", r[1])
		case "f":
			text += fmt.Sprint(f, "|")
		case "n % 3":
			if n, ok := r[0].(int64); ok {
				text += fmt.Sprint(n%3, "|")
			} else {
				text += "null|"
			}
		default:
			text += fmt.Sprint(r[0])
		}
	}
	return text
}

// The keys of one lane spread over a table as all keys do, and lanes get about the same.
func TestLanesAreNotThePlacesOfATable(t *testing.T) {
	const lanes, keys = 4, 40_000
	var v state.Vector
	words := v.Fill(keys)
	for i := range words {
		words[i] = uint64(i)
	}
	hashes := make([]uint64, keys)
	state.HashKeys([]*state.Vector{&v}, hashes)
	var low, high [256]int // of the keys of one lane
	each := make([]int, lanes)
	for _, h := range hashes {
		lane := state.LaneOf(h, lanes)
		each[lane]++
		if lane == 1 {
			low[h&255]++
			high[h>>56]++
		}
	}
	for lane, n := range each {
		if n < keys/lanes*9/10 || n > keys/lanes*11/10 {
			t.Errorf("lane %d has %d of %d keys", lane, n, keys)
		}
	}
	for i := range low {
		if low[i] == 0 || high[i] == 0 {
			t.Errorf("no key of a lane has %d in the lowest bits, or in the highest", i)
		}
	}
}

// What sharing out allocates does not grow with the rows.
func TestAnExchangeAllocatesForABatchOnly(t *testing.T) {
	allocs := func(n int) float64 {
		mem := batch.NewPool()
		x := NewExchange(programs(t, "s", "n"), 3, mem)
		defer x.Close()
		rows := make([]row, n)
		for i := range rows {
			rows[i] = row{int64(i), fmt.Sprint("text ", i), nil}
		}
		in := makeBatch(mem, shared, rows, nil)
		defer in.Release()
		return testing.AllocsPerRun(20, func() {
			parts, _ := x.Cut(context.Background(), in.Retain())
			for _, p := range parts {
				p.Release()
			}
		})
	}
	if few, many := allocs(100), allocs(5000); many > few {
		t.Errorf("%v for 100 rows, %v for 5000", few, many)
	}
}
