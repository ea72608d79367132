package batch

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

func TestTextIsSparks(t *testing.T) {
	mem := checked(t)
	us := func(text string) int64 {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMicro()
	}
	for _, c := range []struct {
		name   string
		t      arrow.DataType
		append func(*Column)
		want   string
	}{
		{"null", schema.Int, func(c *Column) { c.AppendNull() }, "NULL"},
		{"true", schema.Bool, func(c *Column) { c.AppendBool(true) }, "true"},
		{"false", schema.Bool, func(c *Column) { c.AppendBool(false) }, "false"},
		{"smallest int", schema.Int, func(c *Column) { c.AppendInt(math.MinInt64) }, "-9223372036854775808"},
		{"whole float", schema.Float, func(c *Column) { c.AppendFloat(3) }, "3.0"},
		{"large float", schema.Float, func(c *Column) { c.AppendFloat(12345678.9) }, "1.23456789E7"},
		{"text", schema.String, func(c *Column) { c.AppendString("a\tb") }, "a\tb"},
		{"bytes", schema.Bytes, func(c *Column) { c.AppendBytes([]byte("ab\xff")) }, "[61 62 FF]"},
		{"no bytes", schema.Bytes, func(c *Column) { c.AppendBytes(nil) }, "[]"},
		{"second", schema.Timestamp, func(c *Column) { c.AppendInt(us("2026-01-01T00:00:00Z")) }, "2026-01-01 00:00:00"},
		{"fraction", schema.Timestamp, func(c *Column) { c.AppendInt(us("2026-12-31T23:59:59.120Z")) }, "2026-12-31 23:59:59.12"},
		{"before 1970", schema.Timestamp, func(c *Column) { c.AppendInt(-1) }, "1969-12-31 23:59:59.999999"},
		{"year 10000", schema.Timestamp, func(c *Column) { c.AppendInt(253_402_300_800_000_000) }, "+10000-01-01 00:00:00"},
		{"leap day", schema.Date, func(c *Column) { c.AppendInt(Days(2024, 2, 29)) }, "2024-02-29"},
		{"before Christ", schema.Date, func(c *Column) { c.AppendInt(Days(-44, 3, 15)) }, "-0044-03-15"},
		{"duration", schema.Duration, func(c *Column) { c.AppendInt(3_723_500_000) }, "1h2m3.5s"},
		{"list", schema.List(schema.String), func(c *Column) {
			c.Elem().AppendString("a")
			c.Elem().AppendNull()
			c.Append()
		}, "[a, NULL]"},
		{"map", schema.Map(schema.Int), func(c *Column) {
			c.Key().AppendString("k")
			c.Value().AppendInt(1)
			c.Key().AppendString("l")
			c.Value().AppendNull()
			c.Append()
		}, "{k -> 1, l -> NULL}"},
		{"struct", schema.Struct(column("a", schema.Int), column("b", schema.List(schema.Bool))), func(c *Column) {
			c.Field(0).AppendInt(1)
			c.Field(1).Append()
			c.Append()
		}, "{1, []}"},
	} {
		col := NewColumn(c.t, mem)
		c.append(col)
		arr := col.Finish()
		if got := string(AppendText(nil, arr, 0)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		arr.Release()
	}
}

func TestFloatTextIsJavas(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.0", math.Copysign(0, -1): "-0.0", 1: "1.0", -2.5: "-2.5", 0.1: "0.1", 100: "100.0",
		0.001: "0.001", 0.000999: "9.99E-4", 9999999: "9999999.0", 1e7: "1.0E7", -1e7: "-1.0E7", 1.5e300: "1.5E300",
		5e-324: "5.0E-324", math.MaxFloat64: "1.7976931348623157E308", math.Inf(1): "Infinity", math.Inf(-1): "-Infinity",
		math.Nextafter(0.3, 1): "0.30000000000000004", 123456.789: "123456.789",
	} {
		if got := string(AppendFloat(nil, v)); got != want {
			t.Errorf("%g: %q, want %q", v, got, want)
		}
	}
	if got := string(AppendFloat(nil, math.NaN())); got != "NaN" {
		t.Errorf("NaN: %q", got)
	}
	rng := rand.New(rand.NewPCG(1, 9))
	for range 20_000 {
		v := math.Float64frombits(rng.Uint64())
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		text := string(AppendFloat(nil, v))
		back, err := strconv.ParseFloat(text, 64)
		if err != nil || back != v {
			t.Fatalf("%g is written %s and read back as %g, %v", v, text, back, err)
		}
		if !strings.Contains(text, ".") {
			t.Fatalf("%g has no point: %s", v, text)
		}
	}
}

func TestMomentsMatchGosTime(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	for range 50_000 {
		us := -62_167_219_200_000_000 + rng.Int64N(315_569_520_000_000_000)
		if !HasFourDigitYear(us) {
			t.Fatalf("%d has a year of four digits", us)
		}
		at := time.UnixMicro(us).UTC()
		if got, want := string(AppendTimestamp(nil, us, 'T')), at.Format("2006-01-02T15:04:05.999999"); got != want {
			t.Fatalf("%d: %s, want %s", us, got, want)
		}
		days := floorDiv(us, usPerDay)
		if got := Days(int64(at.Year()), int(at.Month()), at.Day()); got != days {
			t.Fatalf("%v: day %d, want %d", at, got, days)
		}
	}
	if HasFourDigitYear(-62_167_219_200_000_001) || HasFourDigitYear(253_402_300_800_000_000) {
		t.Error("the years before 0 and behind 9999 have no four digits")
	}
}

func TestDurationTextMatchesGo(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	for range 20_000 {
		us := (rng.Int64() - math.MaxInt64/2) / 1000 >> rng.IntN(50)
		if got, want := string(AppendDuration(nil, us)), (time.Duration(us) * time.Microsecond).String(); got != want {
			t.Fatalf("%d: %s, want %s", us, got, want)
		}
	}
	if got := string(AppendDuration(nil, math.MinInt64)); got != "-2562047788h0m54.775808s" {
		t.Errorf("the longest, which Go cannot hold: %s", got)
	}
}
