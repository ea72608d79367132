package expr

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// dateLayouts are the layouts that date(text) knows, as expr's.
var dateLayouts = []string{
	time.RFC3339, time.DateOnly, time.DateTime, time.TimeOnly, time.RFC822, time.RFC850, time.RFC1123,
}

// dateCall is date(text[, layout[, zone]]).
func dateCall(a []any) (any, error) {
	switch len(a) {
	case 1:
		return parseDate(a[0].(string), time.UTC)
	case 2:
		return parseLayout(a[0].(string), a[1].(string), time.UTC)
	}
	zone, err := loadZone(a[2].(string))
	if err != nil {
		return nil, err
	}
	return parseLayout(a[0].(string), a[1].(string), zone.(*time.Location))
}

// dateZone looks at the zone before the run.
func dateZone(literals []any) (func([]any) (any, error), error) {
	if len(literals) == 3 {
		if name, ok := literals[2].(string); ok {
			_, err := loadZone(name)
			return nil, err
		}
	}
	return nil, nil
}

// parseDate reads a text in one of the known layouts. Where it names no zone it is of the given one.
func parseDate(s string, zone *time.Location) (any, error) {
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return utcMicros(t)
		}
	}
	return nil, reject(reasonDate, "date(%s)", quoteShort(s))
}

// dateMicros is parseDate in microseconds.
func dateMicros(s string) (int64, error) {
	if t, err := time.ParseInLocation(time.RFC3339, s, time.UTC); err == nil { // most are
		return fitMicros(t)
	}
	v, err := parseDate(s, time.UTC)
	if err != nil {
		return 0, err
	}
	return v.(time.Time).UnixMicro(), nil
}

// parseLayout reads a text in a layout of Go's.
func parseLayout(s, layout string, zone *time.Location) (any, error) {
	us, err := layoutMicros(s, layout, zone)
	if err != nil {
		return nil, err
	}
	return time.UnixMicro(us).UTC(), nil
}

// layoutMicros is parseLayout in microseconds.
func layoutMicros(s, layout string, zone *time.Location) (int64, error) {
	t, err := time.ParseInLocation(layout, s, zone)
	if err != nil {
		return 0, reject(reasonDate, "date(%s, %s)", quoteShort(s), quoteShort(layout))
	}
	return fitMicros(t.UTC())
}

func utcMicros(t time.Time) (any, error) { return fitTime(t.UTC()) }

var dayOrWeek = regexp.MustCompile(`(\d+\.?\d*|\.\d+)([dw])`)

// parseDuration reads a duration of Go's units and d and w, cut to microseconds.
func parseDuration(s string) (any, error) {
	hours := s
	if strings.ContainsAny(s, "dw") {
		hours = dayOrWeek.ReplaceAllStringFunc(s, hoursOf)
	}
	d, err := time.ParseDuration(hours)
	if err != nil {
		return nil, reject(reasonDuration, "duration(%s)", quoteShort(s))
	}
	return microsOf(d), nil
}

// hoursOf makes hours of a number of days or weeks.
func hoursOf(part string) string {
	each, number := 24, part[:len(part)-1]
	if part[len(part)-1] == 'w' {
		each = 7 * 24
	}
	if n, err := strconv.ParseInt(number, 10, 32); err == nil {
		return strconv.FormatInt(n*int64(each), 10) + "h"
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f > 1e9 {
		return part
	}
	return strconv.FormatFloat(f*float64(each), 'f', -1, 64) + "h"
}

// zones keeps time zones that were asked for: loading one reads a file. It is emptied when full.
var zones struct {
	sync.Mutex
	loaded map[string]*time.Location
}

const maxZones = 1024

// loadZone gives a zone by its IANA name.
func loadZone(name string) (any, error) {
	zones.Lock()
	defer zones.Unlock()
	if z := zones.loaded[name]; z != nil {
		return z, nil
	}
	name = strings.Clone(name) // it may point into a batch
	z, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // the machine's own zone would make a result depend on the machine
		return nil, reject(reasonTimezone, "%s", quoteShort(name))
	}
	if zones.loaded == nil || len(zones.loaded) >= maxZones {
		zones.loaded = map[string]*time.Location{}
	}
	zones.loaded[name] = z
	return z, nil
}
