package expr

import (
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// micros is a duration of the machine, in microseconds. [time.Duration] cannot hold all of them.
type micros int64

// microsOf cuts d to microseconds, towards zero.
func microsOf(d time.Duration) micros { return micros(d / time.Microsecond) }

// duration gives the duration for functions of Go. It rejects one beyond 292 years.
func (m micros) duration() (time.Duration, error) {
	const limit = math.MaxInt64 / int64(time.Microsecond)
	if int64(m) > limit || int64(m) < -limit {
		return 0, reject(reasonTimeRange, "a duration of %d hours", int64(m)/int64(time.Hour/time.Microsecond))
	}
	return time.Duration(m) * time.Microsecond, nil
}

func (m micros) String() string {
	d, err := m.duration()
	if err != nil {
		return fmt.Sprintf("%dh", int64(m)/int64(time.Hour/time.Microsecond))
	}
	return d.String()
}

const secondsPerDay = 24 * 60 * 60

// readValue takes element i out of an array as a value of the machine. A string shares the array's memory.
func readValue(a arrow.Array, i int) (any, error) {
	if a.IsNull(i) {
		return nil, nil
	}
	switch a := a.(type) {
	case *array.Boolean:
		return a.Value(i), nil
	case *array.Int64:
		return a.Value(i), nil
	case *array.Float64:
		return a.Value(i), nil
	case *array.String:
		return a.Value(i), nil
	case *array.Binary:
		return a.Value(i), nil
	case *array.Timestamp:
		return time.UnixMicro(int64(a.Value(i))).UTC(), nil
	case *array.Date32:
		return time.Unix(int64(a.Value(i))*secondsPerDay, 0).UTC(), nil
	case *array.Duration:
		return micros(a.Value(i)), nil
	case *array.Map: // before List, which it embeds
		return readMap(a, i)
	case *array.List:
		from, to := a.ValueOffsets(i)
		list := make([]any, to-from)
		for j := range list {
			v, err := readValue(a.ListValues(), int(from)+j)
			if err != nil {
				return nil, err
			}
			list[j] = v
		}
		return list, nil
	case *array.Struct:
		t := a.DataType().(*arrow.StructType)
		m := make(map[string]any, t.NumFields())
		for j, f := range t.Fields() {
			v, err := readValue(a.Field(j), i)
			if err != nil {
				return nil, err
			}
			m[f.Name] = v
		}
		return m, nil
	case *array.Null:
		return nil, nil
	}
	return nil, fmt.Errorf("a column of type %s cannot be read row by row", a.DataType())
}

func readMap(a *array.Map, i int) (any, error) {
	keys, ok := a.Keys().(*array.String)
	if !ok {
		return nil, fmt.Errorf("a map with keys of type %s cannot be read row by row", a.Keys().DataType())
	}
	from, to := a.ValueOffsets(i)
	m := make(map[string]any, to-from)
	for j := int(from); j < int(to); j++ {
		v, err := readValue(a.Items(), j)
		if err != nil {
			return nil, err
		}
		m[keys.Value(j)] = v
	}
	return m, nil
}

// appendValue puts a value of the machine into a builder of its type. Map keys go in alphabetical order, so that equal
// maps make equal columns. A value that does not fit the type is an error: the checker let something through.
func appendValue(b array.Builder, v any) error {
	if v == nil {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		if v, ok := v.(bool); ok {
			b.Append(v)
			return nil
		}
	case *array.Int64Builder:
		if v, ok := v.(int64); ok {
			b.Append(v)
			return nil
		}
	case *array.Float64Builder:
		switch v := v.(type) {
		case float64:
			b.Append(v)
			return nil
		case int64:
			b.Append(float64(v))
			return nil
		}
	case *array.StringBuilder:
		if v, ok := v.(string); ok {
			b.Append(v)
			return nil
		}
	case *array.BinaryBuilder:
		if v, ok := v.([]byte); ok {
			b.Append(v)
			return nil
		}
	case *array.TimestampBuilder:
		if v, ok := v.(time.Time); ok {
			b.Append(arrow.Timestamp(v.UnixMicro()))
			return nil
		}
	case *array.Date32Builder:
		if v, ok := v.(time.Time); ok {
			b.Append(dateOf(v))
			return nil
		}
	case *array.DurationBuilder:
		switch v := v.(type) {
		case micros:
			b.Append(arrow.Duration(v))
			return nil
		case time.Duration:
			b.Append(arrow.Duration(microsOf(v)))
			return nil
		}
	case *array.MapBuilder: // before ListBuilder's shape, which it has
		if v, ok := v.(map[string]any); ok {
			return appendMap(b, v)
		}
	case *array.ListBuilder:
		if v, ok := v.([]any); ok {
			b.Append(true)
			for _, e := range v {
				if err := appendValue(b.ValueBuilder(), e); err != nil {
					return err
				}
			}
			return nil
		}
	case *array.StructBuilder:
		if v, ok := v.(map[string]any); ok {
			b.Append(true)
			for i, f := range b.Type().(*arrow.StructType).Fields() {
				if err := appendValue(b.FieldBuilder(i), v[f.Name]); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return fmt.Errorf("a %T does not fit a column of type %s", v, b.Type())
}

func appendMap(b *array.MapBuilder, m map[string]any) error {
	b.Append(true)
	keys := b.KeyBuilder().(*array.StringBuilder)
	for _, k := range sortedKeys(m) {
		keys.Append(k)
		if err := appendValue(b.ItemBuilder(), m[k]); err != nil {
			return err
		}
	}
	return nil
}

// dateOf is the day in UTC on which t lies.
func dateOf(t time.Time) arrow.Date32 {
	s := t.Unix()
	d := s / secondsPerDay
	if s%secondsPerDay < 0 {
		d--
	}
	return arrow.Date32(d)
}
