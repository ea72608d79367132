package expr

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

// timeMethods are the methods of a timestamp and of a duration.
func timeMethods() []*function {
	i, s, b, at, d := schema.Int, schema.String, schema.Bool, schema.Timestamp, schema.Duration
	number := func(name, doc string, get func(t time.Time) int) *function {
		return timeMethod(name, name+"()", doc, nil, i, func(t time.Time, _ []any) (any, error) { return int64(get(t)), nil })
	}
	other := func(name, doc string, get func(t, u time.Time) any) *function {
		return timeMethod(name, name+"(other)", doc, params(at), b, func(t time.Time, a []any) (any, error) { return get(t, a[0].(time.Time)), nil })
	}
	step := func(name, doc string, get func(t time.Time, d time.Duration) time.Time) *function {
		return timeMethod(name, name+"(duration)", doc, params(d), at, func(t time.Time, a []any) (any, error) {
			by, err := a[0].(micros).duration()
			if err != nil {
				return nil, err
			}
			return fitTime(get(t, by))
		})
	}
	compare := other("Compare", "-1, 0 or 1: before, at or after another timestamp.", func(t, u time.Time) any { return int64(t.Compare(u)) })
	for j := range compare.overloads {
		compare.overloads[j].result = i
	}
	sub := other("Sub", "The duration since another timestamp.", nil)
	for j := range sub.overloads {
		sub.overloads[j].result = d
		sub.overloads[j].call = func(a []any) (any, error) { return subtract(a[0], a[1]) }
	}
	return append(durationMethods(),
		number("Year", "The year.", time.Time.Year),
		number("Month", "The month, from 1.", func(t time.Time) int { return int(t.Month()) }),
		number("Day", "The day of the month, from 1.", time.Time.Day),
		number("Hour", "The hour, 0 to 23.", time.Time.Hour),
		number("Minute", "The minute, 0 to 59.", time.Time.Minute),
		number("Second", "The second, 0 to 59.", time.Time.Second),
		number("Nanosecond", "The nanoseconds within the second.", time.Time.Nanosecond),
		number("Weekday", "The day of the week, Sunday being 0.", func(t time.Time) int { return int(t.Weekday()) }),
		number("YearDay", "The day of the year, from 1.", time.Time.YearDay),
		number("Unix", "Seconds since 1970, rounded down.", func(t time.Time) int { return int(t.Unix()) }),
		number("UnixMilli", "Milliseconds since 1970, rounded down.", func(t time.Time) int { return int(floorDiv(t.UnixMicro(), 1000)) }),
		number("UnixMicro", "Microseconds since 1970.", func(t time.Time) int { return int(t.UnixMicro()) }),
		timeMethod("UnixNano", "UnixNano()", "Nanoseconds since 1970. A timestamp that does not fit rejects the row.", nil, i,
			func(t time.Time, _ []any) (any, error) { return epochOf(t.UnixMicro(), "ns") }),
		timeMethod("Format", `Format("2006-01-02")`, "As text in a layout of Go's.", params(s), s,
			func(t time.Time, a []any) (any, error) { return t.Format(a[0].(string)), nil }),
		timeMethod("String", "String()", "As text in Go's own layout.", nil, s,
			func(t time.Time, _ []any) (any, error) { return t.String(), nil }).
			also(fn1(d, s, func(a any) (any, error) { return a.(micros).String(), nil })),
		timeMethod("IsZero", "IsZero()", "Whether it is the first instant of the year 1.", nil, b,
			func(t time.Time, _ []any) (any, error) { return t.IsZero(), nil }),
		timeMethod("UTC", "UTC()", "The timestamp in UTC, as it is without In.", nil, at,
			func(t time.Time, _ []any) (any, error) { return t.UTC(), nil }),
		timeMethod("AddDate", "AddDate(years, months, days)", "So many years, months and days later.", params(i, i, i), at, addDate),
		other("Before", "Whether it is before another timestamp.", func(t, u time.Time) any { return t.Before(u) }),
		other("After", "Whether it is after another timestamp.", func(t, u time.Time) any { return t.After(u) }),
		other("Equal", "Whether it is the same instant as another timestamp.", func(t, u time.Time) any { return t.Equal(u) }),
		compare, sub,
		timeMethod("Add", "Add(duration)", "The timestamp that a duration later.", params(d), at, func(t time.Time, a []any) (any, error) {
			v, err := moveTime(t, a[0].(micros))
			if err != nil {
				return nil, err
			}
			return v.(time.Time).In(t.Location()), nil
		}),
		step("Truncate", "Cut down to a multiple of a duration since the year 1; of a duration, of zero.", time.Time.Truncate).also(durationStep(time.Duration.Truncate)),
		step("Round", "Rounded to a multiple of a duration since the year 1; of a duration, of zero.", time.Time.Round).also(durationStep(time.Duration.Round)),
		&function{name: ".In", signature: "In(zone)", doc: "The same instant, whose Hour(), Day(), Format() and so on are those of a time zone.",
			overloads: []overload{
				fnN(params(at, zoneType), 0, zonedType, inZone),
				fnN(params(zonedType, zoneType), 0, zonedType, inZone),
			}},
	)
}

