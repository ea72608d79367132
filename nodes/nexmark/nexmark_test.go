package nexmark

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
	"flowrun/dag/diag"
	"flowrun/dag/expr"
	"flowrun/dag/op/optest"
)

var start = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

func TestEventsKeepTheRules(t *testing.T) {
	g := NewGenerator(42, 10_000, 1, start)
	const events = 500_000
	var kinds [3]int
	var hotAuctions, hotBidders, hotSellers, hotChannels int
	nextPerson, nextAuction, lastAt := int64(firstID), int64(firstID), int64(0)
	for n := range int64(events) {
		at := g.At(n)
		if at < lastAt || at != start.UnixMicro()+n/10*1000 {
			t.Fatalf("event %d happens at %d, behind %d", n, at, lastAt)
		}
		lastAt = at
		k := KindOf(n)
		kinds[k]++
		switch k {
		case Person:
			if g.ID(n) != nextPerson {
				t.Fatalf("person %d has the id %d", nextPerson, g.ID(n))
			}
			nextPerson++
		case Auction:
			if g.ID(n) != nextAuction {
				t.Fatalf("auction %d has the id %d", nextAuction, g.ID(n))
			}
			nextAuction++
			if s := g.Seller(n); s < firstID || s >= nextPerson+lead {
				t.Fatalf("seller %d of %d persons", s, nextPerson-firstID)
			} else if s == firstID+lastPerson(n)/hotBlock*hotBlock {
				hotSellers++
			}
			if c := g.Category(n); c < 10 || c > 14 {
				t.Fatalf("category %d", c)
			}
			if e := g.Expires(n); e <= at || e > at+2*167_000+1000 {
				t.Fatalf("an auction at %d expires at %d", at, e)
			}
		case Bid:
			if a := g.AuctionOf(n); a < firstID || a >= nextAuction+lead {
				t.Fatalf("auction %d of %d", a, nextAuction-firstID)
			} else if a == firstID+lastAuction(n)/hotBlock*hotBlock {
				hotAuctions++
			}
			if b := g.Bidder(n); b < firstID || b > firstID+lastPerson(n)+lead+1 {
				t.Fatalf("bidder %d of %d persons", b, nextPerson-firstID)
			} else if b == firstID+lastPerson(n)/hotBlock*hotBlock+1 {
				hotBidders++
			}
			if p := g.Price(n); p < 100 || p > 100_000_000 {
				t.Fatalf("price %d", p)
			}
			if _, hot := g.channelOf(n); hot {
				hotChannels++
			}
		}
	}
	if kinds != [3]int{events / 50, 3 * events / 50, 46 * events / 50} {
		t.Errorf("kinds: %v", kinds)
	}
	for name, r := range map[string][2]float64{
		"bids of the hot auction": {float64(hotAuctions) / float64(kinds[Bid]), 0.5},
		"bids of the hot bidder":  {float64(hotBidders) / float64(kinds[Bid]), 0.75},
		"sales of the hot seller": {float64(hotSellers) / float64(kinds[Auction]), 0.75},
		"bids in hot channels":    {float64(hotChannels) / float64(kinds[Bid]), 0.5},
	} {
		if math.Abs(r[0]-r[1]) > 0.01 {
			t.Errorf("%s: %.3f, want %.3f", name, r[0], r[1])
		}
	}
}

// Prices lie in each order of magnitude as often.
func TestPricesAreLogUniform(t *testing.T) {
	g := NewGenerator(1, 1, 1, start)
	var decades [7]int
	for n := range int64(100_000) {
		decades[min(int(math.Log10(float64(g.Price(n))))-2, 6)]++
	}
	for i, n := range decades[:6] {
		if n < 16_000 || n > 17_400 {
			t.Errorf("%d prices of 10^%d cents", n, i+2)
		}
	}
}

func TestGroupsChangePlaces(t *testing.T) {
	g := NewGenerator(0, 10_000, 1000, start)
	seen := map[int64]bool{}
	moved := 0
	all := g.Numbers(nil, 0, 5000)
	for n, m := range all {
		n := int64(n)
		if m/1000 != n/1000 || seen[m] || m%1000 != n%1000*953%1000 {
			t.Fatalf("event %d comes as %d", m, n)
		}
		if from := g.Numbers(nil, n, 1); from[0] != m {
			t.Fatalf("event %d is %d from there on, and was %d", n, from[0], m)
		}
		seen[m] = true
		if m != n {
			moved++
		}
	}
	if moved < 4900 {
		t.Errorf("%d of 5000 events changed places", moved)
	}
}

