package expr

import (
	"time"
	_ "time/tzdata" // zones are known on machines without a zone database, too

	"flowrun/dag/schema"
)

func timeFunctions() []*function {
	i, s, at, d := schema.Int, schema.String, schema.Timestamp, schema.Duration
	return []*function{
		{name: "now", signature: "now([zone])", doc: "The time at which the source read the row; the same for all rows of a batch.",
			special: nowCall, least: 0, most: 1},
		{name: "duration", signature: `duration("1h30m")`, doc: "A duration of Go's units ns, us, ms, s, m, h, and d (24 hours) and w (7 days), cut to microseconds.",
			overloads: []overload{fn1(s, d, func(a any) (any, error) {
				v, err := parseDuration(a.(string))
				return v, err
			})}},
		{name: "date", signature: `date(text[, layout[, zone]])`, doc: "The timestamp that a text stands for: RFC 3339, 2006-01-02, or in a layout of Go's; without a zone it is UTC.",
			overloads: []overload{
				{params: params(s, s, s), optional: 2, result: at, call: dateCall, compile: dateZone},
				fnN(params(s, s, zoneType), 0, at, func(a []any) (any, error) {
					return parseLayout(a[0].(string), a[1].(string), a[2].(*time.Location))
				}),
				fnN(params(zoneType, s, s), 1, at, func(a []any) (any, error) {
					zone := a[0].(*time.Location)
					if len(a) == 3 {
						return parseLayout(a[1].(string), a[2].(string), zone)
					}
					return parseDate(a[1].(string), zone)
				}),
			}},
		{name: "timezone", signature: `timezone("Europe/Berlin")`, doc: "A time zone, for at.In(zone), now(zone) and date().",
			overloads: []overload{fn1(s, zoneType, func(a any) (any, error) { return loadZone(a.(string)) })}},
		{name: "timestamp", signature: `timestamp(n, "ms")`, doc: `The timestamp that a number of "s", "ms", "us" or "ns" since 1970 stands for; timestamp(date) is the date's midnight in UTC.`,
			overloads: []overload{
				{params: params(i, s), result: at, call: func(a []any) (any, error) { return timestampOf(a[0].(int64), a[1].(string)) }, compile: checkUnit},
				fn1(schema.Date, at, same),
				fn1(at, at, same),
			}},
		{name: "epoch", signature: `epoch(at, "ms")`, doc: `How many "s", "ms", "us" or "ns" lie between 1970 and a timestamp, rounded down.`,
			overloads: []overload{{params: params(at, s), result: i, compile: checkUnit,
				call: func(a []any) (any, error) { return epochOf(a[0].(time.Time).UnixMicro(), a[1].(string)) }}}},
		{name: "trunc", signature: "trunc(at, every)", doc: "The timestamp cut down to a multiple of a duration since 1970 in UTC, as windows are; trunc(at, duration(\"1h\")).",
			overloads: []overload{fnN(params(at, d), 0, at, func(a []any) (any, error) {
				us, err := truncMicros(a[0].(time.Time).UnixMicro(), int64(a[1].(micros)))
				if err != nil {
					return nil, err
				}
				return time.UnixMicro(us).UTC(), nil
			})}},
	}
}

func nowCall(c *checker, s *site) *Typed {
	if len(s.args) == 0 {
		t := &Typed{Form: FormCall, Name: "now", Type: schema.Timestamp,
			AST: withRow(func(r *rowState, _ []any) any { return r.now() })}
		return s.place(c, t)
	}
	if zone := s.args[0].Type; zone != zoneType {
		if zone != unknownType {
			c.badArgument(s, 0, "a time zone")
		}
		return s.unknown(c)
	}
	t := machineNode(zonedType, s.args, withRow(func(r *rowState, args []any) any {
		zone, ok := args[0].(*time.Location)
		if !ok {
			return nil
		}
		return r.now().In(zone)
	}, s.args[0].AST))
	t.Nullable = s.args[0].Nullable
	return s.place(c, t)
}

// unitMicros says of a unit how many microseconds it has, or how many of it a microsecond has.
func unitMicros(unit string) (us, per int64, err error) {
	switch unit {
	case "s":
		return 1_000_000, 1, nil
	case "ms":
		return 1_000, 1, nil
	case "us":
		return 1, 1, nil
	case "ns":
		return 1, 1_000, nil
	}
	return 0, 0, reject(reasonArgument, "the unit is %s, not s, ms, us or ns", quoteShort(unit))
}

// checkUnit looks at the unit, which is the second argument, before the run.
func checkUnit(literals []any) (func([]any) (any, error), error) {
	if unit, ok := literals[1].(string); ok {
		_, _, err := unitMicros(unit)
		return nil, err
	}
	return nil, nil
}

func timestampOf(n int64, unit string) (any, error) {
	us, err := timestampMicros(n, unit)
	if err != nil {
		return nil, err
	}
	return time.UnixMicro(us).UTC(), nil
}

// timestampMicros gives the microseconds since 1970 of n units.
func timestampMicros(n int64, unit string) (int64, error) {
	us, per, err := unitMicros(unit)
	switch {
	case err != nil:
		return 0, err
	case mulsOver(n, us):
		return 0, reject(reasonTimeRange, "timestamp(%d, %q)", n, unit)
	}
	return floorDiv(n*us, per), nil
}

// epochOf gives the units since 1970 of microseconds.
func epochOf(at int64, unit string) (any, error) {
	us, per, err := unitMicros(unit)
	switch {
	case err != nil:
		return nil, err
	case mulsOver(at, per):
		return nil, reject(reasonTimeRange, "%d microseconds in %s", at, unit)
	}
	return floorDiv(at*per, us), nil
}

// truncMicros cuts microseconds down to a multiple of every.
func truncMicros(at, every int64) (int64, error) {
	if every <= 0 {
		return 0, reject(reasonArgument, "trunc to a duration that is not positive")
	}
	n := floorDiv(at, every)
	if mulsOver(n, every) {
		return 0, timeRange("trunc")
	}
	return n * every, nil
}

func floorDiv(x, y int64) int64 {
	q := x / y
	if x%y < 0 {
		q--
	}
	return q
}
