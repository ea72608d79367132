package expr

import (
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// zone is the time zone in which a node sees its timestamps, where that is known before the run: that of At.In(zone), else UTC.
func (t *Typed) zone() *time.Location {
	if z, ok := t.Value.(*time.Location); ok && t.Form == FormCall && t.Name == ".In" {
		return z
	}
	return nil
}

// ofMoment reports whether a method is one of a timestamp, in UTC or in a known zone, and has arguments of exactly these types.
func ofMoment(t *Typed, ids ...arrow.Type) (zone *time.Location, ok bool) {
	if len(t.Args) != len(ids)+1 {
		return nil, false
	}
	for i, id := range ids {
		if t.Args[i+1].Type.ID() != id {
			return nil, false
		}
	}
	if t.Args[0].Type.ID() == arrow.TIMESTAMP {
		return time.UTC, true
	}
	zone = t.Args[0].zone()
	return zone, zone != nil
}

// partOfTime makes a method of timestamps that gives a number and cannot fail: quickly in UTC, by way of the calendar in a zone.
func partOfTime(utc func(us int64) int64, part func(time.Time) int) func(t *Typed) builder {
	return func(t *Typed) builder {
		zone, ok := ofMoment(t)
		switch {
		case !ok:
			return nil
		case zone == time.UTC && utc != nil:
			return mapInts(utc)
		}
		return mapInts(func(us int64) int64 { return int64(part(time.UnixMicro(us).In(zone))) })
	}
}

// countOfTime makes a method of timestamps for which the zone does not matter.
func countOfTime(b builder) func(t *Typed) builder {
	return func(t *Typed) builder {
		if _, ok := ofMoment(t); !ok {
			return nil
		}
		return b
	}
}

// besideTime makes a method of a timestamp, in whatever zone, and another one.
func besideTime(b builder) func(t *Typed) builder {
	return func(t *Typed) builder {
		if _, ok := ofMoment(t, arrow.TIMESTAMP); !ok {
			return nil
		}
		return b
	}
}

// planFormat makes at.Format(layout).
func planFormat(t *Typed) builder {
	zone, ok := ofMoment(t, arrow.STRING)
	if !ok {
		return nil
	}
	return strictWith(secondOne, func(f *frame, args []column, out *column) {
		w, layouts := f.newText(), args[1]
		layout := ""
		if layouts.one {
			layout = string(layouts.text.at(0))
		}
		for i := range f.n {
			if out.nulls != nil && out.nulls[i] {
				w.none(i)
				continue
			}
			if !layouts.one {
				layout = string(layouts.text.at(i))
			}
			at := len(w.out.data)
			w.out.data = time.UnixMicro(args[0].ints[i]).In(zone).AppendFormat(w.out.data, layout)
			w.set(i, at)
		}
		out.text = w.done()
	})
}

// planStringMethod makes at.String() and duration.String().
func planStringMethod(t *Typed) builder {
	if t.is(arrow.DURATION) {
		return formatDurations
	}
	zone, ok := ofMoment(t)
	if !ok {
		return nil
	}
	return format(func(b []byte, c *column, i int) []byte {
		return append(b, time.UnixMicro(c.ints[i]).In(zone).String()...)
	})
}

var formatDurations = format(func(b []byte, c *column, i int) []byte { return append(b, micros(c.ints[i]).String()...) })

// planStep makes Truncate and Round, of timestamps and of durations.
func planStep(ofTime func(time.Time, time.Duration) time.Time, ofDuration func(d, m time.Duration) time.Duration) func(t *Typed) builder {
	return func(t *Typed) builder {
		switch {
		case t.is(arrow.TIMESTAMP, arrow.DURATION):
			return microsLoop(func(us, by int64) (int64, error) {
				d, err := micros(by).duration()
				if err != nil {
					return 0, err
				}
				return fitMicros(ofTime(time.UnixMicro(us).UTC(), d))
			})
		case t.is(arrow.DURATION, arrow.DURATION):
			return microsLoop(func(us, by int64) (int64, error) {
				d, err := micros(us).duration()
				if err != nil {
					return 0, err
				}
				m, err := micros(by).duration()
				if err != nil {
					return 0, err
				}
				return int64(microsOf(ofDuration(d, m))), nil
			})
		}
		return nil
	}
}

// fitMicros is fitTime in microseconds.
func fitMicros(t time.Time) (int64, error) {
	v, err := fitTime(t)
	if err != nil {
		return 0, err
	}
	return v.(time.Time).UnixMicro(), nil
}

// planAddDate makes at.AddDate(years, months, days).
func planAddDate(t *Typed) builder {
	if !t.is(arrow.TIMESTAMP, arrow.INT64, arrow.INT64, arrow.INT64) {
		return nil
	}
	return may(strictWith([]bool{false, true, true, true}, func(f *frame, args []column, out *column) {
		us, n := args[0].ints, f.intsOut(out)
		step := func(a, i int) int64 { return args[a].ints[args[a].at(i)] }
		for i := range n {
			n[i] = 0
			if out.nulls != nil && out.nulls[i] {
				continue
			}
			t, err := stepDate(time.UnixMicro(us[i]).UTC(), step(1, i), step(2, i), step(3, i))
			if err == nil {
				n[i], err = fitMicros(t)
			}
			if err != nil {
				f.fail(i, err)
			}
		}
	}))
}

// planDate makes date(text[, layout[, zone]]).
func planDate(t *Typed) builder {
	for _, a := range t.Args {
		if a.Type.ID() != arrow.STRING {
			return nil
		}
	}
	return may(strictWith([]bool{false, true, true}[:len(t.Args)], func(f *frame, args []column, out *column) {
		us := f.intsOut(out)
		var layout, name string
		var zone *time.Location
		if len(args) < 3 {
			zone = time.UTC
		}
		for i := range us {
			us[i] = 0
			if out.nulls != nil && out.nulls[i] {
				continue
			}
			s := str(args[0].text.at(i))
			var err error
			if len(args) == 3 {
				if b := args[2].text.at(args[2].at(i)); zone == nil || string(b) != name {
					name = string(b)
					zone, err = zoneOf(name)
				}
			}
			switch {
			case err != nil:
			case len(args) == 1:
				us[i], err = dateMicros(s)
			default:
				if b := args[1].text.at(args[1].at(i)); string(b) != layout {
					layout = string(b)
				}
				us[i], err = layoutMicros(s, layout, zone)
			}
			if err != nil {
				f.fail(i, err)
			}
		}
	}))
}

func zoneOf(name string) (*time.Location, error) {
	z, err := loadZone(name)
	if err != nil {
		return nil, err
	}
	return z.(*time.Location), nil
}

// planDuration makes duration(text).
func planDuration(t *Typed) builder {
	if !t.is(arrow.STRING) {
		return nil
	}
	return may(strictOf(func(f *frame, args []column, out *column) {
		us := f.intsOut(out)
		for i := range us {
			us[i] = 0
			if out.nulls != nil && out.nulls[i] {
				continue
			}
			v, err := parseDuration(string(args[0].text.at(i)))
			if err != nil {
				f.fail(i, err)
				continue
			}
			us[i] = int64(v.(micros))
		}
	}))
}

const microsOfYearOne = -62135596800 * 1_000_000

func init() {
	compare := func(x, y int64) int64 { return int64(count(x > y) - count(x < y)) }
	for name, find := range map[string]func(t *Typed) builder{
		".In": func(t *Typed) builder {
			if t.zone() == nil {
				return nil
			}
			return identity
		},
		".UTC":       countOfTime(identity),
		".Year":      partOfTime(nil, time.Time.Year),
		".Month":     partOfTime(nil, func(t time.Time) int { return int(t.Month()) }),
		".Day":       partOfTime(nil, time.Time.Day),
		".Weekday":   partOfTime(nil, func(t time.Time) int { return int(t.Weekday()) }),
		".YearDay":   partOfTime(nil, time.Time.YearDay),
		".Hour":      partOfTime(ofDay(microsPerHour, 24), time.Time.Hour),
		".Minute":    partOfTime(ofDay(microsPerMinute, 60), time.Time.Minute),
		".Second":    partOfTime(ofDay(microsPerSecond, 60), time.Time.Second),
		".Unix":      countOfTime(mapInts(func(us int64) int64 { return floorDiv(us, microsPerSecond) })),
		".UnixMilli": countOfTime(mapInts(func(us int64) int64 { return floorDiv(us, 1000) })),
		".UnixMicro": countOfTime(mapInts(func(us int64) int64 { return us })),
		".UnixNano":  countOfTime(tryInts(func(us int64) (int64, error) { return epochUnits(us, "ns") })),
		".Nanosecond": countOfTime(mapInts(func(us int64) int64 {
			return (us - floorDiv(us, microsPerSecond)*microsPerSecond) * 1000
		})),
		".IsZero": countOfTime(light(strictOf(func(f *frame, args []column, out *column) {
			us, truths := args[0].ints, f.boolsOut(out)
			for i := range truths {
				truths[i] = us[i] == microsOfYearOne
			}
		}))),
		".Before":   besideTime(intTests(func(x, y int64) bool { return x < y })),
		".After":    besideTime(intTests(func(x, y int64) bool { return x > y })),
		".Equal":    besideTime(intTests(func(x, y int64) bool { return x == y })),
		".Compare":  besideTime(intPairs(compare)),
		".Sub":      besideTime(microsLoop(subDurations)),
		".Add":      on(microsLoop(addDurations), arrow.TIMESTAMP, arrow.DURATION),
		".Truncate": planStep(time.Time.Truncate, time.Duration.Truncate),
		".Round":    planStep(time.Time.Round, time.Duration.Round),
		".AddDate":  planAddDate,
		".Format":   planFormat,
		".String":   planStringMethod,

		".Milliseconds": on(mapInts(func(us int64) int64 { return us / 1000 }), arrow.DURATION),
		".Microseconds": on(mapInts(func(us int64) int64 { return us }), arrow.DURATION),
		".Nanoseconds":  on(tryInts(nanoseconds), arrow.DURATION),
		".Abs":          on(tryInts(absMicros), arrow.DURATION),

		"date":     planDate,
		"duration": planDuration,
	} {
		functionKernels[name] = find
	}
}

// nanoseconds makes nanoseconds of microseconds.
func nanoseconds(us int64) (int64, error) {
	if mulsOver(us, 1000) {
		return 0, overflow(us, "*", 1000)
	}
	return us * 1000, nil
}

func absMicros(us int64) (int64, error) {
	if us < 0 {
		return subDurations(0, us)
	}
	return us, nil
}
