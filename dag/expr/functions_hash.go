package expr

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zeebo/xxh3"

	"flowrun/dag/schema"
)

// hashOf types hash(x): XXH3 over the value's canonical bytes.
func hashOf(c *checker, s *site) *Typed {
	s.args[0] = c.plain(s.args[0])
	t := s.args[0].Type
	if t == zoneType || t == dynamicType {
		c.badArgument(s, 0, "a value of a known type")
		return s.unknown(c)
	}
	date := t.ID() == arrow.DATE32
	return s.call(c, schema.Int, strictly1(func(a any) (any, error) {
		if date {
			a = int64(dateOf(a.(time.Time)))
		}
		return hashValue(a), nil
	}))
}

// hashValue is the hash of a value that is not null. A text and bytes are hashed as they are; bool as one byte; int, float (its
// bits, with one zero and one NaN), timestamp, duration (microseconds) and date (days) as 8 bytes, low byte first; lists,
// maps and structs as their lengths and tagged elements, keys in alphabetical order.
func hashValue(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(xxh3.HashString(v))
	case []byte:
		return int64(xxh3.Hash(v))
	}
	return int64(xxh3.Hash(appendCanonical(nil, v)))
}

func appendCanonical(b []byte, v any) []byte {
	u64 := func(u uint64) []byte { return binary.LittleEndian.AppendUint64(b, u) }
	switch v := v.(type) {
	case bool:
		if v {
			return append(b, 1)
		}
		return append(b, 0)
	case int64:
		return u64(uint64(v))
	case float64:
		return u64(math.Float64bits(oneNaN(v)))
	case time.Time:
		return u64(uint64(v.UnixMicro()))
	case micros:
		return u64(uint64(v))
	case string:
		return append(binary.LittleEndian.AppendUint64(b, uint64(len(v))), v...)
	case []byte:
		return append(binary.LittleEndian.AppendUint64(b, uint64(len(v))), v...)
	case []any:
		b = u64(uint64(len(v)))
		for _, e := range v {
			b = appendTagged(b, e)
		}
		return b
	case map[string]any:
		b = u64(uint64(len(v)))
		for _, k := range sortedKeys(v) {
			b = appendTagged(appendCanonical(b, k), v[k])
		}
		return b
	}
	return b
}

// appendTagged tells a null from a value.
func appendTagged(b []byte, v any) []byte {
	if v == nil {
		return append(b, 0)
	}
	return appendCanonical(append(b, 1), v)
}

// oneNaN makes all NaNs one, and both zeros.
func oneNaN(f float64) float64 {
	switch {
	case math.IsNaN(f):
		return math.NaN()
	case f == 0:
		return 0
	}
	return f
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
