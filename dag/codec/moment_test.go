package codec

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"flowrun/dag/batch"
)

// Every text that one of the two parsers may take, and many that neither does, must mean the same to both.
func TestTimestampsMatchGosTime(t *testing.T) {
	digit := rapid.SampledFrom([]byte("0123456789"))
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(-62_167_219_200_000_000, 253_402_300_799_999_999).Draw(t, "us"))
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60-59, 23*60+59).Draw(t, "minutes east"))
		text := []byte(at.In(zone).Format(rapid.SampledFrom([]string{time.RFC3339, time.RFC3339Nano, "2006-01-02T15:04:05.000000000Z07:00"}).Draw(t, "layout")))
		if rapid.Bool().Draw(t, "spoil") {
			// Go is laxer than RFC 3339 where other characters stand, and takes a zone of 24 hours.
			i := rapid.IntRange(0, len("2006-01-02T15:04:05")-1).Draw(t, "at")
			if text[i] >= '0' && text[i] <= '9' {
				text[i] = digit.Draw(t, "digit")
			}
		}
		want, err := time.Parse(time.RFC3339, string(text))
		got, ok := parseTimestamp(text)
		if ok != (err == nil) || (ok && got != want.UnixMicro()) {
			t.Fatalf("%s: %d, %v; Go: %v, %v", text, got, ok, want, err)
		}
	})
}

func TestNoTimestamps(t *testing.T) {
	for _, text := range []string{
		"", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+01", "2026-01-01T00:00:00ZZ",
		"2026-01-01T00:00:00,5Z", "2026-01-01T0:00:00Z0", "2026-01-01X00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T00:00:60Z",
		"+026-01-01T00:00:00Z", "2026-01-01T00:00:00.123", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60", "2026/01/01T00:00:00Z",
		"-2026-01-01T00:00:00Z", "2026-01-01T00-00-00Z",
	} {
		if us, ok := parseTimestamp([]byte(text)); ok {
			t.Errorf("%q is %d", text, us)
		}
	}
}

func TestDurationsMatchGo(t *testing.T) {
	part := rapid.StringMatching(`[0-9]{0,5}(\.[0-9]{0,4})?(ns|us|µs|μs|ms|s|m|h|x|)`)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, "sign")
		for range rapid.IntRange(1, 3).Draw(t, "parts") {
			text += part.Draw(t, "part")
		}
		want, err := time.ParseDuration(text)
		got, ok := parseDuration([]byte(text))
		if ok && (got > math.MaxInt64/1000 || got < math.MinInt64/1000) {
			return // more than Go holds, which counts nanoseconds
		}
		if ok != (err == nil) {
			t.Fatalf("%q: %d, %v; Go: %v, %v", text, got, ok, want, err)
		}
		// Both drop what is finer than their unit, part by part.
		if diff := got - want.Microseconds(); ok && (diff < -1 || diff > 1) {
			t.Fatalf("%q: %d, Go: %v", text, got, want)
		}
	})
}

func TestDurationsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64().Draw(t, "us")
		text := batch.AppendDuration(nil, us)
		if got, ok := parseDuration(text); !ok || got != us {
			t.Fatalf("%d is written %s and read back as %d, %v", us, text, got, ok)
		}
	})
}
