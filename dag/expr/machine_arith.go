package expr

import (
	"math"
	"time"
)

// Arithmetic on two values that are not null, after the checker has converted operands. Times and durations are counted in
// microseconds and reject beyond 64 bits.

func add(a, b any) (any, error) {
	switch x := a.(type) {
	case int64:
		y := b.(int64)
		if addsOver(x, y) {
			return nil, overflow(x, "+", y)
		}
		return x + y, nil
	case float64:
		return x + b.(float64), nil
	case string:
		y := b.(string)
		if len(x)+len(y) > maxText {
			return nil, tooLarge("+")
		}
		return x + y, nil
	case time.Time:
		return moveTime(x, b.(micros))
	case micros:
		if t, ok := b.(time.Time); ok {
			return moveTime(t, x)
		}
		return fitDuration(addDurations(int64(x), int64(b.(micros))))
	}
	return nil, mismatch("+", a, b)
}

func subtract(a, b any) (any, error) {
	switch x := a.(type) {
	case int64:
		y := b.(int64)
		if subsOver(x, y) {
			return nil, overflow(x, "-", y)
		}
		return x - y, nil
	case float64:
		return x - b.(float64), nil
	case time.Time:
		if d, ok := b.(micros); ok {
			us, err := subDurations(x.UnixMicro(), int64(d))
			if err != nil {
				return nil, err
			}
			return time.UnixMicro(us).UTC(), nil
		}
		return fitDuration(subDurations(x.UnixMicro(), b.(time.Time).UnixMicro()))
	case micros:
		return fitDuration(subDurations(int64(x), int64(b.(micros))))
	}
	return nil, mismatch("-", a, b)
}

func multiply(a, b any) (any, error) {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			if mulsOver(x, y) {
				return nil, overflow(x, "*", y)
			}
			return x * y, nil
		case micros:
			return fitDuration(scaleDuration(int64(y), x))
		}
	case float64:
		switch y := b.(type) {
		case float64:
			return x * y, nil
		case micros:
			return fitDuration(durationOf(float64(y) * x))
		}
	case micros:
		switch y := b.(type) {
		case int64:
			return fitDuration(scaleDuration(int64(x), y))
		case float64:
			return fitDuration(durationOf(float64(x) * y))
		}
	}
	return nil, mismatch("*", a, b)
}

func divide(a, b any) (any, error) {
	switch x := a.(type) {
	case float64:
		return x / b.(float64), nil
	case micros:
		switch y := b.(type) {
		case int64:
			return fitDuration(divideDuration(int64(x), y))
		case float64:
			return fitDuration(durationOf(float64(x) / y))
		case micros:
			return float64(x) / float64(y), nil
		}
	}
	return nil, mismatch("/", a, b)
}

func modulo(a, b any) (any, error) {
	x, y := a.(int64), b.(int64)
	switch y {
	case 0:
		return nil, moduloByZero(x)
	case -1: // the smallest integer has no positive, but a remainder
		return int64(0), nil
	}
	return x % y, nil
}

func power(a, b any) (any, error) { return math.Pow(a.(float64), b.(float64)), nil }

func negate(a any) (any, error) {
	switch x := a.(type) {
	case int64:
		if x == math.MinInt64 {
			return nil, negOverflow()
		}
		return -x, nil
	case float64:
		return -x, nil
	case micros:
		return fitDuration(subDurations(0, int64(x)))
	}
	return nil, mismatch("-", a, nil)
}

func fitDuration(us int64, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return micros(us), nil
}

func moveTime(t time.Time, d micros) (any, error) {
	us, err := addDurations(t.UnixMicro(), int64(d))
	if err != nil {
		return nil, err
	}
	return time.UnixMicro(us).UTC(), nil
}

// addDurations adds microseconds, of durations or of a timestamp and a duration.
func addDurations(x, y int64) (int64, error) {
	if addsOver(x, y) {
		return 0, timeRange("+")
	}
	return x + y, nil
}

// subDurations subtracts microseconds, of durations or of timestamps.
func subDurations(x, y int64) (int64, error) {
	if subsOver(x, y) {
		return 0, timeRange("-")
	}
	return x - y, nil
}

// scaleDuration multiplies microseconds.
func scaleDuration(us, n int64) (int64, error) {
	if mulsOver(us, n) {
		return 0, timeRange("*")
	}
	return us * n, nil
}

// divideDuration divides microseconds, towards zero.
func divideDuration(us, n int64) (int64, error) {
	if n == 0 || n == -1 && us == math.MinInt64 {
		return 0, timeRange("/")
	}
	return us / n, nil
}

// durationOf cuts computed microseconds to whole ones, towards zero.
func durationOf(us float64) (int64, error) {
	if !(us >= -(1<<63) && us < 1<<63) {
		return 0, timeRange("duration")
	}
	return int64(us), nil
}

func timeRange(op string) error {
	return reject(reasonTimeRange, "the result of %s does not fit into 64 bits of microseconds", op)
}

// mismatch is what the checker should have seen.
func mismatch(op string, a, b any) error {
	return reject(reasonMachine, "%T %s %T", a, op, b)
}