// timeMethod makes a method of timestamps in UTC and of timestamps in a zone; one that gives a timestamp keeps the zone.
func timeMethod(name, signature, doc string, more []arrow.DataType, result arrow.DataType, do func(t time.Time, args []any) (any, error)) *function {
	f := &function{name: "." + name, signature: signature, doc: doc}
	for _, receiver := range params(schema.Timestamp, zonedType) {
		o := overload{params: append(params(receiver), more...), result: result,
			call: func(a []any) (any, error) { return do(a[0].(time.Time), a[1:]) }}
		if schema.Equal(result, schema.Timestamp) && name != "UTC" {
			o.result = receiver
		}
		f.overloads = append(f.overloads, o)
	}
	return f
}

func inZone(a []any) (any, error) { return a[0].(time.Time).In(a[1].(*time.Location)), nil }

func addDate(t time.Time, a []any) (any, error) {
	t, err := stepDate(t, a[0].(int64), a[1].(int64), a[2].(int64))
	if err != nil {
		return nil, err
	}
	return fitTime(t)
}

// stepDate steps in the calendar. Steps so long that Go's arithmetic would wrap reject.
func stepDate(t time.Time, years, months, days int64) (time.Time, error) {
	const most = 600_000
	if max(years, -years) > most || max(months, -months) > 12*most || max(days, -days) > 366*most || years|months|days == -1<<63 {
		return time.Time{}, timeRange("AddDate")
	}
	return t.AddDate(int(years), int(months), int(days)), nil
}

// fitTime cuts a time to microseconds and rejects one that 64 bits cannot count.
func fitTime(t time.Time) (any, error) {
	const limit = 1<<63/1_000_000 - 1
	if s := t.Unix(); s > limit || s < -limit {
		return nil, timeRange("a date")
	}
	return time.UnixMicro(t.UnixMicro()).In(t.Location()), nil
}

const (
	microsPerSecond = 1_000_000
	microsPerMinute = 60 * microsPerSecond
	microsPerHour   = 60 * microsPerMinute
)

func durationMethods() []*function {
	i, f, d := schema.Int, schema.Float, schema.Duration
	whole := func(name, doc string, unit int64) *function {
		return durationMethod(name, name+"()", doc, nil, f, func(us micros, _ []any) (any, error) {
			return float64(int64(us)/unit) + float64(int64(us)%unit)/float64(unit), nil
		})
	}
	return []*function{
		whole("Hours", "The duration in hours, with a fraction.", microsPerHour),
		whole("Minutes", "The duration in minutes, with a fraction.", microsPerMinute),
		whole("Seconds", "The duration in seconds, with a fraction.", microsPerSecond),
		durationMethod("Milliseconds", "Milliseconds()", "The duration in whole milliseconds.", nil, i,
			func(us micros, _ []any) (any, error) { return int64(us) / 1000, nil }),
		durationMethod("Microseconds", "Microseconds()", "The duration in microseconds.", nil, i,
			func(us micros, _ []any) (any, error) { return int64(us), nil }),
		durationMethod("Nanoseconds", "Nanoseconds()", "The duration in nanoseconds. One that does not fit rejects the row.", nil, i,
			func(us micros, _ []any) (any, error) { return multiply(int64(us), int64(1000)) }),
		durationMethod("Abs", "Abs()", "Without its sign.", nil, d,
			func(us micros, _ []any) (any, error) { return absolute(us, us < 0) }),
	}
}

// durationMethod makes a method of durations.
func durationMethod(name, signature, doc string, more []arrow.DataType, result arrow.DataType, do func(us micros, args []any) (any, error)) *function {
	return &function{name: "." + name, signature: signature, doc: doc, overloads: []overload{{
		params: append(params(schema.Duration), more...), result: result,
		call: func(a []any) (any, error) { return do(a[0].(micros), a[1:]) },
	}}}
}

// durationStep is the overload of Truncate and Round for durations.
func durationStep(do func(d, m time.Duration) time.Duration) overload {
	return fnN(params(schema.Duration, schema.Duration), 0, schema.Duration, func(a []any) (any, error) {
		x, err := a[0].(micros).duration()
		if err != nil {
			return nil, err
		}
		m, err := a[1].(micros).duration()
		if err != nil {
			return nil, err
		}
		return microsOf(do(x, m)), nil
	})
}

// also adds an overload to a function.
func (f *function) also(o overload) *function {
	f.overloads = append(f.overloads, o)
	return f
}
