package spec

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
	"time"
)

var (
	durationPart = regexp.MustCompile(`^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w)`)
	bareNumber   = regexp.MustCompile(`^[-+]?[0-9]*\.?[0-9]+$`)
)

// errNoUnit is the error of a bare number.
var errNoUnit = errors.New("has no unit")

// units in nanoseconds.
var units = map[string]int64{
	"ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9, "d": 24 * 3600e9, "w": 7 * 24 * 3600e9,
}

// ParseDuration reads a duration: numbers with the units ns us ms s m h, and d for 24 hours and w for 7 days, such as
// "1d12h" or "-1.5s". Only 0 needs no unit. The error says what is wrong, without the text itself: "has no unit".
func ParseDuration(s string) (time.Duration, error) {
	rest := strings.TrimSpace(s)
	sign := int64(1)
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	if rest == "0" {
		return 0, nil
	}
	if rest == "" {
		return 0, errors.New("is empty")
	}
	if bareNumber.MatchString(rest) {
		return 0, errNoUnit
	}
	var total int64
	for rest != "" {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("is not a duration at %q", rest)
		}
		n, ok := scale(m[1], units[m[2]])
		if !ok || total > math.MaxInt64-n {
			return 0, errors.New("is longer than 292 years")
		}
		total += n
		rest = rest[len(m[0]):]
	}
	return time.Duration(sign * total), nil
}

// scale multiplies a decimal number by a unit exactly, and cuts what is below 1.
func scale(number string, unit int64) (int64, bool) {
	if len(number) > maxDigits {
		return 0, false
	}
	n, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, false
	}
	n.Mul(n, new(big.Rat).SetInt64(unit))
	whole := new(big.Int).Quo(n.Num(), n.Denom())
	return whole.Int64(), whole.IsInt64()
}

// maxDigits is the longest number in characters; no more of them are ever meant.
const maxDigits = 40
