package expr

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"flowrun/dag/schema"
)

func convertFunctions() []*function {
	b, i, f, s := schema.Bool, schema.Int, schema.Float, schema.String
	return []*function{
		{name: "int", signature: "int(x)", doc: "A float without its fraction, a text in decimal, a duration in nanoseconds. What is no 64-bit integer rejects the row.",
			overloads: []overload{
				fn1(i, i, same),
				fn1(f, i, func(a any) (any, error) { return intOfFloat(a.(float64)) }),
				fn1(s, i, func(a any) (any, error) { return intOfText(a.(string)) }),
				fn1(schema.Duration, i, func(a any) (any, error) { return multiply(int64(a.(micros)), int64(1000)) }),
				fn1(dynamicType, i, func(a any) (any, error) {
					switch a := a.(type) {
					case float64:
						return intOfFloat(a)
					case string:
						return intOfText(a)
					case int64:
						return a, nil
					}
					return nil, notConvertible("int", a)
				}),
			}},
		{name: "float", signature: "float(x)", doc: "An int or a text as a float. What is no number rejects the row.",
			overloads: []overload{
				fn1(f, f, same),
				fn1(i, f, func(a any) (any, error) { return float64(a.(int64)), nil }),
				fn1(s, f, func(a any) (any, error) { return floatOfText(a.(string)) }),
				fn1(dynamicType, f, func(a any) (any, error) {
					switch a := a.(type) {
					case float64:
						return a, nil
					case int64:
						return float64(a), nil
					case string:
						return floatOfText(a)
					}
					return nil, notConvertible("float", a)
				}),
			}},
		{name: "bool", signature: "bool(x)", doc: `A text ("true", "false", "1", "0", "t", "f") as a bool. Any other rejects the row.`,
			overloads: []overload{
				fn1(b, b, same),
				fn1(s, b, func(a any) (any, error) { return boolOfText(a.(string)) }),
				fn1(dynamicType, b, func(a any) (any, error) {
					switch a := a.(type) {
					case bool:
						return a, nil
					case string:
						return boolOfText(a)
					}
					return nil, notConvertible("bool", a)
				}),
			}},
		{name: "string", signature: "string(x)", doc: "Any value as text: a timestamp in RFC 3339, a date as 2006-01-02, bytes as the UTF-8 that they are.",
			special: typedText, least: 1, most: 1},
		{name: "type", signature: "type(x)", doc: `The name of the value's type: "int", "float", "string", "bool", "bytes", "timestamp", "date", "duration", "array", "map".`,
			special: typeName, least: 1, most: 1},
		{name: "toJSON", signature: "toJSON(x)", doc: "Any value as JSON text with an indentation of two blanks, the keys in alphabetical order.",
			special: toJSON, least: 1, most: 1},
		{name: "fromJSON", signature: "fromJSON(text)", doc: "The value that JSON text stands for. Its type is not known: cast what you take out of it, as in int(fromJSON(s).a).",
			overloads: []overload{{params: params(s), result: dynamicType, nullable: true, call: fromJSON}}},
		{name: "hash", signature: "hash(x)", doc: "A number that depends on nothing but the value: equal values have equal hashes, on every machine and in every run.",
			special: hashOf, least: 1, most: 1},
	}
}

func same(a any) (any, error) { return a, nil }

// intOfText reads a decimal integer, as expr does: an optional sign and digits, nothing else.
func intOfText(s string) (any, error) {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return nil, notConvertible("int", s)
	}
	return v, nil
}

// intOfFloat cuts the fraction off.
func intOfFloat(f float64) (any, error) {
	if !(f >= -(1<<63) && f < 1<<63) {
		return nil, notConvertible("int", f)
	}
	return int64(f), nil
}

func floatOfText(s string) (any, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, notConvertible("float", s)
	}
	return v, nil
}

func boolOfText(s string) (any, error) {
	v, err := strconv.ParseBool(s)
	if err != nil {
		return nil, notConvertible("bool", s)
	}
	return v, nil
}

// notConvertible rejects a cast.
func notConvertible(to string, v any) error {
	shown := describeValue(v)
	if s, ok := v.(string); ok {
		shown = quoteShort(s)
	}
	return &rejection{reason: reasonCast, detail: to + "(" + shown + ")"}
}

