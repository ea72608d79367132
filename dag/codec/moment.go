package codec

import (
	"math"
	"math/bits"

	"flowrun/dag/batch"
)

const usPerSecond = 1_000_000

// digits reads a number of exactly n digits.
func digits(b []byte, n int) (v int, ok bool) {
	if len(b) < n {
		return 0, false
	}
	for _, c := range b[:n] {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + int(d)
	}
	return v, true
}

// parseDate reads 2006-01-02 as days since 1970-01-01.
func parseDate(b []byte) (days int64, ok bool) {
	if len(b) != 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, ok1 := digits(b, 4)
	month, ok2 := digits(b[5:], 2)
	day, ok3 := digits(b[8:], 2)
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	return batch.Days(int64(year), month, day), true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// parseTimestamp reads RFC 3339 text as microseconds since 1970. A space may stand for the T; digits of the fraction
// behind the sixth are dropped.
func parseTimestamp(b []byte) (us int64, ok bool) {
	if len(b) < len("2006-01-02T15:04:05Z") || (b[10]|0x20 != 't' && b[10] != ' ') || b[13] != ':' || b[16] != ':' {
		return 0, false
	}
	days, ok := parseDate(b[:10])
	hour, ok1 := digits(b[11:], 2)
	minute, ok2 := digits(b[14:], 2)
	second, ok3 := digits(b[17:], 2)
	if !ok || !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	us = (days*86_400 + int64(hour*3600+minute*60+second)) * usPerSecond
	b = b[19:]
	if b[0] == '.' {
		n := 1
		for scale := int64(usPerSecond / 10); n < len(b) && b[n]-'0' <= 9; n++ {
			us += int64(b[n]-'0') * scale
			scale /= 10
		}
		if n == 1 {
			return 0, false
		}
		b = b[n:]
	}
	offset, ok := parseZone(b)
	return us - offset*usPerSecond, ok
}

// parseZone reads Z or +01:00 as seconds east of Greenwich.
func parseZone(b []byte) (seconds int64, ok bool) {
	switch {
	case len(b) == 1 && b[0]|0x20 == 'z':
		return 0, true
	case len(b) == 6 && (b[0] == '+' || b[0] == '-') && b[3] == ':':
		hour, ok1 := digits(b[1:], 2)
		minute, ok2 := digits(b[4:], 2)
		seconds = int64(hour*3600 + minute*60)
		if b[0] == '-' {
			seconds = -seconds
		}
		return seconds, ok1 && ok2 && hour <= 23 && minute <= 59
	}
	return 0, false
}

// parseDuration reads what Go writes, and days and weeks, as microseconds: 1h2m3.5s, -250ms, 2d12h, 0. What is finer than
// a microsecond is dropped.
func parseDuration(b []byte) (us int64, ok bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 1 && b[0] == '0' {
		return 0, true
	}
	if len(b) == 0 {
		return 0, false
	}
	var whole, nanos uint64 // microseconds, and the nanoseconds beside them
	for len(b) > 0 {
		n, value := 0, uint64(0)
		for ; n < len(b) && b[n]-'0' <= 9; n++ {
			if value > math.MaxUint64/100 {
				return 0, false
			}
			value = value*10 + uint64(b[n]-'0')
		}
		seen := n
		b = b[n:]
		fraction, scale := uint64(0), uint64(1)
		if len(b) > 0 && b[0] == '.' {
			for n = 1; n < len(b) && b[n]-'0' <= 9; n++ {
				if scale < 1e15 {
					fraction = fraction*10 + uint64(b[n]-'0')
					scale *= 10
				}
				seen++
			}
			b = b[n:]
		}
		unit, size := durationUnit(b)
		if seen == 0 || size == 0 {
			return 0, false
		}
		b = b[size:]
		if unit == 1 {
			whole += value / 1000
			nanos += value % 1000
		} else {
			hi, lo := bits.Mul64(value, unit/1000)
			sum, carry := bits.Add64(whole, lo, 0)
			if hi != 0 || carry != 0 {
				return 0, false
			}
			whole = sum
		}
		hi, lo := bits.Mul64(fraction, unit)
		part, _ := bits.Div64(hi, lo, scale) // fraction < scale, so the quotient is below unit
		whole += part / 1000
		nanos += part % 1000
		whole += nanos / 1000
		nanos %= 1000
		if whole > 1<<63 {
			return 0, false
		}
	}
	if negative {
		return -int64(whole), true
	}
	return int64(whole), whole < 1<<63
}

// durationUnit reads a unit and gives its nanoseconds and its length in bytes, 0 when it is none.
func durationUnit(b []byte) (nanos uint64, size int) {
	for size < len(b) && b[size] != '.' && b[size]-'0' > 9 {
		size++
	}
	switch string(b[:size]) {
	case "ns":
		return 1, size
	case "us", "µs", "μs": // with the micro sign, and with the Greek letter
		return 1e3, size
	case "ms":
		return 1e6, size
	case "s":
		return 1e9, size
	case "m":
		return 60e9, size
	case "h":
		return 3600e9, size
	case "d":
		return 24 * 3600e9, size
	case "w":
		return 7 * 24 * 3600e9, size
	}
	return 0, 0
}
