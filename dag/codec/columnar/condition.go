package columnar

import (
	"cmp"
	"math"
)

// Condition compares a column with a value. Value is a bool, int64, float64 or string, as the column holds its values (see
// package schema), or, beside an int column, a float64; nil beside == and != asks for null itself.
type Condition struct {
	Column int    // of the fitted schema
	Op     string // == != < <= > >=
	Value  any
}

// bounds is what is known of the values of a column in a group of rows.
type bounds struct {
	rows     int64
	nulls    int64 // -1: not known
	min, max any   // nil: not known
}

// possible reports whether a condition can be true for a row of a column with the given bounds.
func (c Condition) possible(b bounds) bool {
	allNull := b.nulls == b.rows
	if c.Value == nil {
		if c.Op == "==" {
			return b.nulls != 0
		}
		return !allNull
	}
	if allNull {
		return false
	}
	low, ok := compare(b.min, c.Value)
	if !ok {
		return true
	}
	high, ok := compare(b.max, c.Value)
	if !ok {
		return true
	}
	switch c.Op {
	case "==":
		return low <= 0 && high >= 0
	case "!=":
		_, float := b.min.(float64) // one that is not a number is not within the bounds, and differs from every other
		return float || low != 0 || high != 0
	case "<":
		return low < 0
	case "<=":
		return low <= 0
	case ">":
		return high > 0
	case ">=":
		return high >= 0
	}
	return true
}

// compare orders two values of one type; ok is false where they have no order.
func compare(a, b any) (order int, ok bool) {
	switch a := a.(type) {
	case int64:
		switch b := b.(type) {
		case int64:
			return cmp.Compare(a, b), true
		case float64:
			return cmp.Compare(float64(a), b), !math.IsNaN(b)
		}
	case float64:
		b, ok := b.(float64)
		return cmp.Compare(a, b), ok && !math.IsNaN(a) && !math.IsNaN(b)
	case string:
		b, ok := b.(string)
		return cmp.Compare(a, b), ok
	case bool:
		b, ok := b.(bool)
		return cmp.Compare(number(a), number(b)), ok
	}
	return 0, false
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// of converts the bounds of a file's column to those of a fitted one.
func (c *fitted) of(b bounds) bounds {
	low, high := b.min, b.max
	b.min, b.max = nil, nil
	if c.conv.scalar == nil || low == nil || high == nil {
		return b
	}
	if low, ok := c.conv.scalar(low); ok {
		if high, ok := c.conv.scalar(high); ok {
			b.min, b.max = low, high
		}
	}
	return b
}

// sound reports whether the bounds (of the fitted column) prove that there is no fault in it.
func (c *fitted) sound(b bounds) bool {
	if b.rows == 0 {
		return true
	}
	if c.never && b.nulls != 0 {
		return false
	}
	return !c.conv.mayFail || b.nulls == b.rows || c.conv.bounded && b.min != nil
}