func describeValue(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprint(v)
}

func fromJSON(args []any) (any, error) {
	var v any
	if err := json.Unmarshal([]byte(args[0].(string)), &v); err != nil {
		return nil, reject(reasonJSON, "fromJSON(%s): %s", quoteShort(args[0].(string)), err)
	}
	return v, nil
}

func typedText(c *checker, s *site) *Typed {
	s.args[0] = c.plain(s.args[0])
	t := s.args[0].Type
	if t == zoneType {
		c.badArgument(s, 0, "a value")
		return s.unknown(c)
	}
	return s.call(c, schema.String, strictly1(textOf(t)))
}

// textOf gives the function that makes text of a value of a type. Numbers, truths, lists and maps look as in expr.
func textOf(t arrow.DataType) func(a any) (any, error) {
	switch t.ID() {
	case arrow.STRING:
		return same
	case arrow.BINARY:
		return func(a any) (any, error) { return textOfBytes(a.([]byte)) }
	}
	render := plainValue(t)
	return func(a any) (any, error) { return fmt.Sprint(render(a)), nil }
}

// plainValue gives the function that makes a value of a type what fmt and encoding/json show as a user expects: times in
// RFC 3339, dates without a time of day, durations in Go's form.
func plainValue(t arrow.DataType) func(any) any {
	identity := func(v any) any { return v }
	switch t := t.(type) {
	case *arrow.TimestampType:
		return func(v any) any { return v.(time.Time).UTC().Format(time.RFC3339Nano) }
	case *arrow.Date32Type:
		return func(v any) any { return v.(time.Time).UTC().Format(time.DateOnly) }
	case *arrow.DurationType:
		return func(v any) any { return v.(micros).String() }
	case *arrow.BinaryType:
		return func(v any) any { return string(v.([]byte)) }
	case *arrow.ListType:
		inner := plainValue(t.Elem())
		return func(v any) any {
			list := v.([]any)
			out := make([]any, len(list))
			for i, e := range list {
				if e != nil {
					out[i] = inner(e)
				}
			}
			return out
		}
	case *arrow.MapType:
		inner := plainValue(t.ItemType())
		return func(v any) any {
			out := map[string]any{}
			for k, e := range v.(map[string]any) {
				out[k] = nil
				if e != nil {
					out[k] = inner(e)
				}
			}
			return out
		}
	case *arrow.StructType:
		fields := map[string]func(any) any{}
		for _, f := range t.Fields() {
			fields[f.Name] = plainValue(f.Type)
		}
		return func(v any) any {
			out := map[string]any{}
			for k, e := range v.(map[string]any) {
				out[k] = nil
				if e != nil && fields[k] != nil {
					out[k] = fields[k](e)
				}
			}
			return out
		}
	}
	return identity
}

func toJSON(c *checker, s *site) *Typed {
	s.args[0] = c.plain(s.args[0])
	if s.args[0].Type == zoneType {
		c.badArgument(s, 0, "a value")
		return s.unknown(c)
	}
	render := plainValue(s.args[0].Type)
	return s.call(c, schema.String, strictly1(func(a any) (any, error) {
		b, err := json.MarshalIndent(render(a), "", "  ")
		if err != nil {
			return nil, reject(reasonJSON, "toJSON: %s", err)
		}
		return string(b), nil
	}))
}

// typeWordOf is what type(x) gives of values of a type.
func typeWordOf(t arrow.DataType) string {
	switch t.ID() {
	case arrow.LIST:
		return "array"
	case arrow.MAP, arrow.STRUCT:
		return "map"
	}
	return schema.Name(t)
}

// typeName gives what is known before the run as a text that only a null takes away; fromJSON's values tell at run time.
func typeName(c *checker, s *site) *Typed {
	s.args[0] = c.plain(s.args[0])
	t := s.args[0].Type
	name := typeWordOf(t)
	return s.call(c, schema.String, strictly1(func(a any) (any, error) {
		if t != dynamicType {
			return name, nil
		}
		switch a.(type) {
		case bool:
			return "bool", nil
		case float64:
			return "float", nil
		case string:
			return "string", nil
		case []any:
			return "array", nil
		}
		return "map", nil
	}))
}
