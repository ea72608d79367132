package widget

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rate writes a number per second in at most five characters: 0, 0.5, 2, 847, 92.4k, 12.3M, 118M.
func Rate(v float64) string {
	switch {
	case math.IsNaN(v) || v <= 0:
		return "0"
	case v < 0.05:
		return "<0.1"
	case v < 9.95:
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	case v < 999.5:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return scaled(v)
}

// Short writes a count in at most five characters.
func Short(n uint64) string {
	if n < 1000 {
		return strconv.FormatUint(n, 10)
	}
	return scaled(float64(n))
}

func scaled(v float64) string {
	const units = "kMGTPE"
	unit := -1
	for v >= 999.5 && unit < len(units)-1 {
		v /= 1000
		unit++
	}
	if v >= 9999 {
		return ">999E"
	}
	if v < 99.95 {
		return strconv.FormatFloat(v, 'f', 1, 64) + units[unit:unit+1]
	}
	return strconv.FormatFloat(v, 'f', 0, 64) + units[unit:unit+1]
}

// Count writes a number with commas between thousands.
func Count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Percent writes a share of one as a whole number without its sign; only all of it is 100.
func Percent(share float64) string {
	if math.IsNaN(share) || share <= 0 {
		return "0"
	}
	if share >= 1 {
		return "100"
	}
	return strconv.Itoa(min(int(share*100+0.5), 99))
}

// Age writes how long ago something was: 0.4s, 12s, 5m, 3h, 2d.
func Age(d time.Duration) string {
	switch {
	case d < 0:
		return "0.0s"
	case d < 9950*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds()+0.5)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d.Hours())) + "h"
	}
	return strconv.Itoa(int(d.Hours()/24)) + "d"
}

// Clock writes a duration as hours, minutes and seconds: 00:14:22.
func Clock(d time.Duration) string {
	s := int(max(d, 0).Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Bytes writes a size in binary units: 512 B, 16.2 MiB.
func Bytes(n uint64) string {
	if n < 1024 {
		return strconv.FormatUint(n, 10) + " B"
	}
	v, unit := float64(n), -1
	for v >= 1023.95 && unit < 5 {
		v /= 1024
		unit++
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + "KMGTPE"[unit:unit+1] + "iB"
}
