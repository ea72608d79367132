package columnar

import (
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// toTime makes timestamps and durations of microseconds of those of any unit, and timestamps of numbers that count a unit.
func toTime(from, to arrow.DataType, unit string) *conversion {
	var per arrow.TimeUnit
	var values func(arrow.Array) []int64
	widen := (*conversion)(nil)
	switch from := from.(type) {
	case *arrow.TimestampType:
		per = from.Unit
		values = func(a arrow.Array) []int64 {
			return arrow.Int64Traits.CastFromBytes(arrow.TimestampTraits.CastToBytes(a.(*array.Timestamp).TimestampValues()))
		}
	case *arrow.DurationType:
		per = from.Unit
		values = func(a arrow.Array) []int64 {
			if n, ok := a.(*array.Int64); ok { // of a format that has no durations
				return n.Int64Values()
			}
			return arrow.Int64Traits.CastFromBytes(arrow.DurationTraits.CastToBytes(a.(*array.Duration).DurationValues()))
		}
	default:
		if widen = toInt(from); widen == nil || unit == "" {
			return nil
		}
		per = units[unit]
		values = func(a arrow.Array) []int64 { return a.(*array.Int64).Int64Values() }
	}
	if widen == nil && from.ID() != to.ID() {
		return nil
	}
	if per == arrow.Microsecond && widen == nil {
		return same(to)
	}
	factor := map[arrow.TimeUnit]int64{arrow.Second: 1e6, arrow.Millisecond: 1e3, arrow.Microsecond: 1, arrow.Nanosecond: 0}[per]
	c := &conversion{
		mayFail: factor > 1 || widen != nil && widen.mayFail,
		bounded: true,
		scalar: func(v any) (any, bool) {
			n, ok := intScalar(v)
			if !ok {
				return nil, false
			}
			us, ok := micros(n.(int64), factor)
			return us, ok
		},
	}
	c.array = func(s *session, a arrow.Array) (arrow.Array, []fault) {
		var before []fault
		if widen != nil {
			a, before = widen.array(s, a)
			defer a.Release()
		}
		from := values(a)
		if factor == 0 && !s.lost {
			for i, v := range from {
				if v%1000 != 0 && a.IsValid(i) {
					s.lost = true
					break
				}
			}
		}
		out, faults := fixed(s, a, to, from, arrow.Int64Traits.CastFromBytes,
			func(v int64) (int64, bool) { return micros(v, factor) },
			func(v int64) string { return fmt.Sprintf("%d%s is beyond what microseconds can count", v, per) })
		if len(before) > 0 {
			faults = merge(before, faults)
		}
		return out, faults
	}
	return c
}

var units = map[string]arrow.TimeUnit{"s": arrow.Second, "ms": arrow.Millisecond, "us": arrow.Microsecond, "ns": arrow.Nanosecond}

// micros counts microseconds; factor 0 are nanoseconds, whose rest is cut off towards the past.
func micros(v, factor int64) (int64, bool) {
	if factor == 0 {
		us := v / 1000
		if v%1000 < 0 {
			us--
		}
		return us, true
	}
	us := v * factor
	return us, v <= math.MaxInt64/factor && v >= math.MinInt64/factor
}

// toDate makes days of milliseconds.
func toDate(from arrow.DataType) *conversion {
	switch from.ID() {
	case arrow.DATE32:
		return same(arrow.FixedWidthTypes.Date32)
	case arrow.DATE64:
	default:
		return nil
	}
	const day = 24 * 60 * 60 * 1000
	return &conversion{mayFail: true, array: func(s *session, a arrow.Array) (arrow.Array, []fault) {
		from := arrow.Int64Traits.CastFromBytes(arrow.Date64Traits.CastToBytes(a.(*array.Date64).Date64Values()))
		return fixed(s, a, arrow.FixedWidthTypes.Date32, from, arrow.Int32Traits.CastFromBytes,
			func(v int64) (int32, bool) {
				days := v / day
				if v%day < 0 {
					days--
				}
				return int32(days), days >= math.MinInt32 && days <= math.MaxInt32
			},
			func(v int64) string { return fmt.Sprintf("%dms is beyond the days that a date can count", v) })
	}}
}

// merge puts two ascending lists of faults together, the first fault of each entry.
func merge(a, b []fault) []fault {
	var out []fault
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].at <= b[0].at:
			if len(b) > 0 && a[0].at == b[0].at {
				b = b[1:]
			}
			out, a = append(out, a[0]), a[1:]
		default:
			out, b = append(out, b[0]), b[1:]
		}
	}
	return out
}