// read makes all events of a source and gives them as lines, those of columns that nobody wants empty.
func read(t *testing.T, c Config, want []bool, from []byte, rows int) []string {
	rt := optest.New(t)
	rt.Rows = rows
	s := &source{cfg: c, want: want, gen: NewGenerator(c.Seed, c.Rate, c.OutOfOrder, start)}
	if err := s.Open(t.Context(), rt, from); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for {
		b, _, err := s.Read(t.Context())
		if err != nil {
			break
		}
		lines = append(lines, linesOf(b, want)...)
		b.Release()
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func linesOf(b *batch.Batch, want []bool) []string {
	lines := make([]string, b.Rows())
	for i := range lines {
		var cells []string
		for c := range columns {
			if want != nil && !want[c] {
				continue
			}
			cells = append(cells, b.Record.Column(c).ValueStr(i))
		}
		lines[i] = strings.Join(cells, "|")
	}
	return lines
}

// An event is the same whatever batch it comes in, wherever the run began, and whatever else is read.
func TestAnyStretchIsTheSame(t *testing.T) {
	c := Config{Events: 3000, Rate: 10_000, Seed: 7, OutOfOrder: 1000}
	all := read(t, c, nil, nil, 4096)
	if len(all) != 3000 {
		t.Fatalf("%d events", len(all))
	}
	pos, _ := position(1234).AppendBinary(nil)
	for i, line := range read(t, c, nil, pos, 77) {
		if line != all[1234+i] {
			t.Fatalf("event %d is %s, and was %s", 1234+i, line, all[1234+i])
		}
	}
	want := make([]bool, len(columns))
	want[1], want[17] = true, true
	for i, line := range read(t, c, want, nil, 500) {
		cells := strings.Split(all[i], "|")
		if line != cells[1]+"|"+cells[17] {
			t.Fatalf("event %d is %s, and was %s", i, line, all[i])
		}
	}
	if n := len(read(t, c, make([]bool, len(columns)), nil, 500)); n != 3000 {
		t.Errorf("%d events of which nothing is read", n)
	}
	c.Seed = 8
	if other := read(t, c, nil, nil, 4096); other[0] == all[0] {
		t.Error("another seed gives the same events")
	}
}

// Events that nobody wants are not made, but counted; the newest of each batch is, so that event time goes on as it would.
func TestKindsThatNobodyWantsAreSkipped(t *testing.T) {
	for condition, of := range map[string]kinds{`event == "bid"`: bids, `event != "bid"`: persons | auctions, `event in ["a", "b"]`: 0, `event == "person" || event == "bid"`: persons | bids} {
		p, list := expr.Compile(diag.Text{Value: condition}, &expr.Env{Schema: Schema})
		if list.HasErrors() {
			t.Fatal(list)
		}
		rt := optest.New(t)
		rt.Rows = 130
		whole := &source{cfg: Config{Events: 3000}, gen: NewGenerator(5, 10_000, 1000, start)}
		some := &source{cfg: whole.cfg, gen: whole.gen, pushed: []*expr.Program{p}}
		for _, s := range []*source{whole, some} {
			if err := s.Open(t.Context(), rt, nil); err != nil {
				t.Fatal(err)
			}
		}
		for {
			a, _, err := whole.Read(t.Context())
			b, _, err2 := some.Read(t.Context())
			if (err == nil) != (err2 == nil) {
				t.Fatal(err, err2)
			} else if err != nil {
				break
			}
			newest := slices.Max(a.Record.Column(1).(*array.Timestamp).TimestampValues())
			var want []string
			kept := false
			for i, line := range linesOf(a, nil) {
				at := a.Record.Column(1).(*array.Timestamp).Value(i)
				k := map[string]kinds{"person": persons, "auction": auctions, "bid": bids}[a.Record.Column(0).ValueStr(i)]
				switch {
				case k&of != 0:
					want = append(want, line)
				case at == newest && slices.Contains(linesOf(b, nil), line):
					want, kept = append(want, line), true
				}
			}
			if got := linesOf(b, nil); !slices.Equal(got, want) || b.Count() != a.Rows() {
				t.Fatalf("%s: %d rows and %d skipped of %d, want %d", condition, len(got), b.Skipped, a.Rows(), len(want))
			}
			if slices.Max(b.Record.Column(1).(*array.Timestamp).TimestampValues()) != newest {
				t.Fatalf("%s: the newest event was skipped (%t)", condition, kept)
			}
			a.Release()
			b.Release()
		}
		whole.Close()
		some.Close()
	}
}

// The sizes are about those of the benchmark.
func TestSizes(t *testing.T) {
	g := NewGenerator(3, 10_000, 1, start)
	var bytes, n [3]int
	var scratch []byte
	for number := range int64(50_000) {
		k := KindOf(number)
		n[k]++
		for _, c := range columns {
			switch {
			case c.of&(1<<k) == 0:
			case c.number != nil:
				bytes[k] += 8
			case c.name != "event":
				scratch = c.text(g, scratch[:0], number)
				bytes[k] += len(scratch)
			}
		}
	}
	for k, want := range []int{200, 500, 100} {
		if mean := bytes[k] / n[k]; mean < want*4/5 || mean > want*8/5 {
			t.Errorf("a %s has %d bytes, want about %d", Kind(k), mean, want)
		}
	}
	if len(letters) != 64 || len(pathLetters) != 64 {
		t.Error("an alphabet has 64 places")
	}
}

func BenchmarkEvents(b *testing.B) {
	for name, want := range map[string][]string{"all columns": nil, "bids": {"event", "at", "auction", "bidder", "price"}} {
		b.Run(name, func(b *testing.B) {
			var built []bool
			if want != nil {
				built = make([]bool, len(columns))
				for _, w := range want {
					built[Schema.FieldIndices(w)[0]] = true
				}
			}
			s := &source{want: built, gen: NewGenerator(1, 10_000, 1, start)}
			rt := optest.New(b)
			if err := s.Open(b.Context(), rt, nil); err != nil {
				b.Fatal(err)
			}
			rows := 0
			for b.Loop() {
				batch, _, err := s.Read(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				rows += batch.Rows()
				batch.Release()
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			s.Close()
		})
	}
}
