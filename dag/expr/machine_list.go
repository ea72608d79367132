package expr

import (
	"math"
	"strings"
)

// hasKey is `key in map`.
func hasKey(k, m any) (any, error) {
	_, ok := m.(map[string]any)[k.(string)]
	return ok, nil
}

// inValues is `x in list`.
func inValues(x, list any) (any, error) {
	for _, e := range list.([]any) {
		if e != nil && equalValues(x, e) {
			return true, nil
		}
	}
	return false, nil
}

// inDynamic is `x in` a value of fromJSON, or a list of them.
func inDynamic(x, v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return inValues(x, v)
	case map[string]any:
		if k, ok := x.(string); ok {
			return hasKey(k, v)
		}
	}
	return nil, reject(reasonCast, "in wants a list, not %s", describeDynamic(v))
}

// inRange is `x in from..to`, which makes no list.
func inRange(a []any) (any, error) {
	from, to := a[1].(int64), a[2].(int64)
	switch x := a[0].(type) {
	case int64:
		return from <= x && x <= to, nil
	case float64:
		return x == math.Trunc(x) && float64(from) <= x && x <= float64(to), nil
	}
	return false, nil
}

// setOf gives the test whether a value is among many.
func setOf(values []any) func(any) bool {
	set := make(map[any]bool, len(values))
	for _, v := range values {
		switch v := v.(type) {
		case string, int64, float64, bool:
			set[v] = true
		default:
			return func(x any) bool {
				for _, v := range values {
					if equalValues(x, machineValue(v)) {
						return true
					}
				}
				return false
			}
		}
	}
	return func(x any) bool { return set[x] }
}

// rangeList is a..b.
func rangeList(a, b any) (any, error) {
	from, to := a.(int64), b.(int64)
	if from > to {
		return []any{}, nil
	}
	if uint64(to)-uint64(from) >= maxRange {
		return nil, reject(reasonTooLarge, "%d..%d has more than %d elements", from, to, maxRange)
	}
	list := make([]any, 0, to-from+1)
	for v := from; ; v++ {
		list = append(list, v)
		if v == to {
			return list, nil
		}
	}
}

// textOperator is one of contains, startsWith, endsWith.
func textOperator(name string) func(a, b any) (any, error) {
	test := map[string]func(s, t string) bool{"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix}[name]
	return func(a, b any) (any, error) { return test(a.(string), b.(string)), nil }
}

// describeDynamic names what a value of fromJSON is.
func describeDynamic(v any) string {
	switch v := v.(type) {
	case string:
		return "the text " + quoteShort(v)
	case float64, int64:
		return "the number " + describeValue(v)
	case bool:
		return "a bool"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "null"
}

// dynamicList takes a list out of a value of fromJSON.
func dynamicList(what string) func(v any) (any, error) {
	return func(v any) (any, error) {
		if list, ok := v.([]any); ok {
			return list, nil
		}
		return nil, reject(reasonCast, "%s wants a list, not %s", what, describeDynamic(v))
	}
}
