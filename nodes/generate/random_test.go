package generate

import (
	"math"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/expr"
	"flowrun/dag/schema"
)

func site(call int, row int64) expr.Site { return expr.Site{Call: call, Row: row} }

// These numbers are a promise: a pipeline gives the same rows in every version.
func TestRollNeverChanges(t *testing.T) {
	d := newDice(7, "temp")
	got := []uint64{d.roll(site(0, 0), 0), d.roll(site(0, 1), 0), d.roll(site(1, 0), 0), d.roll(site(0, 0), 1), newDice(8, "temp").roll(site(0, 0), 0), newDice(7, "hum").roll(site(0, 0), 0)}
	want := []uint64{0x397f54ab390c2d23, 0x6927e0a8d1e9d969, 0x94c97f0137904afe, 0x9706b4ea20b8200b, 0x3ad91999ad94a88e, 0xcd182bf2a85b175e}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("roll %d is %#x, want %#x", i, got[i], want[i])
		}
		for j := range i {
			if got[i] == got[j] {
				t.Errorf("rolls %d and %d are the same", i, j)
			}
		}
	}
}

const draws = 200_000

func TestUnitIsEven(t *testing.T) {
	d := newDice(1, "x")
	var sum, product, last float64
	var buckets [16]int
	for i := range draws {
		u := d.unit(site(0, int64(i)), 0)
		if u < 0 || u >= 1 {
			t.Fatalf("row %d: %v", i, u)
		}
		sum += u
		product += (u - 0.5) * (last - 0.5)
		last = u
		buckets[int(u*16)]++
	}
	if mean := sum / draws; math.Abs(mean-0.5) > 0.003 {
		t.Errorf("mean %v", mean)
	}
	if c := product / draws * 12; math.Abs(c) > 0.01 {
		t.Errorf("neighbours correlate by %v", c)
	}
	var chi float64
	for _, n := range buckets {
		chi += math.Pow(float64(n)-draws/16, 2) / (draws / 16)
	}
	if chi > 45 { // 15 degrees of freedom: 1 in 10,000
		t.Errorf("chi squared %v of %v", chi, buckets)
	}
}

// Two fields, two calls and two draws must not go together.
func TestStreamsAreIndependent(t *testing.T) {
	a, b := newDice(1, "a"), newDice(1, "b")
	for name, pair := range map[string]func(i int64) (float64, float64){
		"fields": func(i int64) (float64, float64) { return a.unit(site(0, i), 0), b.unit(site(0, i), 0) },
		"calls":  func(i int64) (float64, float64) { return a.unit(site(0, i), 0), a.unit(site(1, i), 0) },
		"draws":  func(i int64) (float64, float64) { return a.unit(site(0, i), 0), a.unit(site(0, i), 1) },
		"seeds":  func(i int64) (float64, float64) { return a.unit(site(0, i), 0), newDice(2, "a").unit(site(0, i), 0) },
	} {
		var sum float64
		for i := range int64(draws) {
			x, y := pair(i)
			sum += (x - 0.5) * (y - 0.5)
		}
		if c := sum / draws * 12; math.Abs(c) > 0.01 {
			t.Errorf("%s correlate by %v", name, c)
		}
	}
}

func TestRandInt(t *testing.T) {
	d := newDice(3, "x")
	seen := map[int64]int{}
	for i := range int64(60_000) {
		v, err := d.randInt(site(0, i), []any{int64(-1), int64(4)})
		if err != nil {
			t.Fatal(err)
		}
		seen[v.(int64)]++
	}
	for v, n := range seen {
		if v < -1 || v > 4 || n < 9_500 || n > 10_500 {
			t.Errorf("%d came %d times", v, n)
		}
	}
	if len(seen) != 6 {
		t.Errorf("values %v", seen)
	}
	if v, err := d.randInt(site(0, 0), []any{int64(5), int64(5)}); v != int64(5) || err != nil {
		t.Errorf("one value: %v, %v", v, err)
	}
	var neg bool
	for i := range int64(64) {
		v, err := d.randInt(site(0, i), []any{int64(math.MinInt64), int64(math.MaxInt64)})
		if err != nil {
			t.Fatal(err)
		}
		neg = neg || v.(int64) < 0
	}
	if !neg {
		t.Error("the whole range has no negative numbers")
	}
	if _, err := d.randInt(site(0, 0), []any{int64(2), int64(1)}); err == nil {
		t.Error("an empty range was accepted")
	}
}

func TestNormal(t *testing.T) {
	d := newDice(3, "x")
	var sum, squares float64
	for i := range int64(draws) {
		v, err := d.normal(site(0, i), []any{int64(20), 5.0})
		if err != nil {
			t.Fatal(err)
		}
		x := v.(float64)
		sum += x
		squares += x * x
	}
	mean := sum / draws
	if dev := math.Sqrt(squares/draws - mean*mean); math.Abs(mean-20) > 0.05 || math.Abs(dev-5) > 0.05 {
		t.Errorf("mean %v, deviation %v", mean, dev)
	}
}

func TestPick(t *testing.T) {
	d := newDice(3, "x")
	seen := map[any]int{}
	for i := range int64(40_000) {
		v, err := d.pick(site(0, i), []any{[]any{"ok", "ok", "warn", nil}})
		if err != nil {
			t.Fatal(err)
		}
		seen[v]++
	}
	if math.Abs(float64(seen["ok"])-20_000) > 600 || math.Abs(float64(seen["warn"])-10_000) > 600 || len(seen) != 3 {
		t.Errorf("picked %v", seen)
	}
	if _, err := d.pick(site(0, 0), []any{[]any{}}); err == nil {
		t.Error("an empty list was accepted")
	}
}

func TestFunctionsAreTyped(t *testing.T) {
	for _, c := range []struct {
		name string
		args []arrow.DataType
		want arrow.DataType // nil: an error
	}{
		{"rand", nil, schema.Float},
		{"rand", []arrow.DataType{schema.Int}, nil},
		{"rand_int", []arrow.DataType{schema.Int, schema.Int}, schema.Int},
		{"rand_int", []arrow.DataType{schema.Int, schema.Float}, nil},
		{"rand_int", []arrow.DataType{schema.Int}, nil},
		{"normal", []arrow.DataType{schema.Int, schema.Float}, schema.Float},
		{"normal", []arrow.DataType{schema.String, schema.Float}, nil},
		{"pick", []arrow.DataType{schema.List(schema.String)}, schema.String},
		{"pick", []arrow.DataType{schema.String}, nil},
		{"pick", nil, nil},
	} {
		got, err := newDice(0, "x").functions()[c.name].Result(c.args)
		switch {
		case c.want == nil && err == nil:
			t.Errorf("%s%v was accepted", c.name, c.args)
		case c.want != nil && (err != nil || !schema.Equal(got, c.want)):
			t.Errorf("%s%v is %v, %v; want %v", c.name, c.args, got, err, c.want)
		}
	}
}
