package expr

import (
	"bytes"
	"cmp"
	"math"
	"strings"
	"time"
)

// equalValues compares two values of one type that are not null. Inside lists, maps and structs a null equals a null. NaN
// equals nothing, as in expr.
func equalValues(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case int64:
		switch y := b.(type) {
		case int64:
			return x == y
		case float64:
			return float64(x) == y
		}
	case float64:
		switch y := b.(type) {
		case int64:
			return x == float64(y)
		case float64:
			return x == y
		}
	case string:
		y, ok := b.(string)
		return ok && x == y
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case micros:
		y, ok := b.(micros)
		return ok && x == y
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !equalValues(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			w, ok := y[k]
			if !ok || !equalValues(v, w) {
				return false
			}
		}
		return true
	}
	return false
}

// compareValues orders two values of one ordered type. unordered: one of them is NaN.
func compareValues(a, b any) (c int, unordered bool) {
	switch x := a.(type) {
	case int64:
		if y, ok := b.(float64); ok {
			return compareFloats(float64(x), y)
		}
		return cmp.Compare(x, b.(int64)), false
	case float64:
		if y, ok := b.(int64); ok {
			return compareFloats(x, float64(y))
		}
		return compareFloats(x, b.(float64))
	case string:
		return strings.Compare(x, b.(string)), false
	case []byte:
		return bytes.Compare(x, b.([]byte)), false
	case time.Time:
		return x.Compare(b.(time.Time)), false
	case micros:
		return cmp.Compare(x, b.(micros)), false
	case bool:
		y := b.(bool)
		switch {
		case x == y:
			return 0, false
		case y:
			return -1, false
		}
		return 1, false
	}
	panic(mismatch("<", a, b))
}

func compareFloats(x, y float64) (int, bool) {
	return cmp.Compare(x, y), math.IsNaN(x) || math.IsNaN(y)
}

// comparison gives the function of one of < <= > >=. NaN compares false.
func comparison(rel relation) func(a, b any) (any, error) {
	return func(a, b any) (any, error) {
		c, unordered := compareValues(a, b)
		return !unordered && rel.holds(c), nil
	}
}

func equals(a, b any) (any, error)  { return equalValues(a, b), nil }
func differs(a, b any) (any, error) { return !equalValues(a, b), nil }
