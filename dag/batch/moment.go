package batch

import "strconv"

const (
	usPerSecond = 1_000_000
	secondsADay = 86_400
	usPerDay    = secondsADay * usPerSecond
)

// AppendDate appends a date as 2006-01-02, given in days since 1970-01-01. A year outside 0 to 9999 has a sign and as many
// digits as it needs.
func AppendDate(dst []byte, days int64) []byte {
	year, month, day := civil(days)
	switch {
	case year > 9999:
		dst = append(dst, '+')
		dst = strconv.AppendInt(dst, year, 10)
	case year < 0:
		dst = append(dst, '-')
		year = -year
		for limit := int64(1000); limit > 1 && year < limit; limit /= 10 {
			dst = append(dst, '0')
		}
		dst = strconv.AppendInt(dst, year, 10)
	default:
		dst = two(two(dst, int(year/100)), int(year%100))
	}
	dst = two(append(dst, '-'), month)
	return two(append(dst, '-'), day)
}

// AppendTimestamp appends a moment in UTC, given in microseconds since 1970, as its date, the separator, 15:04:05 and, if
// it is no whole second, a fraction without trailing zeros.
func AppendTimestamp(dst []byte, us int64, separator byte) []byte {
	days := floorDiv(us, usPerDay)
	within := us - days*usPerDay
	dst = append(AppendDate(dst, days), separator)
	seconds, fraction := int(within/usPerSecond), int(within%usPerSecond)
	dst = two(dst, seconds/3600)
	dst = two(append(dst, ':'), seconds/60%60)
	dst = two(append(dst, ':'), seconds%60)
	return appendFraction(dst, fraction, 6)
}

// HasFourDigitYear reports whether a moment, in microseconds since 1970, lies in the years 0 to 9999, which is what RFC
// 3339 can write.
func HasFourDigitYear(us int64) bool {
	return us >= -62_167_219_200*usPerSecond && us < 253_402_300_800*usPerSecond
}

// AppendDuration appends a length of time, given in microseconds, as Go writes it: 1h2m3.5s, 250ms, 0s.
func AppendDuration(dst []byte, us int64) []byte {
	if us == 0 {
		return append(dst, "0s"...)
	}
	rest := uint64(us)
	if us < 0 {
		dst = append(dst, '-')
		rest = -rest
	}
	if rest < 1000 {
		return append(strconv.AppendUint(dst, rest, 10), "µs"...)
	}
	if rest < usPerSecond {
		dst = strconv.AppendUint(dst, rest/1000, 10)
		return append(appendFraction(dst, int(rest%1000), 3), "ms"...)
	}
	seconds := rest / usPerSecond
	if seconds >= 3600 {
		dst = append(strconv.AppendUint(dst, seconds/3600, 10), 'h')
	}
	if seconds >= 60 {
		dst = append(strconv.AppendUint(dst, seconds/60%60, 10), 'm')
	}
	dst = strconv.AppendUint(dst, seconds%60, 10)
	return append(appendFraction(dst, int(rest%usPerSecond), 6), 's')
}

// appendFraction appends a point and the digits of n, which has the given number of them, without trailing zeros; nothing
// for 0.
func appendFraction(dst []byte, n, digits int) []byte {
	if n == 0 {
		return dst
	}
	var text [9]byte
	for i := digits - 1; i >= 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
	for text[digits-1] == '0' {
		digits--
	}
	return append(append(dst, '.'), text[:digits]...)
}

func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// civil is the proleptic Gregorian date of a day counted from 1970-01-01. It counts in eras of 400 years that begin on the
// first of March, so that the leap day is the last of a year.
func civil(days int64) (year int64, month, day int) {
	days += 719_468
	era := floorDiv(days, 146_097)
	ofEra := days - era*146_097
	yearOfEra := (ofEra - ofEra/1460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*ofYear + 2) / 153
	day = int(ofYear-(153*shifted+2)/5) + 1
	month = int(shifted) + 3
	year = yearOfEra + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// Days is the number of days from 1970-01-01 to a date of the proleptic Gregorian calendar.
func Days(year int64, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	ofYear := int64((153*(month-3)+2)/5 + day - 1)
	return era*146_097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + ofYear - 719_468
}
