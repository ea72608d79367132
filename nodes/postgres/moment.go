package postgres

import "time"

// appendTimestamp writes a time as PostgreSQL reads it, also those before the year 1.
func appendTimestamp(dst []byte, micros int64) []byte {
	return appendMoment(dst, time.UnixMicro(micros).UTC(), "-01-02 15:04:05.999999+00")
}

func appendDate(dst []byte, days int64) []byte {
	return appendMoment(dst, time.Unix(days*86400, 0).UTC(), "-01-02")
}

func appendMoment(dst []byte, t time.Time, rest string) []byte {
	year, before := t.Year(), t.Year() < 1
	if before {
		year = 1 - year
	}
	digits := [8]byte{}
	at := len(digits)
	for year > 0 || at > len(digits)-4 {
		at--
		digits[at] = byte('0' + year%10)
		year /= 10
	}
	dst = t.AppendFormat(append(dst, digits[at:]...), rest)
	if before {
		dst = append(dst, " BC"...)
	}
	return dst
}
