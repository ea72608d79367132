package pipetest

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"flowrun/dag/batch"
)

// A value of a row is nil, bool, int64, float64, string, []any or object. Moments, durations and bytes are the text that
// a format writes for them, so that equal values have equal text.

// object is a row, a struct or a map, the latter in order of its keys.
type object []member

type member struct {
	name  string
	value any
}

func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// rowOf is the row of b with that index into its record.
func rowOf(b *batch.Batch, row int) object {
	o := make(object, b.Record.NumCols())
	for i, f := range b.Schema().Fields() {
		o[i] = member{f.Name, valueOf(b.Record.Column(i), row)}
	}
	return o
}

func valueOf(arr arrow.Array, i int) any {
	if arr.IsNull(i) {
		return nil
	}
	switch a := arr.(type) {
	case *array.Boolean:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.String:
		return strings.Clone(a.Value(i))
	case *array.Binary:
		return string(batch.AppendRaw(nil, a.Value(i)))
	case *array.Timestamp:
		return string(batch.AppendTimestamp(nil, int64(a.Value(i)), 'T')) + "Z"
	case *array.Date32:
		return string(batch.AppendDate(nil, int64(a.Value(i))))
	case *array.Duration:
		return string(batch.AppendDuration(nil, int64(a.Value(i))))
	case *array.Map:
		from, to := a.ValueOffsets(i)
		o := object{}
		for j := int(from); j < int(to); j++ {
			o = append(o, member{a.Keys().(*array.String).Value(j), valueOf(a.Items(), j)})
		}
		slices.SortFunc(o, func(x, y member) int { return strings.Compare(x.name, y.name) })
		return o
	case *array.List:
		from, to := a.ValueOffsets(i)
		list := make([]any, 0, to-from)
		for j := int(from); j < int(to); j++ {
			list = append(list, valueOf(a.ListValues(), j))
		}
		return list
	case *array.Struct:
		t := a.DataType().(*arrow.StructType)
		o := make(object, a.NumField())
		for j := range o {
			o[j] = member{t.Field(j).Name, valueOf(a.Field(j), i)}
		}
		return o
	}
	return arr.ValueStr(i)
}

// tolerance is how far apart, relative to the larger one, two floats may be that count as equal.
const tolerance = 1e-9

func equal(want, got any) bool {
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && (w == g || math.IsNaN(w) && math.IsNaN(g) || math.Abs(w-g) <= tolerance*max(math.Abs(w), math.Abs(g)) && !math.IsInf(w-g, 0))
	case []any:
		g, ok := got.([]any)
		return ok && slices.EqualFunc(w, g, equal)
	case object:
		g, ok := got.(object)
		return ok && slices.EqualFunc(w, g, func(x, y member) bool { return x.name == y.name && equal(x.value, y.value) })
	}
	return want == got
}

// plainText is text that can stand in a file without quotes.
var plainText = regexp.MustCompile(`^[\pL\pN_./][\pL\pN_./@%+:=#-]*( [\pL\pN_./@%+=-][\pL\pN_./@%+:=#-]*)*$`)

// text writes a value as it can stand in a test.
func text(v any) string {
	switch v := v.(type) {
	case string:
		if plainText.MatchString(v) && !strings.HasSuffix(v, ":") && !strings.Contains(v, ": ") && v != "null" {
			return v
		}
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = text(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case object:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = text(m.name) + ": " + text(m.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case float64:
		return string(batch.AppendFloat(nil, v))
	}
	out, _ := marshal(v)
	return string(out)
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// marshal is JSON without escapes for the sake of HTML; a float that JSON cannot write is its name as text.
func marshal(v any) ([]byte, error) {
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		v = string(batch.AppendFloat(nil, f))
	}
	if list, ok := v.([]any); ok {
		out := []byte{'['}
		for i, e := range list {
			if i > 0 {
				out = append(out, ',')
			}
			value, err := marshal(e)
			if err != nil {
				return nil, err
			}
			out = append(out, value...)
		}
		return append(out, ']'), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
